// SPDX-License-Identifier: Apache-2.0
// Turns: replay, suspension through pcall, where steps may stand, a fresh environment each time (R1-R3, S8).
#include "script_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *order =
    "local moment = require \"moment\"\n"
    "seen = (seen or 0) + 1\n"
    "return moment.define {\n"
    "  class = \"service\", on = { \"order.placed\", \"order.payment_failed\" }, about = \"order\",\n"
    "  run = function(m, order)\n"
    "    local first = m:send { template = \"confirmation\", data = order.data }\n"
    "    m:log('sent', first.sent)\n"
    "    local event = m:wait_for({ \"order.changed\", \"order.cancelled\" }, { within = \"30d\" })\n"
    "    if not event then return \"done\" .. seen end\n"
    "    m:set(\"n\", event.data.n)\n"
    "    m:sleep(\"1.5h\")\n"
    "    return event.type .. \" \" .. m:get(\"n\") .. seen\n"
    "  end }\n";

static void test_R1_a_run_is_replayed_from_the_top(void **state) {
  (void)state;
  script_fixture f;
  script_open(&f, order);
  f.verbose_trace = true;
  assert_int_equal(script_turn(&f, "{\"total\":1.0}"), MD_TURN_SUSPENDED);
  assert_string_equal(f.trace,
                      "send confirmation {\"data\":{\"total\":1.0},\"template\":\"confirmation\"} "
                      "m1/moment.lua:6\n"
                      "wait_for order.cancelled,order.changed "
                      "{\"types\":[\"order.cancelled\",\"order.changed\"],\"within\":2592000} m1/moment.lua:8\n");
  assert_string_equal(f.log, "info sent\ttrue 7\n");
  f.verbose_trace = false;
  strcpy(f.trace, "wait_for order.cancelled,order.changed\n");
  assert_int_equal(script_answer(&f, "{\"n\":7}"), MD_TURN_SUSPENDED);
  assert_string_equal(f.trace, "wait_for order.cancelled,order.changed\nset n\nsleep \n");
  assert_string_equal(f.log, "info sent\ttrue 7\n");
  assert_int_equal(script_answer(&f, NULL), MD_TURN_DONE);
  assert_string_equal(f.end.outcome, "order.changed 71");
  assert_false(f.diverged);
  script_close(&f);
}

static void test_R1_a_timeout_answers_nil(void **state) {
  (void)state;
  script_fixture f;
  script_open(&f, order);
  assert_int_equal(script_turn(&f, NULL), MD_TURN_SUSPENDED);
  assert_int_equal(script_answer(&f, NULL), MD_TURN_DONE);
  assert_string_equal(f.end.outcome, "done1");
  script_close(&f);
}

static void test_R1_running_again_takes_the_same_steps(void **state) {
  (void)state;
  script_fixture f;
  script_open(&f, order);
  for (int i = 0; i < 100; i++)
    assert_int_equal(script_turn(&f, "{\"a\":{\"b\":[1,2,3]}}"), MD_TURN_SUSPENDED);
  assert_false(f.diverged);
  script_close(&f);
}

static void test_S8_suspension_passes_pcall(void **state) {
  (void)state;
  script_fixture f;
  md_arena *arena = md_arena_new(0), *before = md_json_scope(arena);
  const char *text = script_with_body("local ok, event = pcall(m.wait_for, m, 'a.b')\n"
                                      "xpcall(function() m:sleep('1h') end, function() m:set('bad', 1) end)\n"
                                      "return tostring(ok) .. event.data.n");
  md_json_scope(before);
  script_open(&f, text);
  assert_int_equal(script_turn(&f, NULL), MD_TURN_SUSPENDED);
  assert_int_equal(script_answer(&f, "{\"n\":5}"), MD_TURN_SUSPENDED);
  assert_int_equal(script_answer(&f, NULL), MD_TURN_DONE);
  assert_string_equal(f.end.outcome, "true5");
  assert_string_equal(f.trace, "wait_for a.b\nsleep \n");
  script_close(&f);
  md_arena_free(arena);
}

