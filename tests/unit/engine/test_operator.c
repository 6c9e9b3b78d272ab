// SPDX-License-Identifier: Apache-2.0
// What an operator does with a moment: pause and resume (T1, T3, T7), rollback, and acts on all of its runs (R3, T9).
#include "engine/operator.h"
#include "engine/state.h"
#include "shop.h"

static const char plan[] = "local plan = require 'plan'\nreturn plan.define { person = { strong = { 'subject' } } }\n";

#define MOMENT(options, body)                                                                                          \
  "local moment = require 'moment'\nreturn moment.define { class = 'service', " options                                \
  " run = function(m, event)\n" body "\nend }\n"
#define PLAIN(word) MOMENT("on = 'a',", "m:wait_for('b', { within = '3d' })\nreturn '" word " ' .. event.data.n")

static shop s;

static int set_up(void **state) {
  (void)state;
  shop_open(&s);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  shop_close(&s);
  return 0;
}

static void load(const char *text) {
  shop_load(&s, "events.lua", plan, "m/moment.lua", text, NULL);
  assert_string_equal(s.problems, "");
}

static int64_t trigger(int person, int n) {
  return shop_event(&s, "a", md_arena_printf(s.arena, "p%d", person), md_arena_printf(s.arena, "{\"n\":%d}", n));
}

// An act as the admin socket does it: settled when its batch has ended.
typedef struct doing {
  int (*act)(struct doing *, md_engine *, md_error *);
  int64_t to;
  md_share share;
  md_submission submission;
} doing;

static int do_act(md_submission *submission, md_engine *engine, md_error *err) {
  doing *at = submission->context;
  return at->act(at, engine, err);
}

static void do_done(md_submission *submission) {
  (void)submission;
}

static int act(doing *at) {
  at->submission = (md_submission){.act = do_act, .done = do_done, .context = at};
  assert_true(md_queue_push(md_engine_inbox(s.engine), &at->submission.node));
  md_error err = {0};
  assert_true(md_engine_batch(s.engine, true, &err) >= 0);
  md_engine_paused_settle(s.engine, "m");
  return at->submission.code;
}

static int pause_act(doing *at, md_engine *engine, md_error *err) {
  (void)at;
  return md_engine_pause(engine, "m", err);
}

static int resume_act(doing *at, md_engine *engine, md_error *err) {
  return md_engine_resume(engine, "m", &at->share, err);
}

static int rollback_act(doing *at, md_engine *engine, md_error *err) {
  return md_engine_rollback(engine, "m", &at->to, err);
}

static int retry_act(doing *at, md_engine *engine, md_error *err) {
  return md_engine_retry_runs(engine, "m", &at->share, err);
}

static int cancel_act(doing *at, md_engine *engine, md_error *err) {
  return md_engine_cancel_runs(engine, "m", &at->share, err);
}

static void pause_moment(void) {
  assert_int_equal(act(&(doing){.act = pause_act}), 0);
}

static int64_t in_shares(int (*what)(doing *, md_engine *, md_error *), int limit) {
  doing at = {.act = what, .share = {.limit = limit, .span = MD_HOUR}};
  int64_t count = 0;
  for (int i = 0; i < 100 && !at.share.done; i++) {
    assert_int_equal(act(&at), 0);
    count += at.share.count;
  }
  assert_true(at.share.done);
  shop_settle(&s);
  return count;
}

static int roll_back(int64_t to) {
  doing at = {.act = rollback_act, .to = to};
  int rc = act(&at);
  if (rc == 0) md_engine_rollback_settle(s.engine, "m", at.to);
  return rc;
}

static md_run run_of(int64_t id) {
  md_run run;
  assert_int_equal(md_runs_get(s.store, id, s.arena, &run, NULL), 0);
  return run;
}

static int run_count(void) {
  return shop_all_runs(&s).count;
}

