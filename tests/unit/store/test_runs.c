// SPDX-License-Identifier: Apache-2.0
// The tables of runs and stored values: W7, R3.
#include "store_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_a_whole_run_comes_back(void **state) {
  store_fixture *f = *state;
  md_run run = {.moment = "cart", .version = 4, .state = MD_RUN_WAITING, .person = 7, .about = {"parcel", "p1"}}, out;
  run.keys[0] = (md_key){"order", "o1"};
  run.key_count = 1;
  run.trigger_seq = 12;
  run.journal = "j\0urnal";
  run.journal_len = 7;
  run.steps = 3;
  run.due_at = 90;
  run.started_at = 10;
  run.turn_at = 11;
  run.depth = 2;
  store_fixture_begin(f);
  store_fixture_expect(f, 0, md_runs_insert(f->store, &run, &f->err));
  store_fixture_commit(f);
  store_fixture_expect(f, 0, md_runs_get(f->store, run.id, f->arena, &out, &f->err));
  assert_string_equal(out.moment, "cart");
  assert_int_equal(out.version, 4);
  assert_int_equal(out.state, MD_RUN_WAITING);
  assert_int_equal(out.person, 7);
  assert_string_equal(out.about.kind, "parcel");
  assert_string_equal(out.about.value, "p1");
  assert_int_equal(out.key_count, 1);
  assert_string_equal(out.keys[0].kind, "order");
  assert_int_equal(out.trigger_seq, 12);
  assert_int_equal(out.journal_len, 7);
  assert_memory_equal(out.journal, "j\0urnal", 7);
  assert_null(out.wait);
  assert_int_equal(out.steps, 3);
  assert_int_equal(out.due_at, 90);
  assert_int_equal(out.started_at, 10);
  assert_int_equal(out.turn_at, 11);
  assert_int_equal(out.ended_at, 0);
  assert_int_equal(out.depth, 2);
  assert_null(out.outcome);
  store_fixture_expect(f, MD_ENOTFOUND, md_runs_get(f->store, 99, f->arena, &out, &f->err));
}

static void test_an_update_writes_what_can_change(void **state) {
  store_fixture *f = *state;
  md_run run, out;
  store_fixture_begin(f);
  int64_t id = make_run(f->store, "cart", 0, "order", "o1", 50);
  store_fixture_expect(f, 0, md_runs_get(f->store, id, f->arena, &run, &f->err));
  run.state = MD_RUN_PARKED;
  run.reason = "moment.lua:3: x";
  run.outcome = "lost";
  run.wait = NULL;
  run.wait_len = 0;
  run.journal = "longer";
  run.journal_len = 6;
  run.steps = 9;
  run.version = 8;
  run.due_at = 0;
  run.turn_at = 60;
  run.depth = 1;
  run.person = 5;
  store_fixture_expect(f, 0, md_runs_update(f->store, &run, &f->err));
  store_fixture_expect(f, 0, md_runs_get(f->store, id, f->arena, &out, &f->err));
  assert_int_equal(out.state, MD_RUN_PARKED);
  assert_string_equal(out.reason, run.reason);
  assert_string_equal(out.outcome, "lost");
  assert_null(out.wait);
  assert_memory_equal(out.journal, "longer", 6);
  assert_int_equal(out.steps, 9);
  assert_int_equal(out.version, 8);
  assert_int_equal(out.due_at, 0);
  assert_int_equal(out.turn_at, 60);
  assert_int_equal(out.person, 5);
  store_fixture_expect(f, 0,
                       md_runs_next_live(f->store, (md_key){"person", "5"}, 0, INT64_MAX, f->arena, &out, &f->err));
  assert_int_equal(out.id, id);
  run.id = 99;
  store_fixture_expect(f, MD_ENOTFOUND, md_runs_update(f->store, &run, &f->err));
  store_fixture_commit(f);
}

static void end_run(store_fixture *f, int64_t id, md_run_state run_state) {
  md_run run;
  store_fixture_expect(f, 0, md_runs_get(f->store, id, f->arena, &run, &f->err));
  run.state = run_state;
  run.ended_at = 70;
  store_fixture_expect(f, 0, md_runs_update(f->store, &run, &f->err));
}

static void test_only_live_runs_are_found_by_key(void **state) {
  store_fixture *f = *state;
  md_run out;
  md_key order = {"order", "o1"}, person = {"person", "7"};
  store_fixture_begin(f);
  for (int i = 0; i < 4; i++)
    make_run(f->store, "cart", 7, "order", i == 1 ? "o2" : "o1", 50);
  end_run(f, 1, MD_RUN_DONE);
  end_run(f, 3, MD_RUN_PARKED);
  store_fixture_commit(f);
  store_fixture_expect(f, 0, md_runs_next_live(f->store, order, 0, INT64_MAX, f->arena, &out, &f->err));
  assert_int_equal(out.id, 3);
  store_fixture_expect(f, 0, md_runs_next_live(f->store, order, 3, INT64_MAX, f->arena, &out, &f->err));
  assert_int_equal(out.id, 4);
  store_fixture_expect(f, MD_ENOTFOUND, md_runs_next_live(f->store, order, 4, INT64_MAX, f->arena, &out, &f->err));
  store_fixture_expect(f, MD_ENOTFOUND, md_runs_next_live(f->store, order, 3, 4, f->arena, &out, &f->err));
  store_fixture_expect(f, 0, md_runs_next_live(f->store, person, 0, INT64_MAX, f->arena, &out, &f->err));
  assert_int_equal(out.id, 2);
}

