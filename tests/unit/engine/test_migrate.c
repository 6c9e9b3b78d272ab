// SPDX-License-Identifier: Apache-2.0
// R4 case by case: what fits, what does not and how it is told apart, what the new wait is, and that a dry run and a
// failed allocation leave everything as it was.
#include "base/alloc.h"
#include "caller.h"
#include "engine/state.h"
#include "migration.h"

static const char plan[] = "local plan = require 'plan'\nreturn plan.define { person = { strong = { 'subject' } },\n"
                           "  things = { cart = { of = 'person', at = 'data.cart_id' } } }\n";

#define MOMENT(options, body)                                                                                          \
  "local moment = require 'moment'\nreturn moment.define { class = 'service', on = 'a', " options                      \
  " run = function(m, event)\n" body "\nend }\n"

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

static md_run run_of(int64_t id) {
  md_run run;
  assert_int_equal(md_runs_get(s.store, id, s.arena, &run, NULL), 0);
  return run;
}

static md_wait wait_of(int64_t id) {
  md_wait wait;
  md_run run = run_of(id);
  assert_int_equal(md_wait_unpack(run.wait, run.wait_len, &wait), 0);
  return wait;
}

static tried migrate(void) {
  return migration_try(&s, migration_newest(&s), false, 100);
}

// One run that waits for b on the first script (after a c), tried on the second.
static md_rehearsal try_bodies(const char *first, const char *second) {
  load(first);
  shop_event(&s, "a", "ida", "{\"n\":1}");
  shop_event(&s, "c", "ida", "{\"n\":2}");
  assert_string_equal(shop_outcome(&s), "waiting");
  load(second);
  md_run before = run_of(1);
  tried dry = migration_try(&s, migration_newest(&s), true, 100);
  md_run after = run_of(1);
  assert_int_equal(before.version, after.version);
  assert_int_equal(before.wait_len, after.wait_len);
  assert_memory_equal(before.wait, after.wait, before.wait_len);
  assert_int_equal(dry.count, 1);
  return dry.list[0];
}

#define C_THEN_B "m:wait_for('c')\nm:send { template = 'x' }\nm:wait_for('b', { within = '2h' })\nreturn 'end'"

static void test_R4_a_journal_that_is_answered_fits(void **state) {
  (void)state;
  md_rehearsal got = try_bodies(
      MOMENT("", C_THEN_B),
      MOMENT("", "m:wait_for('c', { within = '3d' })\nm:log('seen before')\nm:send { template = 'x', data = { "
                 "n = 7 } }\n\nm:wait_for({ 'b', 'd' }, { within = '1h' })\nreturn 'new'"));
  assert_int_equal(got.fit, MD_FIT_FITS);
  assert_int_equal(got.step, 3);
  assert_int_equal(got.drift, 2);
  assert_string_equal(got.recorded, "wait_for(b) at m/moment.lua:5");
  assert_string_equal(got.attempted, "wait_for(b,d) at m/moment.lua:7");
  md_micros opened = wait_of(1).opened_at;
  shop_advance(&s, MD_MINUTE);
  migrate();
  assert_int_equal(wait_of(1).opened_at, opened);
  assert_int_equal(wait_of(1).deadline, opened + MD_HOUR);
  assert_int_equal(run_of(1).due_at, opened + MD_HOUR);
  assert_int_equal(md_store_count(s.store, "messages", NULL), 1);
  shop_event(&s, "d", "ida", NULL);
  assert_string_equal(shop_outcome(&s), "new");
}

static void test_R4_another_step_diverges(void **state) {
  (void)state;
  md_rehearsal got = try_bodies(MOMENT("", C_THEN_B), MOMENT("", "m:wait_for('c')\nm:wait_for('b')\nreturn 'x'"));
  assert_int_equal(got.fit, MD_FIT_DIVERGES);
  assert_int_equal(got.step, 2);
  assert_string_equal(got.recorded, "send(x) at m/moment.lua:4");
  assert_string_equal(got.attempted, "wait_for(b) at m/moment.lua:4");
  int64_t old = run_of(1).version;
  migrate();
  assert_int_equal(run_of(1).version, old);
  shop_event(&s, "b", "ida", NULL);
  assert_string_equal(shop_outcome(&s), "end");
}