static void test_S8_steps_raise_in_callbacks(void **state) {
  (void)state;
  const char *text = "called from a callback";
  script_expect_error("table.sort({2, 1}, function(a, b) m:get('x') return a < b end)", text);
  script_expect_error("return (('x'):gsub('x', function() m:sleep(1) end))", text);
  script_expect_error("local t = setmetatable({}, { __index = function() return m:get('x') end }) return t.y", text);
  script_expect_error("local t = setmetatable({}, { __add = function() return m:get('x') end }) return t + 1", text);
  script_expect_error("local t = setmetatable({}, { __tostring = function() return m:get('x') end }) tostring(t)",
                      text);
  script_expect(
      "local said xpcall(error, function() said = select(2, pcall(m.get, m, 'x')) end) return said",
      "m1/moment.lua:3: m:get is called from a callback (sort, gsub, where, a metamethod or an error handler): "
      "steps stand in run itself");
}

static void test_S8_m_is_read_only_and_called_with_a_colon(void **state) {
  (void)state;
  script_expect_error("m.x = 1", "m1/moment.lua:3: m is read-only");
  script_expect_error("m.sleep('1h')", "m1/moment.lua:3: m.sleep is called with a colon: m:sleep");
  script_expect_error("m:wait_fro('x')", "there is no m:wait_fro; did you mean m:wait_for?");
  script_expect_error("require('moment').define = 1", "moment is read-only");
  script_expect_error("return getmetatable(m).x", "attempt to index a boolean value");
}

static void test_R3_errors_bear_file_and_line(void **state) {
  (void)state;
  script_expect_error("local x\nreturn x.y", "m1/moment.lua:4: attempt to index a nil value (local 'x')");
  script_expect_error("error('so')", "m1/moment.lua:3: so");
  script_expect_error("error('so', 0)", "m1/moment.lua:3: so");
  script_expect_error("error({})", "m1/moment.lua:3: an error value of type table was raised");
  script_expect_error("error(setmetatable({}, { __tostring = function() return 'told' end }))", "told");
  script_expect_error("m:get('raise')", "m1/moment.lua:3: the host says no");
  script_expect_error("return 5", "m1/moment.lua:4: run returned number");
  script_expect_error("return ('x'):rep(1025)", "too long");
  script_expect_error("return '\\xff'", "malformed");
  script_expect(("return nil"), NULL);
}

static void test_the_environment_is_fresh_each_turn(void **state) {
  (void)state;
  const char *more[] = {"shared/count.lua",
                        "local n = 0\nlast = nil\nreturn { next = function() n = n + 1 return n end }", NULL};
  script_fixture f;
  int code = script_try(&f, NULL,
                        "local moment, count = require 'moment', require 'count'\n"
                        "return moment.define { class = 'service', on = 'a', run = function()\n"
                        "  local old = leak leak = 'x'\n"
                        "  return count.next() .. tostring(old) .. tostring(require 'count' == count) end }",
                        more);
  assert_int_equal(code, 0);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(script_turn(&f, NULL), MD_TURN_DONE);
    assert_string_equal(f.end.outcome, "1niltrue");
  }
  script_close(&f);
}

static void test_modules_are_found_and_cycles_refused(void **state) {
  (void)state;
  const char *more[] = {"m1/own.lua", "return 'own'", "shared/own.lua", "return 'shared'", "m1/a.lua", "require 'b'",
                        "m1/b.lua",   "require 'a'",  "m1/x_spec.lua",  "not lua at all",  NULL};
  script_fixture f;
  int code =
      script_try(&f, NULL,
                 "local moment = require 'moment'\n"
                 "return moment.define { class = 'service', on = 'a', run = function(m)\n"
                 "  local _, why = pcall(require, 'a')\n"
                 "  m:log(why) m:log(select(2, pcall(require, 'owm'))) m:log(select(2, pcall(require, '../x')))\n"
                 "  return require 'own' end }",
                 more);
  assert_int_equal(code, 0);
  assert_int_equal(script_turn(&f, NULL), MD_TURN_DONE);
  assert_string_equal(f.end.outcome, "own");
  assert_non_null(strstr(f.log, "m1/b.lua:1: require \"a\": the module is being loaded"));
  assert_non_null(strstr(f.log, "there is no module owm; did you mean own?"));
  assert_non_null(strstr(f.log, "there is no module ../x"));
  script_close(&f);
}

