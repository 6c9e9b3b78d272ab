// SPDX-License-Identifier: Apache-2.0
// What `check` finds in the calls of m's methods (H1, M1, P5, W7), what it leaves alone, and the types that texts emit.
#include "script/lint_calls.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static md_arena *arena;
static char said[4000];
static bool declared;

static void note(const char *format, ...) {
  size_t len = strlen(said);
  va_list args;
  va_start(args, format);
  vsnprintf(said + len, sizeof said - len, format, args);
  va_end(args);
}

static void found(void *context, int line, const char *what) {
  (void)context;
  note("%d: %s\n", line, what);
}

static bool unknown(void *context, const char *name, char *advice, size_t room) {
  (void)context;
  snprintf(advice, room, "advice");
  return strcmp(name, "known") != 0;
}

static bool unknown_connection(void *context, const char *name, const char **near) {
  (void)context;
  *near = strcmp(name, "shp") == 0 ? "shop" : NULL;
  return strcmp(name, "shop") != 0;
}

static void variant(void *context, const char *template_name, const md_lint_variant_text *at) {
  (void)context;
  note("%d: %s: %s<%s>%s of %s\n", at->line, template_name, at->before, at->experiment ? at->experiment : "", at->after,
       at->asked ? at->asked : "none");
}

static void locale(void *context, const char *template_name, const char *text, int line) {
  (void)context;
  note("%d: %s in %s\n", line, template_name, text);
}

static void data(void *context, const char *template_name, const char *const *names, int line) {
  (void)context;
  note("%d: %s gets", line, template_name);
  for (; *names; names++)
    note(" %s", *names);
  note("\n");
}

static void lint(const char *text, const char *expected) {
  const md_call_lint lint = {.templates_declared = declared,
                             .unknown_type = unknown,
                             .unknown_kind = unknown,
                             .variant = variant,
                             .locale = locale,
                             .data = data,
                             .unknown_connection = unknown_connection,
                             .found = found};
  said[0] = '\0';
  assert_int_equal(md_lint_calls(&lint, text, strlen(text), arena), 0);
  assert_string_equal(said, expected);
}

static int set_up(void **state) {
  (void)state;
  declared = true;
  arena = md_arena_new(0);
  return arena ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  md_arena_free(arena);
  return 0;
}

static void test_P5_types_and_kinds(void **state) {
  (void)state;
  lint("m:wait_for('known', { by = 'known' })", "");
  lint("m:wait_for('x')\nm:past({ 'known', 'y' }, { by = 'z' })",
       "1: m:wait_for: nothing can answer 'x': advice\n2: m:past: nothing can answer 'y': advice\n"
       "2: m:past: by = 'z' is no kind of thing: advice\n");
  lint("m:collect('x' .. y) m:wait_for(x) m:wait_for({ x, f('y') }) m:get('x') other:wait_for('x')", "");
  lint("m:send { template = 't', unless = { past = 'x', within = '1h' } }",
       "1: m:send: unless: nothing can answer 'x': advice\n");
}

static void test_W7_values(void **state) {
  (void)state;
  lint("m:sleep('1h', { late = 'skip' })",
       "1: m:sleep: late says what to do past max_lateness: give max_lateness too\n");
  lint("m:sleep('1h', { late = 'x', max_lateness = '1h' })",
       "1: m:sleep: late is 'x'; it must be one of: branch go_on skip\n");
  lint("m:sleep_until { hour = 24, minute = 60 } m:sleep_until { hour = 23, minute = 59 } m:sleep_until { hour = h }",
       "1: m:sleep_until: hour must be a whole number from 0 to 23\n"
       "1: m:sleep_until: minute must be a whole number from 0 to 59\n");
}