static void test_R4_an_end_before_the_journals_diverges(void **state) {
  (void)state;
  md_rehearsal got = try_bodies(MOMENT("", C_THEN_B), MOMENT("", "m:wait_for('c')\nreturn 'x'"));
  assert_int_equal(got.fit, MD_FIT_DIVERGES);
  assert_int_equal(got.step, 2);
  assert_string_equal(got.recorded, "send(x) at m/moment.lua:4");
  assert_string_equal(got.attempted, "the end of run");
}

static void test_R4_what_does_something_first_would_act(void **state) {
  (void)state;
  md_rehearsal got =
      try_bodies(MOMENT("", C_THEN_B), MOMENT("", "m:wait_for('c')\nm:send { template = 'x' }\nm:send { template = 'x' "
                                                  "}\nm:wait_for('b')"));
  assert_int_equal(got.fit, MD_FIT_ACTS);
  assert_int_equal(got.step, 3);
  assert_string_equal(got.recorded, "wait_for(b) at m/moment.lua:5");
  assert_string_equal(got.attempted, "send(x) at m/moment.lua:5");
  assert_int_equal(md_store_count(s.store, "messages", NULL), 1);
}

static void test_R4_an_end_would_act(void **state) {
  (void)state;
  md_rehearsal got =
      try_bodies(MOMENT("", C_THEN_B), MOMENT("", "m:wait_for('c')\nm:send { template = 'x' }\nreturn 'x'"));
  assert_int_equal(got.fit, MD_FIT_ACTS);
  assert_string_equal(got.attempted, "the end of run");
}

static void test_R4_an_error_is_told(void **state) {
  (void)state;
  md_rehearsal got = try_bodies(MOMENT("", C_THEN_B),
                                MOMENT("", "m:wait_for('c')\nm:send { template = 'x' }\nerror('no ' .. event.data.n)"));
  assert_int_equal(got.fit, MD_FIT_ERRORS);
  assert_string_equal(got.attempted, "m/moment.lua:5: no 1");
}

static void test_R4_a_wait_that_cannot_be_opened_is_an_error(void **state) {
  (void)state;
  md_rehearsal got = try_bodies(MOMENT("", "m:wait_for('c')\nm:wait_for('b')"),
                                MOMENT("", "m:wait_for('c')\nm:wait_for('b', { by = 'basket' })"));
  assert_int_equal(got.fit, MD_FIT_ERRORS);
  assert_non_null(strstr(got.attempted, "by = 'basket' is no kind of thing"));
}

static void test_R4_a_loop_is_an_error(void **state) {
  (void)state;
  md_rehearsal got = try_bodies(MOMENT("", "m:wait_for('c')\nm:wait_for('b')"),
                                MOMENT("", "m:wait_for('c')\nwhile true do end\nm:wait_for('b')"));
  assert_int_equal(got.fit, MD_FIT_ERRORS);
}

// W4: the new wait's where is asked about what came since the trigger.
static void test_R4_a_where_that_fails_is_an_error(void **state) {
  (void)state;
  load(MOMENT("", "m:wait_for('b', { where = function(e) return e.data.n > 5 end })\nreturn 'end'"));
  shop_event(&s, "a", "ida", "{\"n\":1}");
  shop_event(&s, "b", "ida", "{\"n\":2}");
  load(MOMENT("", "m:wait_for('b', { where = function(e) return e.data.x.y end })\nreturn 'end'"));
  tried got = migrate();
  assert_int_equal(got.list[0].fit, MD_FIT_ERRORS);
  assert_non_null(strstr(got.list[0].attempted, "where of wait_for(b) at m/moment.lua:3"));
  assert_int_equal(run_of(1).state, MD_RUN_WAITING);
  shop_event(&s, "b", "ida", "{\"n\":6}");
  assert_string_equal(shop_outcome(&s), "end");
}

