// SPDX-License-Identifier: Apache-2.0
// Budget and memory: exceeded is exceeded, whatever the script catches (S3, S4, S7).
#include "base/alloc.h"
#include "script_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { HEAVY = 10000000 };

static void expect_with(int64_t budget, const char *body, md_turn_result expected, const char *text) {
  script_fixture f;
  md_arena *arena = md_arena_new(0), *before = md_json_scope(arena);
  const char *moment = script_with_body(body);
  md_json_scope(before);
  script_open(&f, moment);
  f.budget = budget;
  for (int i = 0; i < 2; i++) { // and the state can be used again
    md_turn_result result = script_turn(&f, NULL);
    if (result != expected) fail_msg("result %d instead of %d: %s: %s", result, expected, f.err.text, body);
    if (!strstr(f.err.text, text)) fail_msg("\"%s\" is not in: %s", text, f.err.text);
    assert_string_equal(f.trace, "");
  }
  script_close(&f);
  md_arena_free(arena);
}

static void expect_result(const char *body, md_turn_result expected, const char *text) {
  expect_with(0, body, expected, text);
}

static void test_S3_endless_loops_end(void **state) {
  (void)state;
  static const char *const bodies[] = {
      "while true do end",
      "while true do pcall(function() while true do end end) end",
      "pcall(pcall, function() repeat until false end) m:set('bad', 1)",
      "table.sort({ 2, 1 }, function() while true do end end)",
      "table.sort({ 2, 1 }, function() pcall(function() while true do end end) m:set('bad', 1) return true end)",
      "pcall(table.sort, { 2, 1 }, function() while true do end end) m:set('bad', 1)",
      "(('x'):rep(9)):gsub('x', function() while true do pcall(error) end end)",
      "local t = setmetatable({}, { __index = function() while true do end end }) pcall(function() return t.x end) "
      "m:set('bad', 1)",
      "xpcall(function() while true do end end, function() while true do end end)",
      "xpcall(error, function() while true do end end) m:set('bad', 1)",
      "table.sort({ 2, 1 }, function() xpcall(function() while true do end end, function() while true do end end) end)",
      "local t = setmetatable({}, { __tostring = function() while true do end end }) pcall(tostring, t) m:set('bad', "
      "1)",
      "error(setmetatable({}, { __tostring = function() while true do end end }))",
      "local t = {} for i = 1, 2000 do t[i] = i end while true do for k in pairs(t) do end end",
      "local t = {} for i = 1, 2000 do t[i] = i end while true do next(t) end",
      "local t = {} for i = 1, 2000 do t[i] = i end while true do table.sort(t) end",
      "for i in function() return 1 end do end",
      "local function f() return f() end f()",
      "goto top ::top:: goto top",
  };
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
    expect_result(bodies[i], MD_TURN_BUDGET, "the budget of 1000000 instructions");
}

static void test_S3_the_end_is_told_with_its_line(void **state) {
  (void)state;
  expect_result("local x\nwhile true do end", MD_TURN_BUDGET, "m1/moment.lua:4: ");
}

static void test_S3_replay_is_counted_apart(void **state) {
  (void)state;
  script_fixture f;
  md_arena *arena = md_arena_new(0), *before = md_json_scope(arena);
  const char *text =
      script_with_body("for k = 1, 4 do for i = 1, 400000 do end m:get('x') m:sleep(1) end return 'end'");
  md_json_scope(before);
  script_open(&f, text);
  for (int told = 0; told < 2; told++) {
    f.no_replaying = told;
    f.journal = json_array();
    assert_int_equal(script_turn(&f, NULL), MD_TURN_SUSPENDED);
    assert_in_range(f.end.instructions, 400000, 405000);
    for (int k = 0; k < 3; k++) {
      assert_int_equal(script_answer(&f, NULL), MD_TURN_SUSPENDED);
      assert_in_range(f.end.instructions, 399000, 405000);
    }
    assert_int_equal(script_answer(&f, NULL), MD_TURN_DONE);
    assert_in_range(f.end.instructions, 0, 2000);
  }
  script_close(&f);
  md_arena_free(arena);
}

// What can be done about it is said of the budget that was exceeded.
static void test_S3_replays_that_are_too_long_are_told_apart(void **state) {
  (void)state;
  script_fixture f;
  md_arena *arena = md_arena_new(0), *before = md_json_scope(arena);
  const char *text = script_with_body("for k = 1, 4 do for i = 1, 400000 do end m:sleep(1) end return 'end'");
  md_json_scope(before);
  const md_vm_limits limits = {.replay = 500000};
  if (script_try(&f, &limits, text, NULL)) fail_msg("%s", f.err.text);
  f.journal = json_array();
  assert_int_equal(script_turn(&f, NULL), MD_TURN_SUSPENDED);
  assert_int_equal(script_answer(&f, NULL), MD_TURN_SUSPENDED);
  assert_int_equal(script_answer(&f, NULL), MD_TURN_BUDGET);
  assert_non_null(strstr(f.err.text,
                         "the budget of 500000 instructions for the steps that are behind the run is exceeded: "
                         "begin anew before there are so many, with m:continue_as(state)"));
  script_close(&f);
  md_arena_free(arena);
}