static void durations(void **state) {
  (void)state;
  static const char *const calls[] = {"m:wait_for('known', { within = '2 hours' })",
                                      "m:wait_for('known', {\nwithin = '2 hours' })",
                                      "m:collect('known', { quiet = '2 timer' })",
                                      "m:past('known', { within = '2t' })",
                                      "m:sleep '2 hrs'",
                                      "m:sleep('2h ')",
                                      "m:set('k', 1, { ttl = '2 h' })",
                                      "m:quantile('q', 0.5, { over = '2hours' })",
                                      "m:send { template = 't', max_lateness = '2 hours' }",
                                      "m:send { template = 't', unless = { past = 'known', within = '2 hours' } }"};
  const md_call_lint lint_ = {
      .templates_declared = true, .unknown_type = unknown, .unknown_kind = unknown, .found = found};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    said[0] = '\0';
    assert_int_equal(md_lint_calls(&lint_, calls[i], strlen(calls[i]), arena), 0);
    if (!strstr(said, "; write \"2h\".\n")) fail_msg("%s: %s", calls[i], said);
    assert_ptr_equal(strchr(said, '\n') + 1, said + strlen(said)); // once
  }
  lint("m:sleep(pause) m:sleep('2' .. unit) m:wait_for('known', { within = w or '2 hours' })", "");
}

static void test_M1_templates(void **state) {
  (void)state;
  lint("m:send { template = x }", "");
  declared = false;
  lint("m:send { template = 't' }", "");
  lint(
      "m:send { template = x, fallback_template = 'a' .. b }",
      "1: m:send: template is chosen at run time: declare what it may be in the moment's templates = { … }\n"
      "1: m:send: fallback_template is chosen at run time: declare what it may be in the moment's templates = { … }\n");
}

static void test_H1_posts_in_a_loop(void **state) {
  (void)state;
  static const char told[] = "1: m:http posts in a loop without a name: a try with another body is another call, and "
                             "done anew; give name = \"…\"\n";
  lint("while x do m:http { connection = 'shop', json = {} } end", told);
  lint("for i = 1, 2 do if x then m:http { connection = 'shop', method = 'POST' } end end", told);
  lint("repeat m:http { connection = 'shop', json = {} } until x", told);
  lint("while x do m:http { connection = 'shop', json = {}, name = 'n' } m:http { connection = 'shop' } end", "");
  lint("while x do y() end m:http { connection = 'shop', json = {} }", "");
  lint("do m:http { connection = 'shop', json = {} } end", "");
}

static void connections(void **state) {
  (void)state;
  lint("m:http { connection = 'shp' }", "1: m:http: the configuration has no connection 'shp'; did you mean 'shop'?\n");
  lint("m:http { connection = 'other' }",
       "1: m:http: the configuration has no connection 'other'; connections = { … } names them\n");
  lint("m:http { connection = name }", "");
}

static void variants(void **state) {
  (void)state;
  lint("m:send { template = 't', variant = m:experiment('e') }", "1: t: <e> of e\n");
  lint("local a = m:experiment 'e'\nm:send { template = 't', variant = a }", "2: t: <e> of e\n");
  lint("local a = m:experiment 'e'\nlocal b = a\nm:send { template = 't',\nvariant = 'x_' .. b .. '_y' }",
       "4: t: x_<e>_y of e\n");
  lint("local a = m:experiment 'e'\nm:send { template = 't', variant = a == 'b' and 'short' or nil }",
       "2: t: short<> of e\n");
  lint("local a = m:experiment('e')\nlocal v = a ~= 'b' and 'one' or 'two'\nm:send { template = 't', variant = v }",
       "3: t: one<> of e\n3: t: two<> of e\n");
  lint("m:send { template = 't', variant = (m:experiment 'e') or 'c' }", "1: t: <e> of e\n1: t: c<> of e\n");
  lint("m:send { template = 't', variant = names[m:experiment 'e'] }",
       "1: m:send: check cannot see which variants come of the arms of e: give the arm itself (variant = arm) and name "
       "the copy after the arms\n");
  lint("local a = m:experiment 'e'\nlocal v = f(a)\nm:send { template = 't', variant = v }",
       "3: m:send: check cannot see which variants come of the arms of e: give the arm itself (variant = arm) and name "
       "the copy after the arms\n");
  lint("m:send { template = 't', variant = 'b' } m:send { template = 't', variant = x.y } m:send { template = 't' }",
       "1: t: b<> of none\n");
  lint("a = a m:send { template = 't', variant = a }", ""); // a name given itself ends too
  lint("m:send { template = 't', variant = m:experiment 'e' .. m:experiment 'f' }",
       "1: m:send: check cannot see which variants come of the arms of e: give the arm itself (variant = arm) and name "
       "the copy after the arms\n");
}

