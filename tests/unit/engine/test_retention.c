// SPDX-License-Identifier: Apache-2.0
// R7, T5: what is forgotten after the retention period, what stays, and that no failure in between loses what stays.
#include "base/alloc.h"
#include "engine/state.h"
#include "shop.h"
#include "store/calls.h"
#include "store/exposures.h"
#include "store/internal.h"
#include "store/lazy.h"
#include "store/metrics.h"
#include "store/versions.h"
#include <unistd.h>

enum { DAYS = 100 };

static const char plan[] = "local plan = require 'plan'\nreturn plan.define { person = { strong = { 'subject' } } }\n";

// Waits long, so that what it took must outlive the period; `b` is taken, `c` never is.
static const char script[] =
    "local moment = require 'moment'\n"
    "return moment.define { class = 'service', on = { 'a', 'short' }, again = 'parallel', run = function(m, event)\n"
    "  if event.type == 'short' then m:send { template = 'x' } return 'short' end\n"
    "  local b = m:wait_for('b', { within = '1d' })\n"
    "  m:sleep('300d')\n"
    "  return event.data.n .. ' ' .. b.data.n\n"
    "end }\n";

static void open_shop(shop *s, const char *path, md_micros now) {
  shop_open_at(s, path, DAYS * MD_DAY, now);
  shop_load(s, "events.lua", plan, "m/moment.lua", script, NULL);
  assert_string_equal(s->problems, "");
}

static bool has_event(shop *s, int64_t seq) {
  md_event event;
  md_error err = {0};
  return md_events_get(s->store, seq, s->arena, &event, &err) == 0;
}

static int64_t setting(shop *s, const char *name) {
  int64_t value = -1;
  md_settings_get_int(s->store, name, &value, NULL);
  return value;
}

typedef struct history {
  int64_t trigger, taken, unmatched, other, again;
} history;

// Lets the message of the short run be final: its sending is not what is tested here.
static void end_messages(shop *s) {
  assert_int_equal(sqlite3_exec(s->store->db, "UPDATE messages SET state = 3, final_at = created_at", 0, 0, 0),
                   SQLITE_OK);
}

static history make_history(shop *s) {
  history h;
  h.trigger = shop_event(s, "a", "ida", "{\"n\":1}");
  h.taken = shop_event(s, "b", "ida", "{\"n\":2}");
  h.unmatched = shop_event(s, "c", "ida", NULL);
  h.other = shop_event(s, "short", "bo", NULL);
  h.again = shop_event(s, "short", "bo", NULL); // the newest message stays
  end_messages(s);
  shop_advance(s, MD_HOUR); // the first round ends
  return h;
}

// R7: what a run names stays with it, the rest goes when it is old, not a day earlier.
static void test_what_goes_and_what_stays(void **state) {
  (void)state;
  shop s;
  open_shop(&s, NULL, SHOP_START);
  history h = make_history(&s);
  shop_advance(&s, (DAYS - 1) * MD_DAY);
  assert_true(has_event(&s, h.unmatched) && has_event(&s, h.other));
  shop_advance(&s, 3 * MD_DAY);
  assert_true(has_event(&s, h.trigger) && has_event(&s, h.taken));
  assert_false(has_event(&s, h.unmatched) || has_event(&s, h.other));
  assert_true(has_event(&s, h.again));
  assert_int_equal(md_store_count(s.store, "runs", NULL), 2);
  assert_int_equal(md_store_count(s.store, "messages", NULL), 1);
  shop_advance(&s, 200 * MD_DAY);
  assert_string_equal(shop_all_runs(&s).list[0].outcome, "1 2");
  shop_advance(&s, (DAYS + 2) * MD_DAY);
  assert_false(has_event(&s, h.trigger) || has_event(&s, h.taken));
  assert_int_equal(md_store_count(s.store, "runs", NULL), 1);
  assert_int_equal(setting(&s, "retention_events"), 4);
  assert_int_equal(setting(&s, "retention_runs"), 2);
  assert_int_equal(setting(&s, "retention_span"), DAYS * MD_DAY);
  shop_close(&s);
}