// W1: what was there before and was not taken answers the new wait at once.
static void test_R4_answered_at_once(void **state) {
  (void)state;
  md_rehearsal got = try_bodies(MOMENT("", "m:wait_for('b', { within = '2h' })\nreturn 'end'"),
                                MOMENT("", "local e = m:wait_for({ 'b', 'c' }, { within = '1h' })\nreturn 'new ' .. "
                                           "e.data.n"));
  assert_int_equal(got.fit, MD_FIT_FITS);
  assert_true(got.answered && !got.due);
  assert_string_equal(shop_outcome(&s), "waiting");
  migrate();
  assert_string_equal(shop_outcome(&s), "new 2");
}

static void test_R4_due_at_once(void **state) {
  (void)state;
  load(MOMENT("", "m:wait_for('b', { within = '2h' })\nreturn 'end'"));
  shop_event(&s, "a", "ida", "{\"n\":1}");
  shop_advance(&s, MD_HOUR);
  load(MOMENT("", "local e = m:wait_for('b', { within = '30m' })\nreturn e and 'b' or 'time'"));
  tried dry = migration_try(&s, migration_newest(&s), true, 100);
  assert_true(dry.list[0].due && !dry.list[0].answered);
  assert_string_equal(shop_outcome(&s), "waiting");
  migrate();
  shop_settle(&s);
  assert_string_equal(shop_outcome(&s), "time");
}

// W5: a collection is gathered anew, by what the new code says.
static void test_R4_a_collection_is_gathered_anew(void **state) {
  (void)state;
  load(MOMENT("", "local l = m:collect('c', { within = '1h' })\nreturn 'old ' .. #l"));
  shop_event(&s, "a", "ida", "{\"n\":1}");
  for (int i = 0; i < 3; i++)
    shop_event(&s, "c", "ida", "{\"n\":2}");
  shop_event(&s, "d", "ida", "{\"n\":2}");
  load(MOMENT("", "local l = m:collect({ 'c', 'd' }, { within = '1h', max = 9 })\nreturn 'new ' .. #l"));
  tried got = migrate();
  assert_int_equal(got.list[0].fit, MD_FIT_FITS);
  assert_false(got.list[0].answered);
  assert_int_equal(wait_of(1).gathered, 4);
  shop_event(&s, "d", "ida", "{\"n\":2}");
  shop_advance(&s, 2 * MD_HOUR);
  assert_string_equal(shop_outcome(&s), "new 5");
}

// W1: `since = "now"` means since the wait was opened, however late the move.
static void test_R4_since_now_is_since_the_opening(void **state) {
  (void)state;
  load(MOMENT("", "m:sleep('1h')\nm:wait_for('b')\nreturn 'end'"));
  shop_event(&s, "a", "ida", "{\"n\":1}");
  shop_event(&s, "c", "ida", "{\"n\":2}"); // before the wait is opened
  shop_advance(&s, 2 * MD_HOUR);
  shop_event(&s, "c", "ida", "{\"n\":3}");
  load(MOMENT("", "m:sleep('1h')\nreturn 'c ' .. m:wait_for('c', { since = 'now' }).data.n"));
  migrate();
  assert_string_equal(shop_outcome(&s), "c 3");
}

static void test_R4_a_wait_that_knows_its_start_keeps_it(void **state) {
  (void)state;
  load(MOMENT("", "m:wait_for('b', { since = 'now', within = '1h' })\nreturn 'end'"));
  shop_event(&s, "a", "ida", "{\"n\":1}");
  int64_t after = wait_of(1).after;
  shop_event(&s, "c", "ida", NULL);
  load(MOMENT("", "m:wait_for('b', { since = 'now', within = '2h' })\nreturn 'new'"));
  migrate();
  assert_int_equal(wait_of(1).after, after);
}

