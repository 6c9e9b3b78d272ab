// SPDX-License-Identifier: Apache-2.0
// What the clock starts and ends: schedules (T7), sleep_until on the nights when the clocks change, continue_as (R5).
#include "base/timestamp.h"

#define SHOP_PLAN                                                                                                      \
  "local plan = require 'plan'\n"                                                                                      \
  "return plan.define { person = { strong = { 'subject' } } }\n"
#include "shop.h"
#include "store/schedules.h"

static md_micros at(const char *text) {
  md_micros out = 0;
  assert_int_equal(md_timestamp_parse(text, strlen(text), &out, NULL), 0);
  return out;
}

static void advance_to(const char *text) {
  shop_advance(&s, at(text) - s.clock.at);
}

static int runs(void) {
  return shop_all_runs(&s).count;
}

static const char *text_of(md_micros time) {
  char *text = md_arena_alloc(s.arena, 32);
  md_timestamp_format(time, text);
  return text;
}

// T7: a run without a person; its event is the schedule's.
static void test_T7_fires(void **state) {
  (void)state;
  load(MOMENT("on = moment.schedule('0 8 1 * *', 'Europe/Copenhagen')",
              "return event.type .. ' ' .. event.time .. ' ' .. tostring(m:past('a').count)"));
  advance_to("2026-03-01T06:59:59.999999Z");
  assert_int_equal(runs(), 0);
  advance_to("2026-03-01T07:00:00Z");
  assert_string_equal(shop_outcome(&s),
                      md_arena_printf(s.arena, "schedule %lld 0", (long long)(at("2026-03-01T07:00:00Z") / MD_SECOND)));
  assert_int_equal(shop_all_runs(&s).list[0].person, 0);
  advance_to("2026-04-01T06:00:00Z"); // summer time
  assert_int_equal(runs(), 2);
}

// T7: beside types in a list; `about` and `max_age` are for those.
static void test_T7_beside_types(void **state) {
  (void)state;
  load(MOMENT("on = { 'a', moment.schedule('*/10 * * * *'), moment.schedule('5 * * * *', 'UTC') }",
              "return event.type .. ' ' .. event.time % 3600 // 60"));
  shop_event(&s, "a", "ida", NULL);
  assert_int_equal(runs(), 1);
  shop_advance(&s, MD_HOUR);
  assert_int_equal(runs(), 8);
  shop_event(&s, "schedule", "ida", NULL); // an event of that name is no schedule
  assert_int_equal(runs(), 8);
}

// T7: of several missed times the last one fires; the skipped hour at the first instant after the gap, the doubled one
// once.
static void test_T7_missed_and_nights(void **state) {
  (void)state;
  load(MOMENT("on = moment.schedule('30 2 * * *')", "return 'at ' .. event.time"));
  s.clock.at = at("2026-03-20T12:00:00Z");
  shop_settle(&s);
  assert_int_equal(runs(), 1);
  assert_string_equal(shop_outcome(&s),
                      md_arena_printf(s.arena, "at %lld", (long long)(at("2026-03-20T01:30:00Z") / MD_SECOND)));
  advance_to("2026-03-29T00:59:59Z");
  assert_int_equal(runs(), 9);
  advance_to("2026-03-29T01:00:00Z");
  assert_int_equal(runs(), 10);
  advance_to("2026-10-25T00:29:59Z");
  int before = runs();
  advance_to("2026-10-25T00:30:00Z");
  assert_int_equal(md_runs_last_id(s.store), before == 64 ? md_runs_last_id(s.store) : before + 1);
  int64_t last = md_runs_last_id(s.store);
  advance_to("2026-10-26T01:29:59Z");
  assert_int_equal(md_runs_last_id(s.store), last);
}

static int count_schedule(void *context, const md_schedule_row *row) {
  (void)row;
  ++*(int *)context;
  return 0;
}