// Beyond the stripes' memory too: an ended run that lies in the table is dropped when it is met.
static void test_ended_runs_are_dropped_when_met(void **state) {
  store_fixture *f = *state;
  md_run out;
  md_key order = {"order", "o1"};
  store_fixture_begin(f);
  make_run(f->store, "cart", 7, "order", "o1", 50);
  store_fixture_commit(f);
  for (int i = 0; i < 1100; i++) {
    store_fixture_begin(f);
    make_event(f->store, "e", "t", 0, NULL, NULL);
    store_fixture_commit(f);
  }
  store_fixture_begin(f);
  end_run(f, 1, MD_RUN_CANCELLED);
  store_fixture_expect(f, MD_ENOTFOUND, md_runs_next_live(f->store, order, 0, INT64_MAX, f->arena, &out, &f->err));
  make_run(f->store, "cart", 7, "order", "o1", 50);
  store_fixture_commit(f);
  store_fixture_expect(f, 0, md_runs_next_live(f->store, order, 0, INT64_MAX, f->arena, &out, &f->err));
  assert_int_equal(out.id, 2);
}

// W7
static void test_timers_come_by_time_then_id(void **state) {
  store_fixture *f = *state;
  md_run out;
  assert_int_equal(md_runs_due_at(f->store), 0);
  store_fixture_begin(f);
  make_run(f->store, "a", 0, "order", "1", 60);
  make_run(f->store, "b", 0, "order", "2", 50);
  make_run(f->store, "c", 0, "order", "3", 0);
  make_run(f->store, "d", 0, "order", "4", 50);
  store_fixture_commit(f);
  assert_int_equal(md_runs_due_at(f->store), 50);
  store_fixture_expect(f, MD_ENOTFOUND, md_runs_next_due(f->store, 49, f->arena, &out, &f->err));
  store_fixture_expect(f, 0, md_runs_next_due(f->store, 50, f->arena, &out, &f->err));
  assert_int_equal(out.id, 2);
  store_fixture_begin(f);
  end_run(f, 2, MD_RUN_DONE);
  end_run(f, 4, MD_RUN_PARKED);
  store_fixture_commit(f);
  store_fixture_expect(f, 0, md_runs_next_due(f->store, 1000, f->arena, &out, &f->err));
  assert_int_equal(out.id, 1);
  assert_int_equal(md_runs_due_at(f->store), 60);
}

static int see_run(void *context, const md_run *run) {
  char *text = context;
  sprintf(text + strlen(text), "%d:%s:%s ", (int)run->id, run->moment, md_run_state_name(run->state));
  return 0;
}

static int see_count(void *context, const md_run_count *row) {
  char *text = context;
  sprintf(text + strlen(text), "%s:%d:%s=%d ", row->moment, (int)row->version, md_run_state_name(row->state),
          (int)row->count);
  return 0;
}

static void list(store_fixture *f, md_run_filter filter, const char *expected) {
  char text[300] = "";
  store_fixture_expect(f, 0, md_runs_list(f->store, &filter, see_run, text, &f->err));
  assert_string_equal(text, expected);
}

static void test_listing_and_counting(void **state) {
  store_fixture *f = *state;
  char text[300] = "";
  store_fixture_begin(f);
  make_run(f->store, "a", 1, "order", "1", 60);
  make_run(f->store, "b", 2, "order", "2", 50);
  make_run(f->store, "a", 2, "order", "3", 0);
  end_run(f, 1, MD_RUN_DONE);
  store_fixture_commit(f);
  list(f, (md_run_filter){0}, "3:a:waiting 2:b:waiting 1:a:done ");
  list(f, (md_run_filter){.moment = "a", .limit = 1}, "3:a:waiting ");
  list(f, (md_run_filter){.state = MD_RUN_DONE}, "1:a:done ");
  list(f, (md_run_filter){.person = 2, .before = 3}, "2:b:waiting ");
  store_fixture_expect(f, 0, md_runs_counts(f->store, see_count, text, &f->err));
  assert_string_equal(text, "a:1:waiting=1 a:1:done=1 b:1:waiting=1 ");
}

static void test_values_are_kept_per_moment_and_person(void **state) {
  store_fixture *f = *state;
  md_value value = {"1", 0, 5}, later = {"[2]", 90, 6}, out;
  store_fixture_expect(f, 0, md_values_set(f->store, "cart", 1, 1, "k", &value, &f->err));
  store_fixture_expect(f, 0, md_values_set(f->store, "cart", 1, 1, "k", &later, &f->err));
  store_fixture_expect(f, 0, md_values_get(f->store, "cart", 1, 1, "k", f->arena, &out, &f->err));
  assert_string_equal(out.json, "[2]");
  assert_int_equal(out.expires_at, 90);
  assert_int_equal(out.written_at, 6);
  store_fixture_expect(f, MD_ENOTFOUND, md_values_get(f->store, "cart", 1, 2, "k", f->arena, &out, &f->err));
  store_fixture_expect(f, MD_ENOTFOUND, md_values_get(f->store, "order", 1, 1, "k", f->arena, &out, &f->err));
  store_fixture_expect(f, 0, md_values_set(f->store, "cart", 1, 1, "k", NULL, &f->err));
  store_fixture_expect(f, MD_ENOTFOUND, md_values_get(f->store, "cart", 1, 1, "k", f->arena, &out, &f->err));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, store_fixture_setup_memory, store_fixture_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_a_whole_run_comes_back),
      TEST(test_an_update_writes_what_can_change),
      TEST(test_only_live_runs_are_found_by_key),
      TEST(test_ended_runs_are_dropped_when_met),
      TEST(test_timers_come_by_time_then_id),
      TEST(test_listing_and_counting),
      TEST(test_values_are_kept_per_moment_and_person),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