// T1: triggers that came while it was paused are decided about when it is resumed, in their order.
static void test_a_paused_moment_drops_nobody(void **state) {
  (void)state;
  load(PLAIN("x"));
  trigger(0, 1);
  pause_moment();
  int64_t held[6];
  for (int i = 0; i < 6; i++)
    held[i] = trigger(i + 1, i);
  assert_int_equal(run_count(), 1);
  assert_string_equal(shop_unmatched(&s, held[3]), "paused");
  shop_event(&s, "b", "p0", NULL); // runs in flight go on
  assert_string_equal(shop_outcome(&s), "x 1");
  assert_int_equal(in_shares(resume_act, 2), 6);
  assert_int_equal(run_count(), 7);
  for (int i = 0; i < 6; i++) {
    assert_int_equal(run_of(i + 2).trigger_seq, held[i]);
    assert_string_equal(shop_unmatched(&s, held[i]), "");
  }
  trigger(9, 9);
  assert_int_equal(run_count(), 8);
}

// While it is resumed in shares, what comes goes to the end of the line.
static void test_new_triggers_wait_for_the_old(void **state) {
  (void)state;
  load(PLAIN("x"));
  pause_moment();
  for (int i = 0; i < 4; i++)
    trigger(i, i);
  doing first = {.act = resume_act, .share = {.limit = 2, .span = MD_HOUR}};
  assert_int_equal(act(&first), 0);
  assert_false(first.share.done);
  int64_t late = trigger(7, 7);
  assert_string_equal(shop_unmatched(&s, late), "paused");
  assert_int_equal(in_shares(resume_act, 2), 3);
  assert_int_equal(run_of(5).trigger_seq, late);
}

static void test_T1_too_old_a_trigger_starts_nothing_when_resumed(void **state) {
  (void)state;
  load(PLAIN("x"));
  pause_moment();
  int64_t old = trigger(1, 1);
  shop_advance(&s, 20 * MD_HOUR);
  int64_t fresh = trigger(2, 2);
  shop_advance(&s, 10 * MD_HOUR);
  in_shares(resume_act, 10);
  assert_string_equal(shop_unmatched(&s, old), "max_age");
  assert_string_equal(shop_unmatched(&s, fresh), "");
  assert_int_equal(run_count(), 1);
}

// T3: what is queued for a key begins after the pause, though the key became free in it.
static void test_T3_queued_runs_begin_after_the_pause(void **state) {
  (void)state;
  load(MOMENT("on = 'a', again = 'queue',", "m:wait_for('b', { within = '3d' })\nreturn 'x ' .. event.data.n"));
  trigger(1, 1);
  trigger(1, 2);
  pause_moment();
  shop_event(&s, "b", "p1", NULL);
  assert_string_equal(run_of(1).outcome, "x 1");
  assert_int_equal(run_of(2).started_at, 0);
  in_shares(resume_act, 10);
  assert_int_equal(run_of(2).started_at, s.clock.at);
  assert_string_equal(run_of(2).outcome, "x 2"); // the b came after its trigger, too (W1)
}

// T7: of several times that were missed in the pause one fires.
static void test_T7_one_of_the_missed_times_fires(void **state) {
  (void)state;
  load(MOMENT("on = moment.schedule('0 * * * *', 'UTC'),", "return 'at ' .. event.time"));
  pause_moment();
  shop_advance(&s, 5 * MD_HOUR);
  assert_int_equal(run_count(), 0);
  assert_int_equal(in_shares(resume_act, 10), 1);
  assert_int_equal(run_count(), 1);
  md_event event;
  assert_int_equal(md_events_get(s.store, run_of(1).trigger_seq, s.arena, &event, NULL), 0);
  assert_true(s.clock.at - event.time < MD_HOUR);
}

static void test_a_pause_outlives_a_reload_and_a_restart(void **state) {
  (void)state;
  load(PLAIN("x"));
  pause_moment();
  load(PLAIN("y"));
  trigger(1, 1);
  assert_int_equal(run_count(), 0);
  md_engine_free(s.engine);
  md_engine_options options = {.store = s.store, .clock = &s.clock.clock, .messenger = &s.messenger};
  assert_int_equal(md_engine_new(&s.engine, &options, NULL), 0);
  load(PLAIN("y"));
  trigger(2, 2);
  assert_int_equal(run_count(), 0);
  assert_int_equal(in_shares(resume_act, 10), 2);
  assert_int_equal(run_count(), 2);
}