static int schedules(void) {
  int count = 0;
  md_schedules_list(s.store, NULL, count_schedule, &count, NULL);
  return count;
}

// T7: rows survive a restart of the engine and a reload, go with their schedule, and a run that still lives is not
// doubled.
static void test_T7_rows(void **state) {
  (void)state;
  const char *script = MOMENT("on = moment.schedule('0 * * * *', 'UTC')", "m:sleep('90m')\nreturn 'x'");
  load(script);
  md_micros due = md_schedules_due_at(s.store);
  s.clock.at += 30 * MD_SECOND;
  load(script);
  assert_int_equal(md_schedules_due_at(s.store), due);
  md_engine_free(s.engine);
  s.clock.at = due + 3 * MD_HOUR + MD_MINUTE;
  md_engine_options options = {.store = s.store, .clock = &s.clock.clock, .messenger = &s.messenger, .verify = true};
  assert_int_equal(md_engine_new(&s.engine, &options, NULL), 0);
  load(script);
  shop_settle(&s);
  assert_int_equal(runs(), 1);
  md_event event;
  assert_int_equal(md_events_get(s.store, shop_all_runs(&s).list[0].trigger_seq, s.arena, &event, NULL), 0);
  assert_string_equal(text_of(event.time), text_of(due + 3 * MD_HOUR));
  shop_advance(&s, MD_HOUR); // one time comes while the run sleeps
  assert_int_equal(runs(), 1);
  assert_string_equal(shop_unmatched(&s, md_events_last_seq(s.store)), "again");
  load(MOMENT("on = 'a'", "return 'x'"));
  assert_int_equal(schedules(), 0);
  shop_advance(&s, MD_DAY);
  assert_int_equal(runs(), 1);
}

// T7: a schedule that never fires, or cannot be read, refuses its version.
static void refused(const char *on, const char *said) {
  shop_load(&s, "events.lua", SHOP_PLAN, "m/moment.lua", md_arena_printf(s.arena, MOMENT("on = %s", "return 'x'"), on),
            NULL);
  if (!strstr(s.problems, said)) fail_msg("%s: \"%s\" does not say \"%s\"", on, s.problems, said);
}

static void test_T7_refused(void **state) {
  (void)state;
  refused("moment.schedule('0 8 30 2 *')", "m/moment.lua:2: moment.schedule: this schedule never fires");
  refused("moment.schedule('0 8 * *')", "this one has 4");
  refused("moment.schedule('0 8 1 * *', 'Europe/Kopenhagen')", "'Europe/Kopenhagen' is no time zone");
  refused("moment.schedule()", "moment.schedule must be a text, not nil");
  refused("{ moment.schedule('0 8 1 * *'), {} }", "on has a table that is no schedule");
  refused("{}", "moment.define needs on");
}

// sleep_until by the clock: in the customer's zone, else in Copenhagen's.
static void slept(const char *from, const char *when, const char *until) {
  shop_close(&s);
  shop_open(&s);
  load(md_arena_printf(s.arena, MOMENT("on = 'a'", "m:sleep_until(%s)\nreturn 'woke'"), when));
  s.clock.at = at("2026-02-10T00:00:00Z");
  shop_event(&s, "profile.updated", "tokyo", "{\"timezone\":\"Asia/Tokyo\"}");
  shop_event(&s, "profile.updated", "odd", "{\"timezone\":\"Nowhere/Land\"}");
  s.clock.at = at(from);
  shop_event(&s, "a", strstr(when, "--[[tokyo]]") ? "tokyo" : strstr(when, "--[[odd]]") ? "odd" : "ida", NULL);
  assert_string_equal(text_of(shop_all_runs(&s).list[0].due_at), until);
  advance_to(until);
  assert_string_equal(shop_outcome(&s), "woke");
}

