// SPDX-License-Identifier: Apache-2.0
// The striped lazy index: a model of random histories, rollbacks, restarts and crashes.
// ctest: quick=no timeout=180 cost=30
#include "base/digest.h"
#include "store/lazy.h"
#include "store_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { VALUES = 60, ENTRIES_MAX = 20000, STEPS = 12000, SAVED = 3 };

// The plain array: which run is filed under which of a few values, and the state to go back to.
typedef struct model_entry {
  int value;
  int64_t run;
} model_entry;

typedef struct model {
  model_entry entries[ENTRIES_MAX];
  int count;
} model;

typedef struct game {
  store_fixture *f;
  model now, committed, saved;
  bool in_savepoint;
  uint64_t random;
} game;

static unsigned roll(game *g, unsigned below) {
  g->random = md_hash64(g->random, "roll", 4);
  return (unsigned)(g->random % below);
}

static const char *value_text(int value, char text[static 16]) {
  snprintf(text, 16, "o%d", value);
  return text;
}

static uint64_t hash_of(int value) {
  char text[16];
  return md_index_hash(MD_INDEX_RUN_KEY, "order", value_text(value, text));
}

static int64_t model_next(const model *m, int value, int64_t after) {
  int64_t best = 0;
  for (int i = 0; i < m->count; i++)
    if (m->entries[i].value == value && m->entries[i].run > after && (!best || m->entries[i].run < best))
      best = m->entries[i].run;
  return best;
}

static int64_t model_last(const model *m, int value, int64_t before) {
  int64_t best = 0;
  for (int i = 0; i < m->count; i++)
    if (m->entries[i].value == value && m->entries[i].run < before && m->entries[i].run > best)
      best = m->entries[i].run;
  return best;
}

static void add(game *g) {
  char text[16];
  int value = (int)roll(g, VALUES);
  if (g->now.count == ENTRIES_MAX) return;
  int64_t run = make_run(g->f->store, "m", 0, "order", value_text(value, text), 0);
  g->now.entries[g->now.count++] = (model_entry){value, run};
}

// Ends a run and takes it out of the index: what a crash may lose comes back as a run that verification finds ended.
static void drop(game *g) {
  store_fixture *f = g->f;
  md_run run;
  if (!g->now.count) return;
  int i = (int)roll(g, (unsigned)g->now.count);
  model_entry entry = g->now.entries[i];
  g->now.entries[i] = g->now.entries[--g->now.count];
  store_fixture_expect(f, 0, md_runs_get(f->store, entry.run, f->arena, &run, &f->err));
  run.state = MD_RUN_DONE;
  store_fixture_expect(f, 0, md_runs_update(f->store, &run, &f->err));
  store_fixture_expect(f, 0, md_index_drop(f->store, hash_of(entry.value), entry.run, &f->err));
}

static void check(game *g) {
  store_fixture *f = g->f;
  int value = (int)roll(g, VALUES);
  int64_t bound = g->now.count ? g->now.entries[roll(g, (unsigned)g->now.count)].run : 0, row = -1;
  if (roll(g, 3) == 0) bound = 0;
  store_fixture_expect(f, 0, md_index_next(f->store, hash_of(value), bound, &row, &f->err));
  assert_int_equal(row, model_next(&g->now, value, bound));
  if (roll(g, 3) == 0) bound = INT64_MAX;
  store_fixture_expect(f, 0, md_index_last(f->store, hash_of(value), bound, &row, &f->err));
  assert_int_equal(row, model_last(&g->now, value, bound));
}

static void begin_turn(game *g) {
  if (g->in_savepoint) return;
  store_fixture_expect(g->f, 0, md_store_savepoint(g->f->store, &g->f->err));
  g->saved = g->now;
  g->in_savepoint = true;
}

static void end_turn(game *g) {
  if (!g->in_savepoint) return;
  bool keep = roll(g, 2);
  int code = keep ? md_store_release(g->f->store, &g->f->err) : md_store_rollback_to(g->f->store, &g->f->err);
  store_fixture_expect(g->f, 0, code);
  if (!keep) g->now = g->saved;
  g->in_savepoint = false;
}

