// SPDX-License-Identifier: Apache-2.0
// What `check` finds in a script before it runs: forbidden names (S1), steps and options that there are not.
#include "script/lint.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct findings {
  char text[2000];
} findings;

static void note(void *context, int line, const char *what) {
  findings *all = context;
  size_t len = strlen(all->text);
  snprintf(all->text + len, sizeof all->text - len, "%d: %s\n", line, what);
}

static void steps(const char *text, const char *expected) {
  findings all = {{0}};
  md_script_lint_steps(text, strlen(text), note, &all);
  assert_string_equal(all.text, expected);
}

static void test_unknown_steps(void **state) {
  (void)state;
  steps("m:wait_fro('x')\nm:sleep('1h')", "1: there is no m:wait_fro; did you mean m:wait_for?\n");
  steps("local x = m:colect { 'a' }", "1: there is no m:colect; did you mean m:collect?\n");
  steps("view.m:anything() other.m:thing() form:wait_fro()", "");
  steps("local m = require 'mine'\nm:anything()", ""); // an m of its own
  steps("-- m:wait_fro()\nlocal s = 'm:wait_fro()'", "");
}

static void test_unknown_options(void **state) {
  (void)state;
  steps("m:wait_for('x', { whitin = '1h' })", "1: m:wait_for has no option 'whitin'; did you mean 'within'?\n");
  steps("m:wait_for({ 'a', 'b' }, {\n  within = '1h',\n  bye = 'person' })",
        "3: m:wait_for has no option 'bye'; did you mean 'by'?\n");
  steps("m:collect('x', { quiet = '2m', within = f { x = 1, y = 2 }, max = 3 })", "");
  steps("m:wait_for('x', { where = function(e)\n  local a, b = 1, 2\n  if a == b then c, d = a, b end\n"
        "  for i = 1, 2 do x, y = i, i end\n  return e.data.total == a, z end, sinse = 'now' })",
        "5: m:wait_for has no option 'sinse'; did you mean 'since'?\n");
  steps("m:send { template = 'x', data = { whatever = 1, locale = { deep = 2 } }, urgnet = true }",
        "1: m:send has no option 'urgnet'; did you mean 'urgent'?\n");
  steps("m:set('key', { anything = 1 }, { tll = '1h' })", "1: m:set has no option 'tll'; did you mean 'ttl'?\n");
  steps("m:update_profile { anything = 1 } m:get('x') m:emit { type = 'x', data = { a = 1 } }", "");
  steps("m:sleep_until { hour = 9, weekdy = 1 }", "1: m:sleep_until has no option 'weekdy'; did you mean 'weekday'?\n");
  steps("m:sleep_until(t, { late = 'skip', max_lateness = '1h' })", "");
  steps("m:wait_for('x', options) m:wait_for(('x'), { within = w == 1 and a or b })", "");
  steps("m:wait_for('x', {", "");
}

static void test_forbidden_names(void **state) {
  (void)state;
  findings all = {{0}};
  const char *text = "local t = os.time()\nprint(t)";
  md_script_lint(text, strlen(text), note, &all);
  assert_non_null(strstr(all.text, "1: os.time is not available in scripts"));
  assert_non_null(strstr(all.text, "2: print is not available in scripts"));
}

static void names(const char *text, const char *expected) {
  findings all = {{0}};
  md_script_lint(text, strlen(text), note, &all);
  assert_string_equal(all.text, expected);
}

static void test_steps_called_as_globals(void **state) {
  (void)state;
  names("send { template = 'x' }\nlocal e = wait_for('a', { within = '1h' })",
        "1: there is no function send: a step is a method of m, which run is given: write m:send(…)\n"
        "2: there is no function wait_for: a step is a method of m, which run is given: write m:wait_for(…)\n");
  names("sleep '1h'", "1: there is no function sleep: a step is a method of m, which run is given: write m:sleep(…)\n");
  names("m:send {} view.send {} m.send {}", "");
  names("local function send(m) end send {}\nlocal get = 1 get()", "");
  names("function send(m) end send(m)", "");
  names("send = function(m) end send(m)", "");
  names("local t = { send = f, get = function() end, set } print_ = get", "");
  names("local t = { send = f }\nsend {}",
        "2: there is no function send: a step is a method of m, which run is given: write m:send(…)\n");
  names("-- send {}\nlocal s = 'send {}' if count == 1 then total = add end", "");
}

static void nothing(const char *text, const char *expected) {
  findings all = {{0}};
  md_arena *arena = md_arena_new(0);
  assert_int_equal(md_lint_names(text, strlen(text), arena, note, &all), 0);
  md_arena_free(arena);
  assert_string_equal(all.text, expected);
}

static void test_names_that_are_nothing(void **state) {
  (void)state;
  nothing("local news = 1\nreturn nws or nws", "2: nws is nothing here, and nil when it is read: did you mean news?\n");
  nothing("return x", "1: x is nothing here, and nil when it is read: declare it with local\n");
  nothing("return fmt.money()", "1: fmt is nothing here: write local fmt = require \"fmt\" first\n");
  nothing("function f() end local function g() m:get 'x' end",
          "1: function f is global: write local function f\n"
          "1: m is nothing here: run is given it, and hands it to the functions that take steps\n");
  nothing("a, b.c = 1, 2\nlocal t = { d = 1, [e] = 2; f }\na = 1",
          "3: a is global by this: write local a = …\n1: b is nothing here, and nil when it is read: declare it with "
          "local\n2: e is nothing here, and nil when it is read: declare it with local\n2: f is nothing here, and nil "
          "when it is read: declare it with local\n");
  nothing("local a <const>, b <close> = 1 for i, v in pairs {} do a = b + i + v end goto on ::on:: return a == b", "");
  nothing("local t = { f = function(x, ...) local y = x; return { x = y, y } end } return t.z, t:q(), 'z', os.time(), "
          "print",
          "");
  nothing("local function f(m) m:get 'x' end send {} if a",
          "1: a is nothing here, and nil when it is read: declare it with local\n");
  nothing("local t = 1 if t ~= 2 and t <= 3 then t = 4 end", "");
}

static void test_dots_instead_of_colons(void **state) {
  (void)state;
  steps("m.send { template = 'x' }", "1: m.send is no call of a step: a colon stands before its name, write m:send\n");
  steps("m.sleep '1h'", "1: m.sleep is no call of a step: a colon stands before its name, write m:sleep\n");
  steps("m.send(m, { template = 'x' }) view.m.send {} m.other {} f(m.send)", "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_unknown_steps),          cmocka_unit_test(test_unknown_options),
      cmocka_unit_test(test_forbidden_names),        cmocka_unit_test(test_steps_called_as_globals),
      cmocka_unit_test(test_names_that_are_nothing), cmocka_unit_test(test_dots_instead_of_colons)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