static void test_sleep_until(void **state) {
  (void)state;
  slept("2026-02-11T05:00:00Z", "m:now() + 90", "2026-02-11T05:01:30Z");
  slept("2026-02-11T05:00:00Z", "{ hour = 9 }", "2026-02-11T08:00:00Z");
  slept("2026-02-11T08:00:00Z", "{ hour = 9 }", "2026-02-12T08:00:00Z"); // now is over
  slept("2026-02-11T05:10:00Z", "{ minute = 30 }", "2026-02-11T05:30:00Z");
  slept("2026-02-11T05:00:00Z", "{ hour = 9, minute = 15, weekday = 'monday' }", "2026-02-16T08:15:00Z");
  slept("2026-02-11T05:00:00Z", "{ hour = 9, weekday = 7 }", "2026-02-15T08:00:00Z");
  slept("2026-02-11T05:00:00Z", "{ hour = 9, tz = 'America/New_York' }", "2026-02-11T14:00:00Z");
  slept("2026-02-11T05:00:00Z", "{ hour = 9 --[[tokyo]] }", "2026-02-12T00:00:00Z");
  slept("2026-02-11T05:00:00Z", "{ hour = 9 --[[odd]] }", "2026-02-11T08:00:00Z");
}

// A time that is over wakes at once.
static void test_sleep_until_the_past(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "local from = m:now()\nm:sleep_until(from - 90)\nreturn 'woke after ' .. m:now() - from"));
  shop_event(&s, "a", "ida", NULL);
  assert_string_equal(shop_outcome(&s), "woke after 0");
}

static void test_sleep_until_on_nights_of_the_clock(void **state) {
  (void)state;
  slept("2026-03-28T12:00:00Z", "{ hour = 2, minute = 30 }", "2026-03-29T01:00:00Z"); // skipped: after the gap
  slept("2026-03-29T00:00:00Z", "{ hour = 9 }", "2026-03-29T07:00:00Z");
  slept("2026-10-24T12:00:00Z", "{ hour = 2, minute = 30 }", "2026-10-25T00:30:00Z"); // doubled: the first
  slept("2026-10-25T00:30:00Z", "{ hour = 2, minute = 30 }", "2026-10-26T01:30:00Z");
}

static void sleep_refused(const char *call, const char *said) {
  shop_close(&s);
  shop_open(&s);
  load(md_arena_printf(s.arena, MOMENT("on = 'a'", "%s"), call));
  shop_event(&s, "a", "ida", NULL);
  if (!strstr(shop_outcome(&s), said)) fail_msg("%s: \"%s\" does not say \"%s\"", call, shop_outcome(&s), said);
}

static void test_sleep_until_refused(void **state) {
  (void)state;
  sleep_refused("m:sleep_until('9:00')", "takes a time in seconds");
  sleep_refused("m:sleep_until {}", "needs an hour or a minute");
  sleep_refused("m:sleep_until { hour = 24 }", "hour must be a whole number from 0 to 23");
  sleep_refused("m:sleep_until { hour = 9, weekday = 0 }", "weekday must be a whole number from 1 to 7");
  sleep_refused("m:sleep_until { hour = 9, weekday = 'mandag' }", "weekday is 'mandag'");
  sleep_refused("m:sleep_until { hour = 9, tz = 'Mars/Base' }", "m/moment.lua:3: m:sleep_until: tz: 'Mars/Base' is no");
  sleep_refused("m:sleep_until(m:now() + 401 * 86400)", "over 400 days away");
}