static void end_batch(game *g) {
  end_turn(g);
  if (roll(g, 4)) {
    store_fixture_commit(g->f);
    g->committed = g->now;
  } else {
    md_store_rollback(g->f->store);
    g->now = g->committed;
  }
  md_arena_reset(g->f->arena);
}

// A run that has ended is found by the index after its drop was lost: next_live leaves it out and drops it again.
static void drop_what_came_back(game *g) {
  store_fixture *f = g->f;
  char text[16];
  md_run run;
  for (int value = 0; value < VALUES; value++) {
    md_key key = {"order", value_text(value, text)};
    int64_t after = 0;
    while (md_runs_next_live(f->store, key, after, INT64_MAX, f->arena, &run, &f->err) == 0) {
      assert_int_equal(run.id, model_next(&g->now, value, after));
      after = run.id;
    }
    assert_int_equal(model_next(&g->now, value, after), 0);
  }
}

static void restart(game *g) {
  if (roll(g, 2)) {
    store_fixture_crash(g->f);
  } else {
    store_fixture_close(g->f);
    store_fixture_open(g->f);
  }
  drop_what_came_back(g);
}

static void play(game *g) {
  store_fixture_begin(g->f);
  for (int step = 0; step < STEPS; step++) {
    unsigned what = roll(g, 1000);
    if (what < 500)
      add(g);
    else if (what < 700)
      drop(g);
    else if (what < 900)
      check(g);
    else if (what < 930)
      begin_turn(g);
    else if (what < 960)
      end_turn(g);
    else {
      end_batch(g);
      if (roll(g, 50) == 0) restart(g);
      store_fixture_begin(g->f);
    }
  }
  end_batch(g);
}

static void test_random_histories_match_a_plain_array(void **state) {
  game *g = calloc(1, sizeof *g);
  g->f = *state;
  for (uint64_t seed = 1; seed <= SAVED; seed++) {
    g->random = seed;
    play(g);
  }
  free(g);
}

static void batch(store_fixture *f, int first, int count) {
  store_fixture_begin(f);
  for (int i = first; i < first + count; i++) {
    char id[16];
    snprintf(id, sizeof id, "e%d", i);
    int64_t person = make_person(f->store, "subject", id);
    make_event(f->store, id, "t", person, "order", id);
    make_thing(f->store, "order", id, "person", id);
    make_run(f->store, "m", person, "order", id, 0);
  }
  store_fixture_commit(f);
}

static void look_up_all(store_fixture *f, md_store *store, int count) {
  uint8_t digest[MD_EVENT_DIGEST_SIZE];
  md_thing thing;
  md_run run;
  md_event event;
  int64_t row;
  for (int i = 0; i < count; i++) {
    char id[16];
    snprintf(id, sizeof id, "e%d", i);
    md_key key = {"order", id};
    store_fixture_expect(f, 0, md_events_find_id(store, "shop", id, &row, digest, &f->err));
    assert_int_equal(row, i + 1);
    store_fixture_expect(f, 0, md_people_find(store, "subject", id, &row, &f->err));
    assert_int_equal(row, i + 1);
    store_fixture_expect(f, 0, md_things_get(store, "order", id, f->arena, &thing, &f->err));
    store_fixture_expect(f, 0, md_runs_next_live(store, key, 0, INT64_MAX, f->arena, &run, &f->err));
    assert_int_equal(run.id, i + 1);
    store_fixture_expect(f, 0, md_events_next_about(store, key, 0, f->arena, &event, &f->err));
    assert_int_equal(event.seq, i + 1);
    md_arena_reset(f->arena);
  }
  store_fixture_expect(f, MD_ENOTFOUND, md_people_find(store, "subject", "nobody", &row, &f->err));
}

