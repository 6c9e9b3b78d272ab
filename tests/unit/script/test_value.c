// SPDX-License-Identifier: Apache-2.0
// Lua values and JSON: what goes out, what comes in, and the limits of what leaves a script (S2, S9).
#include "script_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// What m:set journals for the Lua expression `value`.
static void expect_json(const char *value, const char *json) {
  script_fixture f;
  char body[600];
  md_arena *arena = md_arena_new(0), *before = md_json_scope(arena);
  snprintf(body, sizeof body, "m:set('k', %s)", value);
  const char *text = script_with_body(body);
  md_json_scope(before);
  script_open(&f, text);
  f.verbose_trace = true;
  md_turn_result result = script_turn(&f, "{\"empty\":[],\"object\":{},\"list\":[1,null,2.0],\"none\":null}");
  if (result != MD_TURN_DONE) fail_msg("%s: %s", value, f.err.text);
  char expected[600];
  snprintf(expected, sizeof expected, "set k {\"key\":\"k\",\"value\":%s} m1/moment.lua:3\n", json);
  assert_string_equal(f.trace, expected);
  script_close(&f);
  md_arena_free(arena);
}

static void test_S2_numbers_keep_their_kind(void **state) {
  (void)state;
  expect_json("1", "1");
  expect_json("1.0", "1.0");
  expect_json("math.mininteger", "-9223372036854775808");
  expect_json("0.1", "0.1");
  expect_json("2^53", "9007199254740992.0");
  expect_json("event.data.list[3]", "2.0");
}

static void test_S2_tables_become_lists_or_objects(void **state) {
  (void)state;
  expect_json("{ 1, 'b', { true } }", "[1,\"b\",[true]]");
  expect_json("{ b = 1, a = 2, ['\\u{e6}'] = 3 }", "{\"a\":2,\"b\":1,\"\xc3\xa6\":3}");
  expect_json("{}", "{}");
  expect_json("event.data.empty", "[]");
  expect_json("{ x = event.data.empty, y = event.data.object }", "{\"x\":[],\"y\":{}}");
  expect_json("(function() event.data.empty[1] = 1 return event.data.empty end)()", "[1]");
  expect_json("(function() event.data.empty.x = 1 return event.data.empty end)()", "{\"x\":1}");
}

static void test_S2_null(void **state) {
  (void)state;
  expect_json("nil", "null");
  expect_json("null", "null");
  expect_json("{ 1, null, 3 }", "[1,null,3]");
  expect_json("{ a = null }", "{\"a\":null}");
  expect_json("event.data.list", "[1,null,2.0]");
  expect_json("tostring(event.data.none) .. tostring(event.data.list[2] == null) .. type(event.data.list[2])",
              "\"niltrueuserdata\"");
}

static void test_S9_what_is_no_data_raises(void **state) {
  (void)state;
  script_expect_error("m:set('k', next)", "m:set: the value is no data");
  script_expect_error("m:set('k', { a = { b = { 1, next } } })", "m:set: the value.a.b[2] is no data");
  script_expect("return tostring(pcall(m.set, m, 'k', { m }))", "true");
  script_expect_error("m:set('k', { 1, nil, 3 })", "m:set: the value is a list with holes");
  script_expect_error("m:set('k', { 1, a = 2 })", "is both a list and a table with names");
  script_expect_error("m:set('k', { [1.5] = 2 })", "has a key that is neither");
  script_expect_error("m:set('k', { [0] = 2 })", "has a key that is neither");
  script_expect_error("m:set('k', { x = 0/0 })", "m:set: the value.x is not a number (NaN)");
  script_expect_error("m:set('k', 1/0)", "m:set: the value is infinite");
  script_expect_error("m:set('k', '\\xff')", "is no valid UTF-8");
  script_expect_error("m:set('k', { ['a\\0'] = 1 })", "has a NUL byte");
}

static void test_S9_depth_cycles_and_size(void **state) {
  (void)state;
  const char *deep = "local t = {} local at = t for i = 2, %d do at.x = {} at = at.x end m:set('k', t)";
  char body[200];
  snprintf(body, sizeof body, deep, 64);
  script_expect(body, NULL);
  snprintf(body, sizeof body, deep, 65);
  script_expect_error(body, "is deeper than 64 tables");
  script_expect_error("local t = {} t[1] = t m:set('k', t)", "does it contain itself?");
  script_expect("m:set('k', ('x'):rep(65536 - 3))", NULL);
  script_expect_error("m:set('k', ('x'):rep(65536))", "m:set: the value is too large: at most 64 KiB");
  script_expect_error("local t = {} for i = 1, 30000 do t[i] = i end m:set('k', t)", "too large");
  script_expect_error("local t = { ('x'):rep(100) } for i = 1, 30 do t = { t, t } end m:set('k', t)", "too large");
}

static void test_events_arrive_as_tables(void **state) {
  (void)state;
  script_expect("return event.id .. event.type .. event.source .. event.subject .. event.time .. event.data.total",
                "e1order.placedshopkunde-11700000000200");
  script_expect("return m:profile().name .. tostring(m:profile().phone)", "Idanil");
}

static void test_data_files(void **state) {
  (void)state;
  md_arena *arena = md_arena_new(0), *before = md_json_scope(arena);
  md_error err;
  json_t *out = NULL;
  const char *text =
      "local port = 8000 + 80\nreturn { port = port, mail = { from = 'a@b' }, on = true, hosts = { 'x' } }";
  assert_int_equal(md_script_data("momentd.lua", text, strlen(text), &out, &err), 0);
  md_buffer written;
  md_buffer_init(&written);
  md_json_write(&written, out);
  assert_string_equal(written.data, "{\"hosts\":[\"x\"],\"mail\":{\"from\":\"a@b\"},\"on\":true,\"port\":8080}");
  md_buffer_deinit(&written);
  static const struct {
    const char *text, *error;
    int code;
  } wrong[] = {{"return 5", "momentd.lua:1: the file must return a table", MD_ESCRIPT},
               {"return {", "momentd.lua:1: ", MD_ESYNTAX},
               {"\nreturn { x = os.getenv('HOME') }", "momentd.lua:2: os.getenv is not available", MD_ESCRIPT},
               {"while true do end", "momentd.lua:1: the budget", MD_EBUDGET},
               {"return { f = next }", "the table.f is no data", MD_ESCRIPT},
               {"local x <close> = nil", "<close> is not available", MD_ESYNTAX}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_equal(md_script_data("momentd.lua", wrong[i].text, strlen(wrong[i].text), &out, &err), wrong[i].code);
    if (!strstr(err.text, wrong[i].error)) fail_msg("%s is not in %s", wrong[i].error, err.text);
  }
  md_json_scope(before);
  md_arena_free(arena);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_S2_numbers_keep_their_kind),
      cmocka_unit_test(test_S2_tables_become_lists_or_objects),
      cmocka_unit_test(test_S2_null),
      cmocka_unit_test(test_S9_what_is_no_data_raises),
      cmocka_unit_test(test_S9_depth_cycles_and_size),
      cmocka_unit_test(test_events_arrive_as_tables),
      cmocka_unit_test(test_data_files),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
