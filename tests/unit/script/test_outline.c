// SPDX-License-Identifier: Apache-2.0
// What a Lua text says of a moment before it runs.
#include "base/buffer.h"
#include "script/outline.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static md_arena *arena;

static int begin(void **state) {
  (void)state;
  arena = md_arena_new(0);
  return arena ? 0 : -1;
}

static int end(void **state) {
  (void)state;
  md_arena_free(arena);
  return 0;
}

// "LINE METHOD NAME=VALUE …" of each step; what is no text in quotes stands in parentheses.
static void write_step(void *context, const md_outline_step *step) {
  md_buffer *out = context;
  md_buffer_printf(out, "%d %s", step->line, step->method);
  for (int i = 0; i < step->field_count; i++) {
    const md_outline_span *value = &step->fields[i].value;
    md_buffer_printf(out, value->literal ? " %s=%.*s" : " %s=(%.*s)", step->fields[i].name, (int)value->len,
                     value->text);
  }
  md_buffer_putc(out, '\n');
}

static void expect_steps(const char *text, const char *wanted) {
  md_buffer out;
  md_buffer_init(&out);
  md_buffer_puts(&out, "");
  assert_int_equal(md_outline_steps(text, strlen(text), arena, write_step, &out), 0);
  assert_string_equal(out.data, wanted);
  md_buffer_deinit(&out);
}

static void steps(void **state) {
  (void)state;
  expect_steps("", "");
  expect_steps("m:sleep(\"2h\")", "1 sleep 1=2h\n");
  expect_steps("\nm:wait_for('order.placed', { within = '3d', by = \"person\" })",
               "2 wait_for 1=order.placed 2=({ within = '3d', by = \"person\" }) within=3d by=person\n");
  expect_steps("m:send { template = 'a', unless = { past = 'b', within = '1d' } }",
               "1 send 1=({ template = 'a', unless = { past = 'b', within = '1d' } }) template=a "
               "unless=({ past = 'b', within = '1d' })\n");
  expect_steps("local x = m:http\n{ path = p(1, 2) }", "2 http 1=({ path = p(1, 2) }) path=(p(1, 2))\n");
  expect_steps("m:wait_for(\"a\", { where = function(e) local a, b = 1, 2 return e end, within = '1h' })",
               "1 wait_for 1=a 2=({ where = function(e) local a, b = 1, 2 return e end, within = '1h' }) "
               "where=(function(e) local a, b = 1, 2 return e end) b=(1) within=1h\n");
}

static void what_is_no_step(void **state) {
  (void)state;
  expect_steps("-- m:send {}\nlocal s = 'm:send {}'", "");
  expect_steps("x.m:send {} m.send {} m:nothing()", "");
  expect_steps("m:", "");
  expect_steps("m:send", "1 send\n");
  expect_steps("m:send(", "1 send\n");
  expect_steps("m:send { template = [[a]] }", "1 send 1=({ template = [[a]] }) template=a\n");
}

static void expect_field(const char *text, const char *name, const char *wanted, int line) {
  md_outline_span span;
  bool found = md_outline_define(text, strlen(text), arena, name, &span);
  assert_int_equal(found, wanted != NULL);
  if (!found) return;
  assert_string_equal(md_arena_strndup(arena, span.text, span.len), wanted);
  assert_int_equal(span.line, line);
}

static void fields_of_the_definition(void **state) {
  const char *text = "local moment = require 'moment'\n"
                     "return moment.define {\n"
                     "  class = 'service', on = { 'a', 'b' },\n"
                     "  where = function(event)\n    local x, y = 1, 2\n    return event.n > x\n  end,\n"
                     "  limit = { runs = 1, per = '7d' };\n"
                     "  run = function(m) local t = { where = 3 } return 'x' end }\n";
  (void)state;
  expect_field(text, "class", "service", 3);
  expect_field(text, "on", "{ 'a', 'b' }", 3);
  expect_field(text, "where", "function(event)\n    local x, y = 1, 2\n    return event.n > x\n  end", 4);
  expect_field(text, "limit", "{ runs = 1, per = '7d' }", 8);
  expect_field(text, "goal", NULL, 0);
  expect_field(text, "y", NULL, 0);
  expect_field("return moment.define({ on = 'a' })", "on", "a", 1);
  expect_field("return moment.define(options)", "on", NULL, 0);
  expect_field("", "on", NULL, 0);
}

static void write_outcome(void *context, const md_outline_span *outcome) {
  md_buffer_printf(context, "%.*s,", (int)outcome->len, outcome->text);
}

static void expect_outcomes(const char *run, const char *wanted) {
  md_buffer out;
  const char *text = md_arena_printf(arena, "return moment.define { on = 'a', run = %s, class = 'service' }", run);
  md_buffer_init(&out);
  md_buffer_puts(&out, "");
  assert_int_equal(md_outline_outcomes(text, strlen(text), arena, write_outcome, &out), 0);
  assert_string_equal(out.data, wanted);
  md_buffer_deinit(&out);
}

static void outcomes(void **state) {
  (void)state;
  expect_outcomes("function(m) return 'done' end", "done,");
  expect_outcomes("function(m) if x then return 'a' else return 'b' end return 'c' .. d end", "a,b,");
  expect_outcomes("function(m) local function f() return 'inner' end for i = 1, 2 do return \"x\" end end", "x,");
  expect_outcomes("function(m) return (function() return 'inner' end)() end", "");
  expect_outcomes("go", "");
}

static void expect_comment(const char *text, const char *wanted) {
  const char *comment = md_outline_comment(text, strlen(text), arena);
  if (!wanted) {
    assert_null(comment);
    return;
  }
  assert_non_null(comment);
  assert_string_equal(comment, wanted);
}

static void literals(void **state) {
  const md_outline_span span = {"a\\n\\\"b\\\\ \\x41 \\", 15, 1, true};
  (void)state;
  assert_string_equal(md_outline_text(&span, arena), "a\n\"b\\ \\x41 \\");
}

static void comments(void **state) {
  (void)state;
  expect_comment("-- Reminds of a cart.\n-- Twice.\n\n-- not this\nreturn 1", "Reminds of a cart. Twice.");
  expect_comment("--- Doc\n--\n-- more  \r\nlocal x", "Doc more");
  expect_comment("local x -- no", NULL);
  expect_comment("--[[ long ]] x", NULL);
  expect_comment("--", NULL);
  expect_comment("", NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(steps, begin, end),
      cmocka_unit_test_setup_teardown(what_is_no_step, begin, end),
      cmocka_unit_test_setup_teardown(fields_of_the_definition, begin, end),
      cmocka_unit_test_setup_teardown(outcomes, begin, end),
      cmocka_unit_test_setup_teardown(literals, begin, end),
      cmocka_unit_test_setup_teardown(comments, begin, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