// A call that is on its way is recorded as much as the journal is (H1).
static void test_R4_an_open_call(void **state) {
  (void)state;
  shop_close(&s);
  caller *c = caller_new();
  shop_open_calling(&s, &c->caller);
  load(MOMENT("", "m:http { connection = 'shop', path = '/x' }\nreturn 'end'"));
  shop_event(&s, "a", "ida", NULL);
  load(MOMENT("", "m:wait_for('b')\nreturn 'x'"));
  tried got = migrate();
  assert_int_equal(got.list[0].fit, MD_FIT_DIVERGES);
  assert_int_equal(got.list[0].step, 1);
  load(MOMENT("", "\nlocal r = m:http { connection = 'shop', path = '/y' }\nreturn 'new ' .. r.status"));
  got = migrate();
  assert_int_equal(got.list[0].fit, MD_FIT_FITS);
  assert_int_equal(c->made, 1);
  come_back(&s, c, MD_CALL_END_ANSWER, 204, "");
  assert_string_equal(shop_outcome(&s), "new 204");
  load(MOMENT("", "m:wait_for('b')\nreturn 'x'"));
  shop_event(&s, "a", "bo", NULL);
  load(MOMENT("", "m:http { connection = 'shop', path = '/x' }\nreturn 'end'"));
  got = migrate();
  assert_int_equal(got.list[0].fit, MD_FIT_ACTS);
  assert_int_equal(c->made, 1);
  close_shop(&s, c);
  shop_open(&s);
}

// R5: the journal of a run that was continued begins with its state.
#define CONTINUED(body)                                                                                                \
  "local moment = require 'moment'\nreturn moment.define { class = 'service', on = 'a', run = function(m, event, n)\n" \
  "  if not n then m:wait_for('b') m:continue_as(7) end\n" body "\nend }\n"

static void test_R4_a_continued_run(void **state) {
  (void)state;
  load(CONTINUED("m:set('x', n)\nm:wait_for('c')\nreturn 'old'"));
  shop_event(&s, "a", "ida", NULL);
  shop_event(&s, "b", "ida", NULL);
  load(CONTINUED("m:set('x', n)\nm:wait_for({ 'c', 'd' })\nreturn 'new ' .. n"));
  tried got = migrate();
  assert_int_equal(got.list[0].fit, MD_FIT_FITS);
  assert_int_equal(got.list[0].step, run_of(1).steps + 1);
  shop_event(&s, "d", "ida", NULL);
  assert_string_equal(shop_outcome(&s), "new 7");
}

// T3: what has not begun begins on the version that is live then; what is parked waits for `runs retry`.
static void test_R4_only_runs_in_flight_are_tried(void **state) {
  (void)state;
  load(MOMENT("again = 'queue',", "if event.data.n == 3 then error('x') end\nm:wait_for('b')\nreturn 'old'"));
  shop_event(&s, "a", "ida", "{\"n\":1}");
  shop_event(&s, "a", "ida", "{\"n\":2}");
  shop_event(&s, "a", "bo", "{\"n\":3}");
  load(MOMENT("again = 'queue',", "m:wait_for('b')\nreturn 'new'"));
  tried got = migrate();
  assert_int_equal(got.count, 1);
  assert_int_equal(got.list[0].run, 1);
  shop_event(&s, "b", "ida", NULL);
  assert_string_equal(shop_all_runs(&s).list[0].outcome, "new");
  assert_int_equal(run_of(2).version, migration_newest(&s));
  assert_int_equal(run_of(3).state, MD_RUN_PARKED);
}

static int migrate_nothing(md_submission *submission, md_engine *engine, md_error *err) {
  md_migration migration = {.moment = "m", .to = submission->count, .limit = 10, .span = MD_HOUR};
  return md_engine_migrate(engine, &migration, err);
}

static void test_R4_a_target_must_be_a_version_of_the_moment(void **state) {
  (void)state;
  load(MOMENT("", "m:wait_for('b')"));
  shop_load(&s, "events.lua", plan, "m/moment.lua", MOMENT("", "m:wait_for('b')"), "n/moment.lua",
            MOMENT("", "m:wait_for('c')"), NULL);
  assert_int_equal(shop_act(&s, migrate_nothing, 99), MD_ENOTFOUND);
  assert_int_equal(shop_act(&s, migrate_nothing, 2), MD_ENOTFOUND);
  assert_int_equal(shop_act(&s, migrate_nothing, 1), 0);
}

