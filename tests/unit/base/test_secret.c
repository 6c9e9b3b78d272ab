// SPDX-License-Identifier: Apache-2.0
// Tests of secret.c: marks, and that nothing that comes from outside is one (X1).
#include "base/json.h"
#include "base/secret.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static md_arena *arena;

static int enter(void **state) {
  (void)state;
  arena = md_arena_new(0);
  md_json_scope(arena);
  return arena ? 0 : -1;
}

static int leave(void **state) {
  (void)state;
  md_json_scope(NULL);
  md_arena_free(arena);
  return 0;
}

static void marks_are_read_again(void **state) {
  (void)state;
  int64_t event = 0;
  const char *path = NULL;
  json_t *mark = md_secret_mark(INT64_MAX, "user.link");
  assert_true(md_secret_is(mark));
  assert_true(md_secret_read(mark, &event, &path));
  assert_int_equal(event, INT64_MAX);
  assert_string_equal(path, "user.link");
  assert_string_equal(json_string_value(mark), ""); // to all that take it for a C string
}

static void nothing_else_is_a_mark(void **state) {
  (void)state;
  int64_t event = 0;
  const char *path = NULL;
  json_t *others[] = {json_string(""), json_string("1:link"), json_null(), json_object(), json_integer(0), NULL};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    assert_false(md_secret_is(others[i]));
    assert_false(md_secret_read(others[i], &event, &path));
  }
  assert_false(md_secret_read(json_stringn_nocheck("\0"
                                                   "12",
                                                   3),
                              &event, &path));
}

// A mark that is written and parsed, or sent by somebody, is refused.
static void marks_do_not_come_from_outside(void **state) {
  (void)state;
  md_buffer text;
  md_error err;
  md_buffer_init(&text);
  md_json_write(&text, md_secret_mark(1, "link"));
  assert_string_equal(text.data, "\"\\u00001:link\"");
  assert_null(md_json_parse(text.data, text.len, true, &err));
  md_buffer_deinit(&text);
  assert_null(md_json_parse("[\"\0"
                            "1:link\"]",
                            11, true, &err));
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(marks_are_read_again, enter, leave),
      cmocka_unit_test_setup_teardown(nothing_else_is_a_mark, enter, leave),
      cmocka_unit_test_setup_teardown(marks_do_not_come_from_outside, enter, leave),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