// R7: what a `collect` has gathered is named by its run, while it is open and afterwards.
static void test_gathered_events_stay(void **state) {
  (void)state;
  shop s;
  shop_open_at(&s, NULL, DAYS * MD_DAY, SHOP_START);
  shop_load(&s, "events.lua", plan, "m/moment.lua",
            "local moment = require 'moment'\n"
            "return moment.define { class = 'service', on = 'a', run = function(m, event)\n"
            "  local open = m:collect('b', { within = '150d' })\n"
            "  m:sleep('150d')\n"
            "  return #open .. ' ' .. open[1].data.n .. open[2].data.n\n"
            "end }\n",
            NULL);
  assert_string_equal(s.problems, "");
  shop_event(&s, "a", "ida", NULL);
  int64_t first = shop_event(&s, "b", "ida", "{\"n\":1}");
  int64_t other = shop_event(&s, "b", "bo", "{\"n\":9}");
  int64_t second = shop_event(&s, "b", "ida", "{\"n\":2}");
  shop_advance(&s, 120 * MD_DAY);
  assert_true(has_event(&s, first) && has_event(&s, second));
  assert_false(has_event(&s, other));
  shop_advance(&s, 200 * MD_DAY);
  assert_string_equal(shop_outcome(&s), "2 12");
  shop_close(&s);
}

// R7: a run that ended is kept as long as one of its messages is not old enough.
static void test_messages_hold_their_run(void **state) {
  (void)state;
  shop s;
  open_shop(&s, NULL, SHOP_START);
  shop_event(&s, "short", "ida", NULL);
  shop_event(&s, "short", "bo", NULL);
  shop_advance(&s, 2 * DAYS * MD_DAY);
  assert_int_equal(md_store_count(s.store, "runs", NULL), 2);
  assert_int_equal(md_store_count(s.store, "messages", NULL), 2);
  end_messages(&s);
  shop_advance(&s, 2 * MD_DAY);
  assert_int_equal(md_store_count(s.store, "runs", NULL), 1);
  assert_int_equal(md_store_count(s.store, "messages", NULL), 1);
  shop_close(&s);
}

// T5: an id is a duplicate for 90 days whatever the period says, and free again once the event is forgotten.
static void test_ids_are_remembered(void **state) {
  (void)state;
  shop s;
  shop_open_at(&s, NULL, MD_DAY, SHOP_START); // the engine itself takes no less than 90 days
  shop_load(&s, "events.lua", plan, NULL);
  md_event event;
  shop_prepare(&s, &event, "x", "ida", NULL, "one");
  shop_take(&s, &event);
  shop_advance(&s, 90 * MD_DAY - MD_HOUR);
  shop_prepare(&s, &event, "x", "ida", NULL, "one");
  shop_take(&s, &event);
  assert_int_equal(s.status, MD_EVENT_DUPLICATE);
  shop_advance(&s, 2 * MD_DAY);
  shop_prepare(&s, &event, "x", "ida", NULL, "one");
  shop_take(&s, &event);
  assert_int_equal(s.status, MD_EVENT_ACCEPTED);
  shop_close(&s);
}

// Sorts every stripe of the index into its table: each commit that changes the index sorts a little.
static void sort_all(shop *s) {
  for (int i = 0; i < 40000; i++) {
    assert_int_equal(md_store_begin(s->store, NULL), 0);
    assert_int_equal(md_index_drop(s->store, md_index_hash(MD_INDEX_THING, "no such thing", ""), 1 + i, NULL), 0);
    assert_int_equal(md_store_commit(s->store, NULL), 0);
  }
  assert_int_equal(s->store->index->adds.count, 0);
}

// R7: index entries go with their rows; those of rows that stay are found as before.
static void test_the_index_is_cleared(void **state) {
  (void)state;
  shop s;
  open_shop(&s, NULL, SHOP_START);
  history h = make_history(&s);
  for (int i = 0; i < 50; i++)
    shop_event(&s, "c", "per", NULL);
  sort_all(&s);
  assert_true(md_store_count(s.store, "lazy_index", NULL) > 110);
  shop_advance(&s, (DAYS + 2) * MD_DAY);
  // Two identities, of ida's run and one of bo's the keys, and id and person of three events; per is a person too.
  int64_t left = md_store_count(s.store, "lazy_index", NULL);
  assert_in_range(left, 3 + 2 * 3, 3 + 2 * 3 + 4);
  assert_int_equal(setting(&s, "retention_index_owed"), 0);
  md_event event;
  md_error err = {0};
  assert_int_equal(md_events_next_about(s.store, (md_key){"person", "1"}, 0, s.arena, &event, &err), 0);
  assert_int_equal(event.seq, h.trigger);
  assert_int_equal(md_events_last_about(s.store, (md_key){"person", "1"}, INT64_MAX, s.arena, &event, &err), 0);
  assert_int_equal(event.seq, h.taken);
  shop_close(&s);
}