// It can be gone back the same way.
static void test_R4_there_and_back(void **state) {
  (void)state;
  load(MOMENT("", "m:wait_for('b', { within = '1h' })\nreturn 'old'"));
  for (int i = 0; i < 20; i++)
    shop_event(&s, "a", md_arena_printf(s.arena, "p%d", i), NULL);
  load(MOMENT("", "m:wait_for('b', { within = '2h' })\nreturn 'new'"));
  assert_int_equal(migration_try(&s, 2, false, 3).count, 20);
  assert_int_equal(migration_try(&s, 2, false, 3).count, 0);
  for (int i = 1; i <= 20; i++)
    assert_int_equal(run_of(i).version, 2);
  assert_int_equal(migration_try(&s, 1, false, 7).count, 20);
  shop_advance(&s, MD_HOUR);
  assert_string_equal(shop_outcome(&s), "old");
}

static void expect_on_one_side(md_migration *migration, int64_t runs) {
  int moved = 0;
  for (int64_t id = 1; id <= runs; id++) {
    md_run run = run_of(id);
    bool fresh = run.version == migration->to;
    assert_true(fresh || run.version == 1);
    assert_int_equal(wait_of(id).deadline - wait_of(id).opened_at, fresh ? 2 * MD_HOUR : MD_HOUR);
    moved += fresh;
  }
  assert_true(moved == 0 || moved == runs); // of one batch
}

// B1: whatever allocation fails, the runs of the batch are all moved or none is.
static void test_R4_every_allocation(void **state) {
  (void)state;
  int refused = 0;
  for (long n = 1; n < 200; n++) {
    shop_close(&s);
    shop_open(&s);
    load(MOMENT("", "m:wait_for('b', { within = '1h' })\nreturn 'old'"));
    for (int i = 0; i < 3; i++)
      shop_event(&s, "a", md_arena_printf(s.arena, "p%d", i), NULL);
    load(MOMENT("", "m:wait_for('b', { within = '2h' })\nreturn 'new'"));
    tried all = {.arena = s.arena, .migration = {.moment = "m", .to = 2, .limit = 9, .span = MD_HOUR}};
    md_submission submission = {.act = migration_act, .done = migration_done, .context = &all};
    assert_true(md_queue_push(md_engine_inbox(s.engine), &submission.node));
    for (md_loaded *at = s.engine->loaded; at; at = at->next)
      md_loaded_forget_vm(at);
    md_alloc_fail_after(n, 0);
    md_engine_batch(s.engine, false, &(md_error){0});
    md_alloc_fail_after(0, 0);
    refused += submission.code != 0;
    if (submission.code) expect_on_one_side(&all.migration, 3);
    shop_settle(&s);
    migration_try(&s, 2, false, 9);
    expect_on_one_side(&all.migration, 3);
    shop_event(&s, "b", "p2", NULL);
    assert_string_equal(shop_outcome(&s), "new");
  }
  assert_true(refused > 5);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_R4_a_journal_that_is_answered_fits, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R4_another_step_diverges, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R4_an_end_before_the_journals_diverges, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R4_what_does_something_first_would_act, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R4_an_end_would_act, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R4_an_error_is_told, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R4_a_wait_that_cannot_be_opened_is_an_error, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R4_a_loop_is_an_error, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R4_a_where_that_fails_is_an_error, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R4_answered_at_once, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R4_due_at_once, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R4_a_collection_is_gathered_anew, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R4_since_now_is_since_the_opening, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R4_a_wait_that_knows_its_start_keeps_it, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R4_an_open_call, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R4_a_continued_run, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R4_only_runs_in_flight_are_tried, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R4_a_target_must_be_a_version_of_the_moment, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R4_there_and_back, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R4_every_allocation, set_up, tear_down)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