static void test_T2_where_sees_the_event_and_has_a_small_budget(void **state) {
  (void)state;
  script_fixture f;
  md_event_view event = {.id = "e", .type = "a", .source = "s", .time = 1};
  bool accepted;
  script_open(&f, "return require('moment').define { class = 'service', on = 'a', run = function() end,\n"
                  "where = function(event, m) event.data.x = 1\n"
                  "  if event.type == 'loop' then while true do end end\n"
                  "  if event.type == 'bad' then return event.data.x.y.z end\n"
                  "  return event.type == 'a' and m == nil end }");
  assert_int_equal(md_vm_where(f.vm, &event, &accepted, &f.err), 0);
  assert_true(accepted);
  event.type = "b";
  assert_int_equal(md_vm_where(f.vm, &event, &accepted, &f.err), 0);
  assert_false(accepted);
  event.type = "loop";
  assert_int_equal(md_vm_where(f.vm, &event, &accepted, &f.err), MD_EBUDGET);
  assert_non_null(strstr(f.err.text, "m1/moment.lua:3: the budget of 100000 instructions"));
  event.type = "bad";
  assert_int_equal(md_vm_where(f.vm, &event, &accepted, &f.err), MD_ESCRIPT);
  assert_non_null(strstr(f.err.text, "m1/moment.lua:4: "));
  script_close(&f);
}

static void test_S9_a_turn_logs_100_lines_and_counts_the_rest(void **state) {
  (void)state;
  script_fixture f;
  md_arena *arena = md_arena_new(0), *before = md_json_scope(arena);
  const char *text = script_with_body("m:log('a\\nb\\27[1m', nil, {}, 1, 2.0, '\\xff') for i = 1, 120 do m:log(i) end");
  md_json_scope(before);
  script_open(&f, text);
  assert_int_equal(script_turn(&f, NULL), MD_TURN_DONE);
  assert_non_null(strstr(f.log, "info a\nb\x1b[1m\tnil\ttable\t1\t2.0\t\xc3\xbf 3\n"));
  assert_non_null(strstr(f.log, "info 99 3\nwarn 21 more lines in this turn are left out 0\n"));
  script_close(&f);
  md_arena_free(arena);
}

static void test_R2_now_and_random(void **state) {
  (void)state;
  script_expect("return m:now() .. ' ' .. m:random() .. ' ' .. m:random(10) .. ' ' .. m:random(-4, 3)",
                "1700000000 0.5 6 0");
  script_expect("return '' .. m:random(math.mininteger, math.maxinteger)", "0");
  script_expect_error("m:random(0)", "there is nothing from 1 to 0");
  script_expect_error("m:random(1.5)", "m:random takes whole numbers");
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_R1_a_run_is_replayed_from_the_top),
      cmocka_unit_test(test_R1_a_timeout_answers_nil),
      cmocka_unit_test(test_R1_running_again_takes_the_same_steps),
      cmocka_unit_test(test_S8_suspension_passes_pcall),
      cmocka_unit_test(test_S8_steps_raise_in_callbacks),
      cmocka_unit_test(test_S8_m_is_read_only_and_called_with_a_colon),
      cmocka_unit_test(test_R3_errors_bear_file_and_line),
      cmocka_unit_test(test_the_environment_is_fresh_each_turn),
      cmocka_unit_test(test_modules_are_found_and_cycles_refused),
      cmocka_unit_test(test_T2_where_sees_the_event_and_has_a_small_budget),
      cmocka_unit_test(test_S9_a_turn_logs_100_lines_and_counts_the_rest),
      cmocka_unit_test(test_R2_now_and_random),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