static void test_pausing_and_resuming_are_refused_where_they_are_nothing(void **state) {
  (void)state;
  assert_int_equal(act(&(doing){.act = pause_act}), MD_ENOTFOUND);
  load(PLAIN("x"));
  doing resume = {.act = resume_act, .share = {.limit = 2, .span = MD_HOUR}};
  assert_int_equal(act(&resume), MD_ECONFLICT);
  pause_moment();
  assert_int_equal(act(&(doing){.act = pause_act}), MD_ECONFLICT);
}

static int fail_after(doing *at, md_engine *engine, md_error *err) {
  int rc = at->to ? md_engine_resume(engine, "m", &at->share, err) : md_engine_pause(engine, "m", err);
  assert_int_equal(rc, 0);
  return MD_EFULL; // the whole batch is undone (B1)
}

static void test_B1_a_rollback_of_the_batch_undoes_it(void **state) {
  (void)state;
  load(PLAIN("x"));
  doing at = {.act = fail_after};
  at.submission = (md_submission){.act = do_act, .done = do_done, .context = &at};
  assert_true(md_queue_push(md_engine_inbox(s.engine), &at.submission.node));
  assert_int_equal(md_engine_batch(s.engine, true, &(md_error){0}), MD_EFULL);
  md_engine_paused_settle(s.engine, "m");
  trigger(1, 1);
  assert_int_equal(run_count(), 1);
}

// --- rollback

static void test_a_rollback_holds_until_the_files_change(void **state) {
  (void)state;
  load(PLAIN("one"));
  s.clock.at += MD_MINUTE;
  load(PLAIN("two"));
  trigger(1, 1);
  assert_int_equal(roll_back(0), 0);
  trigger(2, 2);
  assert_int_equal(run_of(1).version, 2);
  assert_int_equal(run_of(2).version, 1);
  load(PLAIN("two")); // SIGHUP: the files are what they were
  trigger(3, 3);
  assert_int_equal(run_of(3).version, 1);
  md_engine_free(s.engine);
  md_engine_options options = {.store = s.store, .clock = &s.clock.clock, .messenger = &s.messenger};
  assert_int_equal(md_engine_new(&s.engine, &options, NULL), 0);
  load(PLAIN("two"));
  trigger(4, 4);
  assert_int_equal(run_of(4).version, 1);
  s.clock.at += MD_MINUTE;
  load(PLAIN("three"));
  trigger(5, 5);
  assert_int_equal(run_of(5).version, 3);
}

static void test_a_second_rollback_goes_further_back(void **state) {
  (void)state;
  static const char *const words[] = {PLAIN("one"), PLAIN("two"), PLAIN("three")};
  for (int i = 0; i < 3; i++) {
    load(words[i]);
    s.clock.at += MD_MINUTE;
  }
  assert_int_equal(roll_back(0), 0);
  assert_int_equal(roll_back(0), 0);
  trigger(1, 1);
  assert_int_equal(run_of(1).version, 1);
  assert_int_equal(roll_back(0), MD_ENOTFOUND);
  assert_int_equal(roll_back(1), MD_ECONFLICT);
  assert_int_equal(roll_back(99), MD_ENOTFOUND);
  assert_int_equal(roll_back(3), 0); // what the files have: they decide again
  load(words[2]);
  trigger(2, 2);
  assert_int_equal(run_of(2).version, 3);
  s.clock.at += MD_MINUTE;
  load(words[0]);
  trigger(3, 3);
  assert_int_equal(run_of(3).version, 1);
  assert_int_equal(roll_back(0), 0); // it became live last, after three
  trigger(4, 4);
  assert_int_equal(run_of(4).version, 3);
}

// The scripts without the moment: one that nothing of here starts is left.
static void remove_moment(void) {
  shop_load(&s, "events.lua", plan, "other/moment.lua",
            "return require('moment').define { class = 'service', on = 'z', run = function() end }", NULL);
}