static void test_M1_what_a_send_gives(void **state) {
  (void)state;
  lint("m:send { template = 't', locale = 'da', data = { a = 1, ['b'] = { c = 1, 2 }, d = f(1, 2), } }",
       "1: t in da\n1: t gets a b d\n");
  lint("m:send { template = 't',\nlocale = 'd' .. 'a', data = {} }", "2: t gets\n");
  lint("m:send { template = 't', data = { a = 1, [b] = 2 } }", "");
  lint("m:send { template = 't', data = { a = 1, 2 } }", "");
  lint("m:send { template = 't', data = { f = function() local a, b = 1, 2 return a end } }", ""); // who knows
  lint("m:send { template = 't', data = event.data }", "");
  lint("m:send { template = 't', data = { a = 1", "");
}

static void test_W7_no_durations(void **state) {
  (void)state;
  lint("m:wait_for('known', { within = -3 })",
       "1: m:wait_for: within is negative: give a text such as \"1h\", or seconds\n");
  lint("m:collect('known', { within = 1, quiet = {} })",
       "1: m:collect: quiet is a table: give a text such as \"1h\", or seconds\n");
  lint("m:sleep(true)", "1: m:sleep: the duration is a boolean: give a text such as \"1h\", or seconds\n");
  lint("m:sleep(-x) m:sleep(3 - 1) m:sleep(-3 + x) m:sleep(true and 3 or 4) m:wait_for('known', { within = a })", "");
}

static void texts_that_end_in_the_middle(void **state) {
  (void)state;
  static const char *const texts[] = {"m:",
                                      "m:send",
                                      "m:send {",
                                      "m:send { variant =",
                                      "m:send { template = 't', variant = (",
                                      "m:send { template = 't', variant = m:experiment",
                                      "m:wait_for('known', {",
                                      "end end until",
                                      "m:send { template = 't', variant = a .. ",
                                      "m:sleep(",
                                      "while",
                                      "m:quantile(,,,"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    lint(texts[i], "");
}

static void each(void *context, const char *type) {
  (void)context;
  note("%s ", type);
}

static void emitted_types_and_lines(void **state) {
  (void)state;
  const char *text = "m:emit { type = 'a', data = { type = 'x' } }\nm:emit({ type = 'b' })\nm:emit { type = c }\n"
                     "on = 1 x.emit { type = 'y' }";
  said[0] = '\0';
  assert_int_equal(md_lint_emitted(text, strlen(text), arena, each, NULL), 0);
  assert_string_equal(said, "a b ");
  assert_int_equal(md_lint_line_of(text, strlen(text), "on"), 4);
  assert_int_equal(md_lint_line_of(text, strlen(text), "off"), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_P5_types_and_kinds, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_W7_values, set_up, tear_down),
      cmocka_unit_test_setup_teardown(durations, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_M1_templates, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_H1_posts_in_a_loop, set_up, tear_down),
      cmocka_unit_test_setup_teardown(connections, set_up, tear_down),
      cmocka_unit_test_setup_teardown(variants, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_M1_what_a_send_gives, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_W7_no_durations, set_up, tear_down),
      cmocka_unit_test_setup_teardown(texts_that_end_in_the_middle, set_up, tear_down),
      cmocka_unit_test_setup_teardown(emitted_types_and_lines, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