static int count_version(void *context, const md_version *row) {
  (void)row;
  ++*(int *)context;
  return 0;
}

static int versions(shop *s) {
  int count = 0;
  md_versions_list(s->store, "m", count_version, &count, NULL);
  return count;
}

static void load_variant(shop *s, int n) {
  shop_load(s, "events.lua", plan, "m/moment.lua", md_arena_printf(s->arena, "%s-- %d\n", script, n), NULL);
}

static int with_files(shop *s) {
  int64_t count = 0;
  md_statement_number(s->store, &count, NULL, "SELECT count(DISTINCT version) FROM version_files", "");
  return (int)count;
}

// R7: a version keeps its files while a run is on it; its row stays for good.
static void test_versions(void **state) {
  (void)state;
  shop s;
  open_shop(&s, NULL, SHOP_START);
  shop_event(&s, "a", "ida", "{\"n\":1}");
  shop_event(&s, "b", "ida", "{\"n\":2}");
  load_variant(&s, 1);
  load_variant(&s, 2);
  assert_int_equal(with_files(&s), 3);
  shop_advance(&s, 2 * MD_DAY);
  assert_int_equal(versions(&s), 3);
  assert_int_equal(with_files(&s), 2);                         // the first, of the run, and the live one
  assert_int_equal(md_store_count(s.store, "files", NULL), 3); // they share their part of the plan
  shop_advance(&s, 301 * MD_DAY);
  assert_string_equal(shop_outcome(&s), "1 2");
  assert_int_equal(with_files(&s), 1);
  assert_int_equal(md_store_count(s.store, "files", NULL), 2);
  assert_int_equal(setting(&s, "retention_versions"), 2);
  load_variant(&s, 1); // what was forgotten can come again
  assert_int_equal(versions(&s), 3);
  shop_event(&s, "short", "bo", NULL);
  assert_string_equal(shop_outcome(&s), "short");
  shop_close(&s);
}

// A run that names an old event only while a round goes on keeps it.
static void test_a_late_name_counts(void **state) {
  (void)state;
  shop s;
  open_shop(&s, NULL, SHOP_START);
  for (int i = 0; i < 1000; i++)
    shop_event(&s, "c", "per", NULL);
  int64_t last = shop_event(&s, "c", "per", NULL);
  shop_advance(&s, MD_HOUR);
  s.clock.at += (DAYS + 1) * MD_DAY;
  while (s.engine->retention.at.phase != MD_RETENTION_EVENTS) {
    assert_true(md_engine_batch(s.engine, false, NULL) >= 0);
    s.clock.at = s.engine->retention.at.due;
  }
  md_run run = {.id = 999, .version = 1, .trigger_seq = last - 1};
  assert_int_equal(md_retention_keep(s.engine, &run, NULL), 0);
  shop_advance(&s, MD_HOUR);
  assert_int_equal(s.engine->retention.at.phase, MD_RETENTION_RESTS);
  assert_true(has_event(&s, last - 1));
  assert_false(has_event(&s, last) || has_event(&s, last - 2));
  shop_close(&s);
}

// A step takes no more rows than it may, however many there are: batches of others come in between.
static void test_steps_are_small(void **state) {
  (void)state;
  shop s;
  open_shop(&s, NULL, SHOP_START);
  for (int i = 0; i < 2000; i++)
    shop_event(&s, "c", "per", NULL);
  shop_advance(&s, MD_HOUR);
  s.clock.at += (DAYS + 1) * MD_DAY;
  int64_t before = 2000;
  int steps = 0;
  for (; before > 0; steps++) {
    assert_true(steps < 40 && md_engine_batch(s.engine, false, NULL) >= 0);
    int64_t now = md_store_count(s.store, "events", NULL);
    assert_in_range(before - now, 0, 512);
    before = now;
    s.clock.at = s.engine->retention.at.due;
  }
  assert_true(steps >= 7);
  shop_close(&s);
}

