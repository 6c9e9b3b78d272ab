// SPDX-License-Identifier: Apache-2.0
// What C does is charged (S3): each of these would take seconds to hours for a few instructions. They end with the
// budget, the larger one too, and within a time of the processor that is far above what an idle machine needs.
// Sanitizers slow the allocator down, and time of the processor is what is measured.
// ctest: quick=no timeout=300 cost=20 asan=no
#include "script_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { ORDINARY = 1000000, HEAVY = 10000000 };
#define SECONDS_MAX 3.0 // of the processor, a turn of the larger budget; about 0.5 is what the guard aims at

static double processor(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static md_turn_result run_timed(const char *body, int64_t budget, md_error *err) {
  script_fixture f;
  md_arena *arena = md_arena_new(0), *before = md_json_scope(arena);
  const char *text = script_with_body(md_arena_printf(arena, "%s\nm:set('bad', 1)", body));
  md_json_scope(before);
  script_open(&f, text);
  f.budget = budget;
  double start = processor();
  md_turn_result result = script_turn(&f, NULL);
  double taken = processor() - start;
  *err = f.err;
  if (taken > SECONDS_MAX) fail_msg("%.1f s: %s", taken, body);
  if (result != MD_TURN_DONE) assert_string_equal(f.trace, "");
  script_close(&f);
  md_arena_free(arena);
  return result;
}

static void expect_end(const char *body) {
  md_error err;
  md_turn_result result = run_timed(body, ORDINARY, &err);
  if (result != MD_TURN_BUDGET) fail_msg("result %d: %s: %s", result, body, err.text);
  result = run_timed(body, HEAVY, &err);
  if (result != MD_TURN_BUDGET && result != MD_TURN_NOMEM) fail_msg("result %d: %s: %s", result, body, err.text);
}

// Refused before they start, whatever catches the error.
static void test_S3_library_calls_are_charged_before_they_start(void **state) {
  (void)state;
  static const char *const calls[] = {
      "('x'):rep(1 << 40)",
      "('x'):rep(math.maxinteger)",
      "(''):rep(1 << 40)",
      "(''):rep(1 << 40, 'xy')",
      "('x'):rep(1 << 26)",
      "string.pack('c2147483647', '')",
      "string.pack('!16 c999999999999999999', '')",
      "string.packsize(('c2147483647'):rep(1000))",
      "table.concat({}, 'x', 1, 1 << 40)",
      "table.concat(setmetatable({}, { __len = function() return 1 << 60 end, __index = type }))",
      "table.concat(setmetatable({}, { __index = type }), '', 1, 1 << 60)",
      "table.unpack({}, 1, 1 << 40)",
      "table.unpack({}, math.mininteger, math.maxinteger)",
      "table.unpack(setmetatable({}, { __len = function() return 1 << 60 end }))",
      "table.move({}, 1, 1 << 60, 2)",
      "table.move({}, 1, math.maxinteger, 1, {})",
      "table.insert(setmetatable({}, { __len = function() return 1 << 60 end }), 1, 1)",
      "table.remove(setmetatable({}, { __len = function() return 1 << 60 end }), 1)",
  };
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    char body[300];
    snprintf(body, sizeof body, "pcall(function() return %s end)", calls[i]);
    expect_end(body);
  }
}

// Loops whose every call is small enough.
static void test_S3_repeated_work_adds_up(void **state) {
  (void)state;
  static const char *const loops[] = {
      "s:upper()",
      "s:lower()",
      "s:reverse()",
      "s:sub(2)",
      "s:rep(2)",
      "s:byte(1, 10000)",
      "s:find('nothing', 1, true)",
      "s:find(s .. 'y', 1, true)",
      "s:match('^x*$')",
      "s:gsub('x', 'y')",
      "s:gsub('', '')",
      "('%s%s'):format(s, s)",
      "('%q'):format(s)",
      "('%99.99f'):rep(50):format(table.unpack(numbers))",
      "tonumber(digits)",
      "pcall(function() return digits + 1 end)",
      "pcall(math.floor, digits)",
      "pcall(function() return digits | 0 end)",
      "string.pack('s4', s)",
      "string.unpack('c65536', s)",
      "table.concat(list, s:sub(1, 100))",
      "table.insert(list, 1, 1) table.remove(list, 1)",
      "table.move(list, 1, #list, 2, {})",
      "table.unpack(list)",
      "table.pack(table.unpack(list))",
      "table.sort(list)",
      "table.sort(list, math.ult)",
      "select('#', table.unpack(list))",
      "select(-1, table.unpack(list))",
      "math.max(table.unpack(list))",
      "string.char(table.unpack(numbers))",
      "utf8.char(table.unpack(list))",
      "utf8.len(s)",
      "utf8.codepoint(s, 1, 10000)",
      "utf8.offset(s, 60000)",
      "utf8.offset(s, -60000)",
      "next(list)",
      "pairs(list)",
      "rawequal(s, s2)",
      "rawlen(s .. s2)",
      "#tostring(s .. s2)",
      "setmetatable({}, { __name = s })",
      "fmt.list(names)",
      "fmt.money(1, 'DKK')",
      "fmt.date(i, 'd' .. (' '):rep(i % 90))",
      "pcall(error, s .. i)",
      "pcall(error, { s .. i })",
      "m:log(s)",
      "require('fmt')",
  };
  for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
    char body[600];
    snprintf(body, sizeof body,
             "local fmt = require 'fmt' local s, s2 = ('x'):rep(64):rep(1024), ('x'):rep(64):rep(1024)\n"
             "local digits, list, names, numbers = ('1'):rep(20000), {}, {}, {}\n"
             "for i = 1, 5000 do list[i] = i end for i = 1, 99 do names[i] = 'n' .. i numbers[i] = 65 end\n"
             "local i = 0 while true do i = i + 1 local _ = %s end",
             loops[i]);
    expect_end(body);
  }
}

