// SPDX-License-Identifier: Apache-2.0
// The watchdog and what is held back: turns that end the process (S5), versions that park too much (S6), triggers whose
// where fails (T2), and their release.
#include "engine/operator.h"
#include "engine/quarantine.h"
#include "engine/watch.h"
#include "shop.h"
#include "store/quarantine.h"
#include <sys/wait.h>
#include <unistd.h>

static char path[200];

static const char *fresh_path(void) {
  snprintf(path, sizeof path, "/tmp/momentd-watch-%d", (int)getpid());
  char file[220];
  snprintf(file, sizeof file, "%s.turn", path);
  unlink(file);
  return path;
}

// A process that begins a turn and never ends it.
static int die(md_micros limit, int64_t run, bool by_itself) {
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    md_watch *watch = NULL;
    md_error err;
    if (freopen("/dev/null", "w", stderr) == NULL || md_watch_open(&watch, path, limit, &err)) _exit(1);
    md_watch_begin(watch, 77, run, 5, "m1", "e1");
    if (by_itself) _exit(9);
    for (;;)
      pause();
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static bool held_before(int64_t run) {
  md_watch *watch = NULL;
  md_error err;
  assert_int_equal(md_watch_open(&watch, path, 0, &err), 0);
  const md_watch_note *note = md_watch_before(watch);
  bool held = note && note->run == run && note->event == 77 && note->version == 5 && strcmp(note->moment, "m1") == 0 &&
              strcmp(note->event_id, "e1") == 0;
  md_watch_close(watch);
  return held;
}

static void test_S5_a_stuck_turn_ends_the_process_and_is_known(void **state) {
  (void)state;
  fresh_path();
  assert_false(held_before(3));
  assert_int_equal(die(100000, 3, false), MD_WATCH_EXIT);
  assert_true(held_before(3));
  assert_false(held_before(3)); // once
}

static void test_S5_a_death_of_another_cause_counts_the_second_time(void **state) {
  (void)state;
  fresh_path();
  assert_int_equal(die(0, 3, true), 9);
  assert_false(held_before(3));
  assert_int_equal(die(0, 4, true), 9); // another turn
  assert_false(held_before(4));
  assert_int_equal(die(0, 4, true), 9);
  assert_true(held_before(4));
}

static void test_S5_turns_that_end_are_left_alone(void **state) {
  (void)state;
  md_watch *watch = NULL;
  md_error err;
  fresh_path();
  assert_int_equal(md_watch_open(&watch, path, 40000, &err), 0);
  for (int i = 0; i < 30; i++) {
    md_watch_begin(watch, 77, i, 5, "a name that is far longer than the note has room for: it is cut, and nothing else",
                   NULL);
    usleep(5000);
    md_watch_end(watch);
  }
  md_watch_close(watch);
  assert_false(held_before(3));
}

static const char failing[] =
    "return require('moment').define { class = 'service', on = 'order.placed', about = 'order',\n"
    "again = 'parallel', run = function(m, e) if e.data.bad then error('no') end end }";
static const char mended[] =
    "return require('moment').define { class = 'service', on = 'order.placed', about = 'order',\n"
    "again = 'parallel', run = function(m, e) return 'mended' end }";
static const char plan[] =
    "return require('plan').define { things = { order = { of = 'person', at = 'data.order' } } }";

static void order(shop *s, int number, bool bad) {
  char data[100];
  snprintf(data, sizeof data, "{\"order\":\"o%d\",\"bad\":%s}", number, bad ? "true" : "false");
  shop_event(s, "order.placed", "ida", data);
}

static int add_row(void *context, const md_quarantine *row) {
  (void)row;
  ++*(int *)context;
  return 0;
}

static int rows_of(shop *s) {
  int count = 0;
  assert_int_equal(md_quarantine_list(s->store, add_row, &count, NULL), 0);
  return count;
}

static int64_t failed;

static int add_failed(void *context, const char *moment, int64_t count, md_micros last) {
  (void)context, (void)last;
  if (strcmp(moment, "m1") == 0) failed = count;
  return 0;
}

static int64_t failed_triggers(shop *s) {
  failed = 0;
  assert_int_equal(md_failed_triggers(s->store, add_failed, NULL, NULL), 0);
  return failed;
}

static int redrive(md_submission *submission, md_engine *engine, md_error *err) {
  return md_engine_redrive(engine, "m1", submission->context, err);
}

static void nothing(md_submission *submission) {
  (void)submission;
}

// In shares of two, as the command asks for them.
static int redriven(shop *s) {
  md_share share = {.limit = 2, .span = MD_HOUR};
  int count = 0;
  for (int i = 0; i < 50 && !share.done; i++) {
    md_submission submission = {.act = redrive, .done = nothing, .context = &share};
    md_queue_push(md_engine_inbox(s->engine), &submission.node);
    shop_settle(s);
    assert_int_equal(submission.code, 0);
    count += (int)share.count;
  }
  assert_true(share.done);
  return count;
}

// As the start after a death would have written it.
static void hold(shop *s, const char *event, int64_t run) {
  uint64_t hash = md_hash64(md_hash64(1, "/test", 5), event, strlen(event));
  md_quarantine row = {.kind = MD_QUARANTINE_TURN,
                       .at = SHOP_START,
                       .event = (int64_t)hash,
                       .run = run,
                       .version = 1,
                       .moment = "m1",
                       .event_id = event,
                       .detail = "died"};
  md_error err;
  assert_int_equal(md_store_begin(s->store, &err), 0);
  assert_int_equal(md_quarantine_insert(s->store, &row, &err), 0);
  assert_int_equal(md_store_commit(s->store, &err), 0);
}

static void test_S5_a_held_turn_keeps_its_event_and_goes_on_when_redriven(void **state) {
  (void)state;
  static const char waits[] =
      "return require('moment').define { class = 'service', on = 'order.placed', about = 'order',\n"
      "run = function(m, e) m:wait_for('order.paid') return 'paid' end }";
  shop s;
  shop_open(&s);
  hold(&s, "e2", 0);
  hold(&s, "e3", 1);
  shop_load(&s, "events.lua", plan, "m1/moment.lua", waits, NULL);
  md_run run;
  order(&s, 1, false); // e1
  order(&s, 2, false); // e2: held back
  assert_int_equal(md_runs_get(s.store, 1, s.arena, &run, NULL), 0);
  assert_int_equal(run.state, MD_RUN_WAITING);
  assert_int_equal(md_runs_get(s.store, 2, s.arena, &run, NULL), 0);
  assert_int_equal(run.state, MD_RUN_PARKED);
  assert_non_null(strstr(run.reason, "quarantined"));
  shop_event(&s, "order.paid", "ida", "{\"order\":\"o1\"}"); // e3: held back from run 1
  assert_int_equal(md_runs_get(s.store, 1, s.arena, &run, NULL), 0);
  assert_int_equal(run.state, MD_RUN_PARKED);
  assert_int_equal(redriven(&s), 4); // two rows, two runs
  assert_int_equal(md_runs_get(s.store, 1, s.arena, &run, NULL), 0);
  assert_string_equal(run.outcome, "paid"); // the event was kept
  assert_int_equal(md_runs_get(s.store, 2, s.arena, &run, NULL), 0);
  assert_int_equal(run.state, MD_RUN_WAITING);
  shop_close(&s);
}

static void test_S6_a_version_that_parks_too_much_is_stopped(void **state) {
  (void)state;
  shop s;
  shop_open(&s);
  shop_load(&s, "events.lua", plan, "m1/moment.lua", failing, NULL);
  for (int i = 0; i < 19; i++)
    order(&s, i, true);
  assert_int_equal(rows_of(&s), 0);
  order(&s, 19, true);
  assert_int_equal(rows_of(&s), 1);
  order(&s, 20, false);
  assert_int_equal(md_runs_last_id(s.store), 20); // nothing more was started
  assert_int_equal(failed_triggers(&s), 1);
  shop_load(&s, "events.lua", plan, "m1/moment.lua", mended, NULL); // lifted by a new version
  order(&s, 21, false);
  assert_int_equal(md_runs_last_id(s.store), 21);
  assert_int_equal(redriven(&s), 2); // the stopped version, the trigger that it refused
  assert_int_equal(md_runs_last_id(s.store), 22);
  assert_int_equal(rows_of(&s), 0);
  assert_int_equal(failed_triggers(&s), 0);
  shop_close(&s);
}

static void test_S6_half_of_those_touched_stops_nothing(void **state) {
  (void)state;
  shop s;
  shop_open(&s);
  shop_load(&s, "events.lua", plan, "m1/moment.lua", failing, NULL);
  for (int i = 0; i < 60; i++)
    order(&s, i, i % 2);
  assert_int_equal(rows_of(&s), 0);
  assert_int_equal(md_runs_last_id(s.store), 60);
  shop_close(&s);
}

static void test_S6_the_hour_slides_and_outlives_a_restart(void **state) {
  (void)state;
  shop s;
  char db[220];
  snprintf(db, sizeof db, "/tmp/momentd-strikes-%d.db", (int)getpid());
  for (int late = 0; late < 2; late++) {
    unlink(db);
    shop_open_at(&s, db, 0, SHOP_START);
    shop_load(&s, "events.lua", plan, "m1/moment.lua", failing, NULL);
    for (int i = 0; i < 70; i++)
      order(&s, i, false);
    for (int i = 0; i < 10; i++)
      order(&s, 100 + i, true);
    shop_advance(&s, 40 * MD_MINUTE);
    for (int i = 0; i < 9; i++)
      order(&s, 200 + i, true);
    shop_close(&s);
    // Within the hour the 70 that went well still count, and afterwards the first 10 no more.
    shop_open_at(&s, db, 0, SHOP_START + (late ? 61 : 41) * MD_MINUTE);
    s.next_id = 1000;
    shop_load(&s, "events.lua", plan, "m1/moment.lua", failing, NULL);
    for (int i = 0; i < 10; i++)
      order(&s, 300 + i, true);
    assert_int_equal(rows_of(&s), 0);
    for (int i = 0; i < (late ? 0 : 41); i++)
      order(&s, 400 + i, true);
    assert_int_equal(rows_of(&s), 0); // 70 of 140 were parked
    order(&s, 500, true);
    assert_int_equal(rows_of(&s), 1);
    shop_close(&s);
  }
  unlink(db);
}

static void test_S6_a_where_that_fails_counts_and_the_team_is_told(void **state) {
  (void)state;
  static const char wrong[] =
      "return require('moment').define { class = 'service', on = 'order.placed', about = 'order',\n"
      "again = 'parallel', where = function(e) return e.data.no.such end, run = function() end }";
  static const char team[] =
      "return require('moment').define { class = 'service', on = 'version.*',\n"
      "run = function(m, e) m:sleep('1m') return e.data.moment .. ' ' .. e.data.event .. ' ' .. e.data.message end }";
  shop s;
  md_run run;
  shop_open(&s);
  shop_load(&s, "events.lua", plan, "m1/moment.lua", wrong, "m2/moment.lua", team, NULL);
  for (int i = 0; i < 20; i++)
    order(&s, i, true);
  assert_int_equal(rows_of(&s), 1);
  assert_int_equal(failed_triggers(&s), 20);
  shop_advance(&s, MD_HOUR);
  assert_int_equal(md_runs_get(s.store, 1, s.arena, &run, NULL), 0);
  assert_string_equal(run.moment, "m2");
  assert_string_equal(run.about.kind, "moment");
  assert_string_equal(run.about.value, "m1");
  assert_int_equal(run.state, MD_RUN_DONE);
  assert_non_null(strstr(run.outcome, "m1 order.placed 20 of 20 runs that order.placed touched within an hour failed"));
  assert_non_null(strstr(run.outcome, "m1/moment.lua:2:"));
  shop_close(&s);
}

// Or its run's number would be noted, and another's after the batch was lost.
static void test_S3_a_turn_beyond_its_budget_is_rerun_after_the_commit(void **state) {
  (void)state;
  static const char much[] = "return require('moment').define { class = 'service', on = 'order.placed',\n"
                             "run = function() for i = 1, 2000000 do end return 'much' end }";
  shop s;
  md_run run;
  md_event event;
  md_event_status status;
  md_submission submission = {.events = &event, .statuses = &status, .count = 1, .done = nothing};
  shop_open(&s);
  shop_load(&s, "m1/moment.lua", much, NULL);
  shop_prepare(&s, &event, "order.placed", "ida", "{}", NULL);
  md_queue_push(md_engine_inbox(s.engine), &submission.node);
  assert_true(md_engine_batch(s.engine, false, NULL) > 0);
  assert_int_equal(md_runs_get(s.store, 1, s.arena, &run, NULL), 0);
  assert_int_equal(run.state, MD_RUN_QUEUED);
  assert_true(md_engine_batch(s.engine, false, NULL) > 0);
  assert_int_equal(md_runs_get(s.store, 1, s.arena, &run, NULL), 0);
  assert_string_equal(run.outcome, "much");
  shop_close(&s);
}

static void test_T2_a_where_that_fails_is_redriven_after_the_fix(void **state) {
  (void)state;
  static const char wrong[] =
      "return require('moment').define { class = 'service', on = 'order.placed',\n"
      "again = 'parallel', where = function(e) return e.data.no.such end, run = function() end }";
  shop s;
  shop_open(&s);
  shop_load(&s, "events.lua", plan, "m1/moment.lua", wrong, NULL);
  for (int i = 0; i < 3; i++)
    order(&s, i, false);
  assert_int_equal(failed_triggers(&s), 3);
  assert_int_equal(redriven(&s), 3); // not mended: they fail again, each once
  assert_int_equal(failed_triggers(&s), 3);
  assert_int_equal(md_runs_last_id(s.store), 0);
  shop_load(&s, "events.lua", plan, "m1/moment.lua", mended, NULL);
  assert_int_equal(redriven(&s), 3);
  assert_int_equal(failed_triggers(&s), 0);
  assert_int_equal(md_runs_last_id(s.store), 3);
  shop_close(&s);
}

static void test_T7_a_scheduled_trigger_that_failed_is_redriven_after_the_fix(void **state) {
  (void)state;
  static const char form[] = "local moment = require('moment')\nreturn moment.define { class = 'service', "
                             "on = moment.schedule('0 8 * * *', 'UTC'),\n"
                             "where = function(e) return %s end, run = function(m, e) return e.type .. e.time end }";
  char wrong[400], right[400], outcome[60];
  snprintf(wrong, sizeof wrong, form, "e.data.no.such");
  snprintf(right, sizeof right, form, "e.time > 0");
  shop s;
  shop_open(&s);
  shop_load(&s, "m1/moment.lua", wrong, NULL);
  shop_advance(&s, MD_DAY);
  assert_int_equal(failed_triggers(&s), 1);
  assert_int_equal(redriven(&s), 1); // not mended: it is not lost
  assert_int_equal(failed_triggers(&s), 1);
  shop_load(&s, "m1/moment.lua", right, NULL);
  assert_int_equal(redriven(&s), 1);
  assert_int_equal(failed_triggers(&s), 0);
  md_run run;
  assert_int_equal(md_runs_get(s.store, 1, s.arena, &run, NULL), 0);
  md_micros eight = SHOP_START / MD_DAY * MD_DAY + 8 * MD_HOUR; // SHOP_START is at 02:40
  snprintf(outcome, sizeof outcome, "schedule%lld", (long long)(eight / MD_SECOND));
  assert_string_equal(run.outcome, outcome);
  assert_string_equal(run.about.value, "0 8 * * * UTC");
  shop_close(&s);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_S5_a_stuck_turn_ends_the_process_and_is_known),
      cmocka_unit_test(test_S5_a_death_of_another_cause_counts_the_second_time),
      cmocka_unit_test(test_S5_turns_that_end_are_left_alone),
      cmocka_unit_test(test_S5_a_held_turn_keeps_its_event_and_goes_on_when_redriven),
      cmocka_unit_test(test_S6_a_version_that_parks_too_much_is_stopped),
      cmocka_unit_test(test_S6_half_of_those_touched_stops_nothing),
      cmocka_unit_test(test_S6_the_hour_slides_and_outlives_a_restart),
      cmocka_unit_test(test_S6_a_where_that_fails_counts_and_the_team_is_told),
      cmocka_unit_test(test_S3_a_turn_beyond_its_budget_is_rerun_after_the_commit),
      cmocka_unit_test(test_T2_a_where_that_fails_is_redriven_after_the_fix),
      cmocka_unit_test(test_T7_a_scheduled_trigger_that_failed_is_redriven_after_the_fix),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