static int64_t rows_in(shop *s, const char *table) {
  int64_t count = -1;
  char sql[100];
  sqlite3_stmt *stmt = NULL;
  snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
  assert_int_equal(sqlite3_prepare_v2(s->store->db, sql, -1, &stmt, NULL), SQLITE_OK);
  if (sqlite3_step(stmt) == SQLITE_ROW) count = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return count;
}

static void add_call(shop *s, int64_t run) {
  md_call call = {.state = MD_CALL_ANSWERED,
                  .run = run,
                  .moment = "m",
                  .connection = "c",
                  .method = "GET",
                  .path = "/",
                  .key = "k",
                  .final_at = s->clock.at};
  md_run_file file = {"a.txt", "text/plain", "x", 1};
  assert_int_equal(md_store_begin(s->store, NULL), 0);
  assert_int_equal(md_calls_insert(s->store, &call, NULL), 0);
  assert_int_equal(md_run_files_put(s->store, run, &file, s->clock.at, NULL), 0);
  assert_int_equal(md_store_commit(s->store, NULL), 0);
}

// R7: a run's calls and files go with it.
static void test_calls_and_files_go_with_their_run(void **state) {
  (void)state;
  shop s;
  open_shop(&s, NULL, SHOP_START);
  make_history(&s); // run 1 waits long, run 2 has ended
  add_call(&s, 1);
  add_call(&s, 2);
  shop_advance(&s, (DAYS + 2) * MD_DAY);
  assert_int_equal(rows_in(&s, "calls WHERE run = 1"), 1);
  assert_int_equal(rows_in(&s, "run_files WHERE run = 1"), 1);
  assert_int_equal(rows_in(&s, "calls"), 1);
  assert_int_equal(rows_in(&s, "run_files"), 1);
  shop_close(&s);
}

// R7: values that expired and old days of metrics go; values without an end and exposures stay.
static void test_values_and_points(void **state) {
  (void)state;
  shop s;
  shop_open_at(&s, NULL, DAYS * MD_DAY, SHOP_START);
  shop_load(&s, "events.lua", plan, "m/moment.lua",
            "local moment = require 'moment'\n"
            "return moment.define { class = 'service', on = 'a', again = 'parallel', run = function(m, event)\n"
            "  m:set('short', 1, { ttl = '1d' }) m:set('long', 1, { ttl = '3d' }) m:set('ever', 1)\n"
            "end }\n",
            NULL);
  assert_string_equal(s.problems, "");
  shop_event(&s, "a", "ida", NULL);
  md_exposure exposure = {.experiment = "x", .arm = "a", .moment = "m", .person = 1, .at = SHOP_START};
  assert_int_equal(md_store_begin(s.store, NULL), 0);
  assert_int_equal(md_exposures_insert(s.store, &exposure, NULL), 0);
  md_point point = {.day = SHOP_START / MD_DAY, .sum = 1, .count = 1};
  assert_int_equal(md_series_insert(s.store, "seen", "{}", &point.series, NULL), 0);
  assert_int_equal(md_points_put(s.store, &point, NULL), 0);
  assert_int_equal(md_store_commit(s.store, NULL), 0);
  assert_int_equal(rows_in(&s, "stored_values"), 3);
  shop_advance(&s, 2 * MD_DAY + MD_HOUR);
  assert_int_equal(rows_in(&s, "stored_values"), 2);
  shop_advance(&s, 3 * MD_DAY);
  assert_int_equal(rows_in(&s, "stored_values"), 1);
  shop_advance(&s, (DAYS - 7) * MD_DAY);
  assert_int_equal(rows_in(&s, "points"), 1);
  shop_advance(&s, 5 * MD_DAY);
  assert_int_equal(rows_in(&s, "points"), 0);
  assert_int_equal(rows_in(&s, "exposures"), 1);
  assert_int_equal(rows_in(&s, "stored_values WHERE key = 'ever'"), 1);
  shop_close(&s);
}

static void copy_file(const char *from, const char *to) {
  char command[400];
  snprintf(command, sizeof command, "cp %s %s", from, to);
  assert_int_equal(system(command), 0);
}

