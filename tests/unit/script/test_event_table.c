// SPDX-License-Identifier: Apache-2.0
// The trigger's table: its data is made when the script looks, and no script can tell. Each case is the first look.
#include "script_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_data_is_there_however_it_is_looked_at(void **state) {
  (void)state;
  script_expect("return '' .. event.data.total", "200");
  script_expect("return '' .. rawget(event, 'data').total", "200");
  script_expect("local keys = '' for key in pairs(event) do keys = keys .. key .. ' ' end return keys",
                "data id source subject time type ");
  script_expect("return (next(event))", "data");
  script_expect("return '' .. select(2, next(event)).total", "200");
  script_expect("return tostring(event.data == event.data)", "true");
}

static void test_no_metatable_is_seen(void **state) {
  (void)state;
  script_expect("return tostring(getmetatable(event))", "nil");
  script_expect("setmetatable(event, { __index = function() return 'new' end }) return event.data.total .. event.x",
                "200new");
  script_expect("return tostring(event.none) .. tostring(event[1]) .. tostring(rawget(event, 'x'))", "nilnilnil");
  script_expect("return tostring(getmetatable('')) .. tostring(getmetatable({}))", "falsenil");
}

static void test_it_can_be_written(void **state) {
  (void)state;
  script_expect("event.data = nil return tostring(event.data)", "nil");
  script_expect("event.data = { total = 3 } return '' .. event.data.total", "3");
  script_expect("event.mark = 'x' return event.mark .. event.data.total", "x200");
  script_expect("event.id = nil return tostring(event.id) .. event.data.total", "nil200");
  script_expect_error("event[nil] = 1", "m1/moment.lua:3: index is nil");
  script_expect_error("event[0/0] = 1", "m1/moment.lua:3: index is NaN");
}

static void test_it_is_stored_whole(void **state) {
  (void)state;
  script_fixture f;
  md_arena *arena = md_arena_new(0), *before = md_json_scope(arena);
  const char *text = script_with_body("m:set('k', event)");
  md_json_scope(before);
  script_open(&f, text);
  f.verbose_trace = true;
  assert_int_equal(script_turn(&f, "{\"total\":1.0}"), MD_TURN_DONE);
  assert_non_null(strstr(f.trace, "\"data\":{\"total\":1.0}"));
  assert_non_null(strstr(f.trace, "\"type\":\"order.placed\""));
  script_close(&f);
  md_arena_free(arena);
}

static void test_it_is_no_options(void **state) {
  (void)state;
  script_expect_error("m:send(event)", "has no option 'id'");
  script_expect_error("m:wait_for('a.b', event)", "has no option 'data'");
}

// S3: what a script does not look at costs it nothing, what it looks at is paid then, once.
static void test_S3_data_is_paid_when_it_is_looked_at(void **state) {
  (void)state;
  script_fixture f;
  md_arena *arena = md_arena_new(0), *before = md_json_scope(arena);
  const char *blind = script_with_body("return event.type"), *looks = script_with_body("return event.data and 'x'");
  const char *twice = script_with_body("local d = event.data return event.data and 'x'");
  const char *const texts[] = {blind, looks, twice};
  int64_t spent[3];
  md_json_scope(before);
  for (int i = 0; i < 3; i++) {
    script_open(&f, texts[i]);
    assert_int_equal(script_turn(&f, "{\"list\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]}"), MD_TURN_DONE);
    spent[i] = f.end.instructions;
    script_close(&f);
  }
  assert_true(spent[1] >= spent[0] + 22 * 4);
  assert_true(spent[2] < spent[1] + 22 * 4);
  md_arena_free(arena);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_data_is_there_however_it_is_looked_at),
      cmocka_unit_test(test_no_metatable_is_seen),
      cmocka_unit_test(test_it_can_be_written),
      cmocka_unit_test(test_it_is_stored_whole),
      cmocka_unit_test(test_it_is_no_options),
      cmocka_unit_test(test_S3_data_is_paid_when_it_is_looked_at),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