// What the VM itself does, without a call.
static void test_S3_work_of_the_vm_is_charged(void **state) {
  (void)state;
  static const char *const bodies[] = {
      "local s = ('x'):rep(64):rep(8192) while true do local t = s .. s end",
      "local s = 'x' while true do s = s .. s s = s:sub(1, 1 << 20) end",
      "local s = ('x'):rep(64):rep(512) while true do local t = s .. 1 end",
      "local a = ('x'):rep(64):rep(1 << 17) local b = ('x'):rep(64):rep(1 << 17) while true do local c = a == b end",
      "local a = ('x'):rep(64):rep(1 << 17) local b = ('x'):rep(64):rep(1 << 17) while true do local c = a < b end",
      "local a = ('x'):rep(64):rep(1 << 17) local b = ('x'):rep(64):rep(1 << 17) while true do local c = a <= b end",
      "local a = ('x'):rep(64):rep(200) local b = ('x'):rep(64):rep(200) while true do local c = a == b end",
      "local a = ('x'):rep(64):rep(1 << 14) local t = { [a] = 1 } local b = ('x'):rep(64):rep(1 << 14)\n"
      "while true do local c = t[b] end",
      "local function g(...) end local t = {} for i = 1, 100000 do t[i] = i end\n"
      "local function f(...) while true do g(...) end end f(table.unpack(t))",
      "local t = {} for i = 1, 100000 do t[i] = i end\n"
      "local function f(...) while true do local x = { ... } end end f(table.unpack(t))",
      "local t = {} for i = 1, 100000 do t[i] = i end\n"
      "local function f(...) return select('#', ...) end while true do f(table.unpack(t)) end",
      // a table full to the last place is rebuilt at every new key
      "local t, n = {}, 0 for i = 1, 1 << 15 do n = n + 1 t['k' .. n] = 1 end\n"
      "while true do t['k' .. (n - (1 << 15) + 1)] = nil n = n + 1 t['k' .. n] = 1 end",
      // a large table that was emptied is walked whole
      "local t = {} for i = 1, 100000 do t[-i] = i end for i = 1, 100000 do t[-i] = nil end while true do next(t) end",
      "local t = {} for i = 1, 100000 do t[-i] = i end for i = 1, 100000 do t[-i] = nil end while true do pairs(t) end",
      // a chain of 1,900 tables is followed at every access
      "local t = {} for i = 1, 1900 do t = setmetatable({}, { __index = t }) end while true do local x = t.y end",
      // at the edge of memory
      "local t = {} while true do t[#t + 1] = {} end",
      "local s = ('1'):rep(60000) while true do pcall(function() return s | 1 end) end",
      "local function deep(n) return n == 0 and 0 or 1 + deep(n - 1) end while true do pcall(deep, 150000) end",
      "local s = ('('):rep(190) while true do pcall(error, s) end",
      "local t = setmetatable({}, { __eq = function() return true end }) while true do local x = t == {} end",
      "local t = setmetatable({}, { __concat = function() return 'x' end }) while true do local x = t .. t end",
      "local t = {} t.x = t setmetatable(t, { __index = t }) while true do local x = pcall(function() return t.y end) "
      "end",
  };
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
    expect_end(bodies[i]);
}

// Nothing of an ordinary size is refused.
static void test_S3_ordinary_work_is_not_refused(void **state) {
  (void)state;
  static const char *const bodies[] = {
      "local t = {} for i = 1, 5000 do t[i] = 'line ' .. i .. ' of a list' end local s = table.concat(t, '\\n')\n"
      "local n = 0 for line in s:gmatch('[^\\n]+') do n = n + #line end return tostring(n)",
      "local t = {} for i = 1, 5000 do t[i] = (i * 7919) % 5000 end table.sort(t) return t[1] .. ''",
      "local s = '' for i = 1, 2000 do s = s .. 'x' end return tostring(#s)",
      "local s = ('word '):rep(5000) return (s:gsub('%w+', string.upper)):sub(1, 4)",
      "local t = {} for i = 1, 3000 do t['k' .. i] = i end local n = 0 for k, v in pairs(t) do n = n + v end return n "
      ".. ''",
      "local a, b = ('x'):rep(200000), ('x'):rep(200000) local n = 0 for i = 1, 100 do if a == b then n = n + 1 end "
      "end "
      "return n .. ''",
      "local s = ('\\u{e6}'):rep(5000) local n = 0 for _, c in utf8.codes(s) do n = n + c end return n .. ''",
      "local t = {} for i = 1, 500 do table.insert(t, 1, i) end while #t > 0 do table.remove(t, 1) end return 'x'",
  };
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
    md_error err;
    char body[600];
    snprintf(body, sizeof body, "local function work() %s end work()", bodies[i]);
    md_turn_result result = run_timed(body, ORDINARY, &err);
    if (result != MD_TURN_DONE) fail_msg("result %d: %s: %s", result, bodies[i], err.text);
  }
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_S3_library_calls_are_charged_before_they_start),
      cmocka_unit_test(test_S3_repeated_work_adds_up),
      cmocka_unit_test(test_S3_work_of_the_vm_is_charged),
      cmocka_unit_test(test_S3_ordinary_work_is_not_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