// R5: the journal is short again, the state is run's third argument; key, time and what is unconsumed are kept, and
// messages and emitted events do not get the ids of earlier ones.
static void test_R5_continue_as(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "state = state or { n = 0, sum = 0 }\n"
                          "local e = m:wait_for('b', { within = '1d' })\n"
                          "if not e then return 'n ' .. state.n .. ' sum ' .. state.sum .. ' of ' .. event.data.x end\n"
                          "m:send { template = 'x' }\nm:emit { type = 'seen' }\n"
                          "m:continue_as { n = state.n + 1, sum = state.sum + e.data.n }"));
  shop_event(&s, "a", "ida", "{\"x\":7}");
  for (int i = 1; i <= 20; i++)
    shop_event(&s, "b", "ida", md_arena_printf(s.arena, "{\"n\":%d}", i));
  md_run run;
  assert_int_equal(md_runs_get(s.store, 1, s.arena, &run, NULL), 0);
  assert_int_equal(run.state, MD_RUN_WAITING);
  assert_int_equal(run.steps, 80);
  assert_true(run.journal_len < 120);
  assert_int_equal(md_store_count(s.store, "messages", NULL), 20);
  assert_int_equal(md_store_count(s.store, "events", NULL), 41);
  shop_event(&s, "a", "ida", "{\"x\":8}"); // the key is held
  assert_int_equal(runs(), 1);
  shop_advance(&s, MD_DAY);
  assert_string_equal(shop_outcome(&s), "n 20 sum 210 of 7");
}

// R5: what came early and is not consumed yet is found after it; what was consumed, by collect too, is not.
static void test_R5_early_events(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "local list = state or {}\nif #list == 0 then m:sleep('10m') end\n"
                          "local got = m:collect('b', { max = 2, within = '1m' })\n"
                          "for _, e in ipairs(got) do list[#list + 1] = e.data.n end\n"
                          "if #got == 0 then return table.concat(list, ' ') end\n"
                          "m:continue_as(list)"));
  shop_event(&s, "a", "ida", NULL);
  for (int i = 1; i <= 5; i++)
    shop_event(&s, "b", "ida", md_arena_printf(s.arena, "{\"n\":%d}", i));
  shop_advance(&s, MD_HOUR);
  assert_string_equal(shop_outcome(&s), "1 2 3 4 5");
}

// R5: on the current version; a script error afterwards parks the run, and a retry keeps the state.
static void test_R5_current_version(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "m:wait_for('b')\nm:continue_as { from = 'one' }"));
  shop_event(&s, "a", "ida", NULL);
  load(MOMENT("on = 'a'", "m:sleep(1)\nerror('boom ' .. state.from)"));
  shop_event(&s, "b", "ida", NULL);
  shop_advance(&s, MD_MINUTE);
  assert_non_null(strstr(shop_outcome(&s), "boom one"));
  load(MOMENT("on = 'a'", "m:sleep(1)\nreturn 'mended ' .. state.from"));
  assert_int_equal(shop_retry(&s, 1), 0);
  assert_string_equal(shop_outcome(&s), "mended one");
}

// R5, S9: without a wait it would go round for ever; the state is data.
static void test_R5_refused(void **state) {
  (void)state;
  sleep_refused("m:continue_as {}", "needs a wait before it");
  sleep_refused("m:sleep(1) m:continue_as { f = function() end }", "waiting");
  shop_advance(&s, MD_MINUTE);
  assert_non_null(strstr(shop_outcome(&s), "is no data"));
}

// R5: 10,000 steps park a run.
static void test_R5_too_many_steps(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "for i = 1, 10001 do m:set('n', i) end return 'x'"));
  shop_event(&s, "a", "ida", NULL);
  assert_int_equal(shop_all_runs(&s).list[0].state, MD_RUN_PARKED);
  assert_non_null(strstr(shop_outcome(&s), "m:continue_as"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      T(test_T7_fires),
      T(test_T7_beside_types),
      T(test_T7_missed_and_nights),
      T(test_T7_rows),
      T(test_T7_refused),
      T(test_sleep_until),
      T(test_sleep_until_the_past),
      T(test_sleep_until_on_nights_of_the_clock),
      T(test_sleep_until_refused),
      T(test_R5_continue_as),
      T(test_R5_early_events),
      T(test_R5_current_version),
      T(test_R5_refused),
      T(test_R5_too_many_steps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