static void remove_database(const char *path) {
  static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
  char name[200];
  for (int i = 0; i < 4; i++) {
    snprintf(name, sizeof name, "%s%s", path, ends[i]);
    unlink(name);
  }
}

// As a process that is killed leaves them: the files as they lie, not closed.
static void copy_database(const char *from, const char *to) {
  static const char *const ends[] = {"", "-wal"};
  char source[200], target[200];
  remove_database(to);
  for (int i = 0; i < 2; i++) {
    snprintf(source, sizeof source, "%s%s", from, ends[i]);
    snprintf(target, sizeof target, "%s%s", to, ends[i]);
    if (access(source, F_OK) == 0) copy_file(source, target);
  }
}

// Whatever batch a crash follows: the next start forgets the rest, and the run goes on.
static void test_a_crash_in_between(void **state) {
  (void)state;
  char directory[] = "/tmp/momentd-retention-XXXXXX", path[100], made[100], lying[100];
  assert_non_null(mkdtemp(directory));
  snprintf(path, sizeof path, "%s/db", directory);
  snprintf(made, sizeof made, "%s/made", directory);
  snprintf(lying, sizeof lying, "%s/lying", directory);
  shop s;
  open_shop(&s, made, SHOP_START);
  history h = make_history(&s);
  shop_close(&s);
  for (int batches = 0; batches < 18; batches++) {
    remove_database(path);
    copy_file(made, path);
    open_shop(&s, path, SHOP_START + (DAYS + 2) * MD_DAY);
    for (int i = 0; i < batches; i++)
      assert_true(md_engine_batch(s.engine, false, NULL) >= 0), s.clock.at += 50000;
    copy_database(path, lying);
    shop_close(&s);
    open_shop(&s, lying, SHOP_START + (DAYS + 4) * MD_DAY);
    shop_advance(&s, MD_HOUR);
    assert_true(has_event(&s, h.trigger) && has_event(&s, h.taken));
    assert_false(has_event(&s, h.unmatched) || has_event(&s, h.other));
    assert_int_equal(setting(&s, "retention_events"), 2);
    assert_int_equal(setting(&s, "retention_index_owed"), 0);
    if (batches % 4 == 0) {
      shop_advance(&s, 200 * MD_DAY);
      assert_string_equal(shop_all_runs(&s).list[0].outcome, "1 2");
    }
    shop_close(&s);
  }
  remove_database(path);
  remove_database(lying);
  remove_database(made);
  rmdir(directory);
}

// B1: an allocation that fails within a step undoes the batch; the round goes on afterwards as if nothing had been.
static void test_every_allocation(void **state) {
  (void)state;
  int refused = 0;
  for (long n = 1; n < 60; n++) {
    shop s;
    open_shop(&s, NULL, SHOP_START);
    history h = make_history(&s);
    s.clock.at += (DAYS + 2) * MD_DAY;
    for (int i = 0; i < 16; i++) {
      md_error err = {0};
      md_alloc_fail_after(n, 0);
      refused += md_engine_batch(s.engine, false, &err) < 0;
      md_alloc_fail_after(0, 0);
      s.clock.at += 50000;
    }
    shop_settle(&s);
    shop_advance(&s, MD_HOUR);
    assert_true(has_event(&s, h.trigger) && has_event(&s, h.taken));
    assert_false(has_event(&s, h.unmatched) || has_event(&s, h.other));
    assert_int_equal(setting(&s, "retention_events"), 2);
    shop_close(&s);
  }
  assert_true(refused > 0);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_goes_and_what_stays),
      cmocka_unit_test(test_messages_hold_their_run),
      cmocka_unit_test(test_gathered_events_stay),
      cmocka_unit_test(test_ids_are_remembered),
      cmocka_unit_test(test_the_index_is_cleared),
      cmocka_unit_test(test_versions),
      cmocka_unit_test(test_a_late_name_counts),
      cmocka_unit_test(test_steps_are_small),
      cmocka_unit_test(test_calls_and_files_go_with_their_run),
      cmocka_unit_test(test_values_and_points),
      cmocka_unit_test(test_a_crash_in_between),
      cmocka_unit_test(test_every_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