static void test_S3_a_larger_budget_may_be_given(void **state) {
  (void)state;
  script_fixture f;
  const md_turn_host host = {0};
  md_event_view trigger = {.id = "e", .type = "t", .source = "s"};
  script_open(&f, "return require('moment').define { class = 'service', on = 'a', run = function()\n"
                  "for i = 1, 2000000 do end return 'done' end }");
  assert_int_equal(md_vm_turn(f.vm, &host, &trigger, 0, &f.end, &f.err), MD_TURN_BUDGET);
  assert_int_equal(md_vm_turn(f.vm, &host, &trigger, 10000000, &f.end, &f.err), MD_TURN_DONE);
  assert_string_equal(f.end.outcome, "done");
  script_close(&f);
}

static void test_S4_memory_is_capped_and_its_end_not_caught(void **state) {
  (void)state;
  static const char *const bodies[] = {
      "local x, t = ('x'):rep(50), {} for i = 1, 1e6 do t[i] = x:rep(20) .. i end",
      "local s = ('x'):rep(1024):rep(100 << 10)",
      "pcall(string.rep, ('x'):rep(1024), 100 << 10) m:set('bad', 1)",
      "while true do pcall(string.rep, ('x'):rep(1024), 100 << 10) end",
      "local s = ('x'):rep(1024):rep(1024) local t = {} for i = 1, 70 do t[i] = s end table.concat(t)",
      "table.sort({ 2, 1 }, function() pcall(string.rep, ('x'):rep(1024), 100 << 10) m:set('bad', 1) end)",
  };
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
    expect_with(10 * HEAVY, bodies[i], MD_TURN_NOMEM, "out of memory: a script has 65536 KiB");
}

static void test_S4_garbage_is_no_memory_problem(void **state) {
  (void)state;
  expect_with(10 * HEAVY, "local x = ('x'):rep(1024) local s for i = 1, 150 do s = x:rep(1024) .. i end", MD_TURN_DONE,
              "");
  expect_with(10 * HEAVY, "local x = ('x'):rep(40) local t for i = 1, 50000 do t = { x:rep(50) .. i } end",
              MD_TURN_DONE, "");
}

static void test_S7_defining_has_a_budget(void **state) {
  (void)state;
  script_expect_refused("while true do end", MD_EBUDGET, "m1/moment.lua:1: the budget of 1000000 instructions");
  script_fixture f;
  const md_vm_limits small = {.memory = 4 << 20};
  const char *text = "local t = {} for i = 1, 1e5 do t[i] = { {}, {} } end";
  assert_int_equal(script_try(&f, &small, text, NULL), MD_EBUDGET); // its own limit, not the process's
  assert_non_null(strstr(f.err.text, "out of memory: a script has 4096 KiB"));
  script_close(&f);
}

// Every allocation of building a version and of a turn fails once: an error or success, no leak, no crash.
static void test_S4_each_allocation_may_fail(void **state) {
  (void)state;
  static const char text[] =
      "local moment = require 'moment'\n"
      "return moment.define { class = 'service', on = { 'a', 'b' }, about = 'order', run = function(m, event)\n"
      "  pcall(function() m:send { template = 'x', data = event.data } end)\n"
      "  for k in pairs(event.data) do m:set(k, { k }) end\n"
      "  return xpcall(function() m:wait_for { 'a', 'b' } end, tostring) and ('x'):rep(600) end }";
  int failures = 0;
  for (int n = 1; n < 400; n++) {
    script_fixture f;
    md_error err;
    md_vm *vm = NULL;
    md_source_file file = {"m1/moment.lua", text, sizeof text - 1};
    md_source source = {.files = &file, .count = 1};
    md_alloc_fail_after(n, 0);
    int code = md_vm_new(&vm, "m1", &source, NULL, &err);
    long made = md_alloc_fail_after(0, 0);
    assert_true(code == 0 || code == MD_ENOMEM || code == MD_ESYNTAX);
    md_vm_free(code ? NULL : vm);
    failures += code != 0;
    if (made < n) break;
    assert_int_equal(script_try(&f, NULL, text, NULL), 0);
    md_alloc_fail_after(n, 0);
    md_turn_result result = script_turn(&f, "{\"one\":1,\"two\":[1,2]}");
    md_alloc_fail_after(0, 0);
    assert_true(result == MD_TURN_SUSPENDED || result == MD_TURN_NOMEM || result == MD_TURN_ERROR);
    script_close(&f);
  }
  assert_true(failures > 3);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_S3_endless_loops_end),
      cmocka_unit_test(test_S3_the_end_is_told_with_its_line),
      cmocka_unit_test(test_S3_replay_is_counted_apart),
      cmocka_unit_test(test_S3_replays_that_are_too_long_are_told_apart),
      cmocka_unit_test(test_S3_a_larger_budget_may_be_given),
      cmocka_unit_test(test_S4_memory_is_capped_and_its_end_not_caught),
      cmocka_unit_test(test_S4_garbage_is_no_memory_problem),
      cmocka_unit_test(test_S4_each_allocation_may_fail),
      cmocka_unit_test(test_S7_defining_has_a_budget),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