static void test_a_removed_moment_can_be_brought_back(void **state) {
  (void)state;
  load(PLAIN("one"));
  remove_moment();
  trigger(1, 1);
  assert_int_equal(run_count(), 0);
  assert_int_equal(roll_back(0), 0);
  trigger(2, 2);
  assert_int_equal(run_count(), 1);
  remove_moment();
  trigger(3, 3);
  assert_int_equal(run_count(), 2);
}

static void test_a_removed_moment_keeps_what_a_pause_kept(void **state) {
  (void)state;
  load(PLAIN("one"));
  doing pause = {.act = pause_act}, resume = {.act = resume_act, .share = {.limit = 9, .span = MD_HOUR}};
  assert_int_equal(act(&pause), 0);
  trigger(1, 1);
  remove_moment();
  assert_int_equal(act(&resume), MD_ECONFLICT);
  load(PLAIN("one"));
  assert_int_equal(in_shares(resume_act, 9), 1);
  assert_int_equal(run_count(), 1);
}

// T7: the clock starts what the version says that is live.
static void test_T7_schedules_are_those_of_the_version(void **state) {
  (void)state;
  load(MOMENT("on = moment.schedule('0 * * * *', 'UTC'),", "return 'one'"));
  s.clock.at += MD_SECOND;
  load(MOMENT("on = 'a',", "return 'two'"));
  assert_int_equal(roll_back(0), 0);
  shop_advance(&s, 2 * MD_HOUR);
  assert_int_equal(run_count(), 2);
}

// --- all runs of a moment

static void test_R3_all_parked_runs_are_retried(void **state) {
  (void)state;
  shop_load(&s, "events.lua", plan, "m/moment.lua", MOMENT("on = 'a',", "error('x')"), "n/moment.lua",
            MOMENT("on = 'a',", "error('y')"), NULL);
  for (int i = 0; i < 5; i++)
    trigger(i, i);
  shop_load(&s, "events.lua", plan, "m/moment.lua", MOMENT("on = 'a',", "return 'mended'"), "n/moment.lua",
            MOMENT("on = 'a',", "return 'mended'"), NULL);
  assert_int_equal(in_shares(retry_act, 2), 5);
  shop_runs all = shop_all_runs(&s);
  for (int i = 0; i < all.count; i++)
    assert_int_equal(all.list[i].state, strcmp(all.list[i].moment, "m") == 0 ? MD_RUN_DONE : MD_RUN_PARKED);
  assert_int_equal(in_shares(retry_act, 2), 0);
}

// T9: newest first, so that nothing queued begins on the way; its messages are withdrawn.
static void test_T9_all_runs_are_cancelled(void **state) {
  (void)state;
  load(MOMENT("on = 'a', again = 'queue',", "m:send { template = 'x' }\nm:wait_for('b')\nreturn 'x'"));
  for (int i = 0; i < 7; i++)
    trigger(i / 3, i);
  assert_int_equal(md_store_count(s.store, "messages", NULL), 3);
  assert_int_equal(in_shares(cancel_act, 2), 7);
  shop_runs all = shop_all_runs(&s);
  for (int i = 0; i < all.count; i++) {
    assert_int_equal(all.list[i].state, MD_RUN_CANCELLED);
    assert_string_equal(all.list[i].reason, "operator");
  }
  assert_int_equal(md_store_count(s.store, "messages", NULL), 3);
  trigger(1, 1);
  assert_int_equal(run_of(8).state, MD_RUN_WAITING);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_a_paused_moment_drops_nobody, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_new_triggers_wait_for_the_old, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_T1_too_old_a_trigger_starts_nothing_when_resumed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_T3_queued_runs_begin_after_the_pause, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_T7_one_of_the_missed_times_fires, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_a_pause_outlives_a_reload_and_a_restart, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_pausing_and_resuming_are_refused_where_they_are_nothing, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_B1_a_rollback_of_the_batch_undoes_it, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_a_rollback_holds_until_the_files_change, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_a_second_rollback_goes_further_back, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_a_removed_moment_can_be_brought_back, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_a_removed_moment_keeps_what_a_pause_kept, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_T7_schedules_are_those_of_the_version, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R3_all_parked_runs_are_retried, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_T9_all_runs_are_cancelled, set_up, tear_down)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