static void test_all_is_found_after_a_restart_and_a_crash(void **state) {
  store_fixture *f = *state;
  enum { BATCHES = 600, SIZE = 10 };
  for (int i = 0; i < BATCHES; i++)
    batch(f, i * SIZE, SIZE);
  look_up_all(f, f->store, BATCHES * SIZE);
  assert_true(f->store->index->adds.count > 0);
  assert_true(md_store_count(f->store, "lazy_index", &f->err) > 0);
  store_fixture_crash(f);
  look_up_all(f, f->store, BATCHES * SIZE);
  md_store *reader = store_fixture_reader(f);
  look_up_all(f, reader, BATCHES * SIZE);
  for (int i = BATCHES; i < 2 * BATCHES; i++)
    batch(f, i * SIZE, SIZE);
  look_up_all(f, reader, 2 * BATCHES * SIZE);
  md_store_close(reader);
  store_fixture_close(f);
  store_fixture_open(f);
  look_up_all(f, f->store, 2 * BATCHES * SIZE);
}

static void test_a_late_identity_survives_a_crash(void **state) {
  store_fixture *f = *state;
  int64_t row = 0;
  batch(f, 0, 1);
  for (int i = 0; i < 1100; i++)
    batch(f, 1 + i, 1);
  store_fixture_begin(f);
  md_identity late[] = {{"data.email", "old@b.dk", true}, {"data.email", "new@b.dk", true}};
  store_fixture_expect(f, 0, md_people_add_identity(f->store, 1, late[0], &f->err));
  store_fixture_expect(f, 0, md_people_add_identity(f->store, 1101, late[1], &f->err));
  store_fixture_commit(f);
  store_fixture_crash(f);
  store_fixture_expect(f, 0, md_people_find(f->store, "data.email", "old@b.dk", &row, &f->err));
  assert_int_equal(row, 1);
  store_fixture_expect(f, 0, md_people_find(f->store, "data.email", "new@b.dk", &row, &f->err));
  assert_int_equal(row, 1101);
}

static void test_a_late_identity_is_rolled_back(void **state) {
  store_fixture *f = *state;
  int64_t row = 0;
  for (int i = 0; i < 1100; i++)
    batch(f, i, 1);
  store_fixture_begin(f);
  md_identity late = {"data.email", "old@b.dk", true};
  store_fixture_expect(f, 0, md_people_add_identity(f->store, 1, late, &f->err));
  md_store_rollback(f->store);
  store_fixture_expect(f, MD_ENOTFOUND, md_people_find(f->store, "data.email", "old@b.dk", &row, &f->err));
}

static int refuse(void *context) {
  (void)context;
  return 1;
}

// The next commit sorts the rest of this stripe, which is all of it.
static void let_sort(md_store *store, unsigned stripe) {
  md_index_pass *pass = &store->index->pass;
  *pass = (md_index_pass){.running = true, .stripe = stripe, .share = 1023};
  memcpy(pass->last, store->last, sizeof pass->last);
}

static void test_a_failed_commit_gives_back_what_it_dropped(void **state) {
  store_fixture *f = *state;
  md_index *index = f->store->index;
  int64_t row = 0;
  for (int i = 0; i < 1100; i++)
    batch(f, i, 1);
  uint64_t hash = md_index_hash(MD_INDEX_RUN_KEY, "order", "e0");
  unsigned stripe = md_stripe_of(hash);
  md_filter_deinit(&index->filters[stripe]);
  let_sort(f->store, stripe);
  sqlite3_commit_hook(f->store->db, refuse, NULL);
  store_fixture_begin(f);
  store_fixture_expect(f, 0, md_index_drop(f->store, hash, 1, &f->err));
  assert_int_not_equal(md_store_commit(f->store, &f->err), 0);
  sqlite3_commit_hook(f->store->db, NULL, NULL);
  store_fixture_expect(f, 0, md_index_next(f->store, hash, 0, &row, &f->err));
  assert_int_equal(row, 1);
  let_sort(f->store, stripe);
  store_fixture_begin(f);
  store_fixture_expect(f, 0, md_index_drop(f->store, hash, 1, &f->err));
  store_fixture_commit(f);
  store_fixture_expect(f, 0, md_index_next(f->store, hash, 0, &row, &f->err));
  assert_int_equal(row, 0);
}

static void test_a_dropped_pair_can_be_added_again(void **state) {
  store_fixture *f = *state;
  int64_t row = 0;
  uint64_t hash = md_index_hash(MD_INDEX_RUN_KEY, "order", "x");
  store_fixture_begin(f);
  make_run(f->store, "m", 0, NULL, NULL, 0);
  for (int i = 0; i < 2; i++) {
    store_fixture_expect(f, 0, md_index_add(f->store, hash, 1, &f->err));
    store_fixture_expect(f, 0, md_index_next(f->store, hash, 0, &row, &f->err));
    assert_int_equal(row, 1);
    store_fixture_expect(f, 0, md_index_drop(f->store, hash, 1, &f->err));
    store_fixture_expect(f, 0, md_index_next(f->store, hash, 0, &row, &f->err));
    assert_int_equal(row, 0);
  }
  store_fixture_commit(f);
}

// One key of very many rows is sorted out of turn, and small batches leave only a bounded tail in memory.
static void test_the_tail_in_memory_is_bounded(void **state) {
  store_fixture *f = *state;
  for (int i = 0; i < 3; i++) {
    store_fixture_begin(f);
    for (int k = 0; k < 4000; k++)
      make_event(f->store, "same", "t", 0, "order", "hot");
    store_fixture_commit(f);
  }
  assert_true(f->store->index->adds.count < 2 * 8192);
  for (int i = 0; i < 40000; i++) { // more than one round: 1,024 stripes, one every 32 commits
    store_fixture_begin(f);
    make_event(f->store, "same", "t", 0, NULL, NULL);
    store_fixture_commit(f);
  }
  assert_true(f->store->index->adds.count <= 32 * 1024);
  int64_t lines = md_store_count(f->store, "lazy_index", &f->err);
  int64_t twice = f->store->index->pass.running ? f->store->index->pass.written : 0;
  assert_int_equal(lines + (int64_t)f->store->index->adds.count - twice, 3 * 8000 + 40000);
}

static void test_row_ids_are_not_given_twice(void **state) {
  store_fixture *f = *state;
  batch(f, 0, 5);
  for (int i = 0; i < 1100; i++)
    batch(f, 5 + i, 1);
  store_fixture_begin(f);
  assert_int_equal(sqlite3_exec(f->store->db, "DELETE FROM events WHERE seq > 1000", NULL, NULL, NULL), SQLITE_OK);
  store_fixture_commit(f);
  store_fixture_close(f);
  store_fixture_open(f);
  store_fixture_begin(f);
  assert_true(make_event(f->store, "new", "t", 0, NULL, NULL) > 1100);
  store_fixture_commit(f);
}

static void test_hashes_fit_six_bytes_and_tell_spaces_apart(void **state) {
  (void)state;
  uint64_t event = md_index_hash(MD_INDEX_EVENT_KEY, "a", "b"), run = md_index_hash(MD_INDEX_RUN_KEY, "a", "b");
  assert_int_not_equal(event, run);
  assert_int_not_equal(md_index_hash(MD_INDEX_RUN_KEY, "ab", ""), md_index_hash(MD_INDEX_RUN_KEY, "a", "b"));
  assert_true(event >> MD_HASH_BITS == 0 && run >> MD_HASH_BITS == 0);
  assert_int_equal(md_index_source(event), MD_SOURCE_EVENTS);
  assert_int_equal(md_index_source(run), MD_SOURCE_RUNS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, store_fixture_setup_unsynced, store_fixture_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_random_histories_match_a_plain_array),
      TEST(test_all_is_found_after_a_restart_and_a_crash),
      TEST(test_a_late_identity_survives_a_crash),
      TEST(test_a_late_identity_is_rolled_back),
      TEST(test_a_failed_commit_gives_back_what_it_dropped),
      TEST(test_a_dropped_pair_can_be_added_again),
      TEST(test_the_tail_in_memory_is_bounded),
      TEST(test_row_ids_are_not_given_twice),
      cmocka_unit_test(test_hashes_fit_six_bytes_and_tell_spaces_apart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
