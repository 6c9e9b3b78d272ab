// SPDX-License-Identifier: Apache-2.0
// Tests of error.c: the table, filling and cutting of detail.
#include "base/error.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void names_and_texts(void **state) {
  (void)state;
  assert_string_equal(md_error_name(MD_OK), "OK");
  assert_string_equal(md_error_text(MD_OK), "success");
  assert_int_equal(MD_EINVAL, -1);
  assert_string_equal(md_error_name(MD_EINVAL), "EINVAL");
  assert_string_equal(md_error_text(MD_EINVAL), "invalid argument");
  assert_string_equal(md_error_name(MD_EDIVERGED), "EDIVERGED");
  assert_string_equal(md_error_text(MD_EDIVERGED), "script diverged from its journal");
}

static void unknown_codes(void **state) {
  (void)state;
  const int codes[] = {1, MD_EDIVERGED - 1, INT32_MIN, INT32_MAX};
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    assert_string_equal(md_error_name(codes[i]), "EUNKNOWN");
    assert_string_equal(md_error_text(codes[i]), "unknown error");
  }
}

static void set_fills_and_returns(void **state) {
  (void)state;
  md_error err = {0};
  assert_int_equal(md_error_set(&err, MD_EBUSY, "line %d: %s", 7, "busy"), MD_EBUSY);
  assert_int_equal(err.code, MD_EBUSY);
  assert_string_equal(err.text, "line 7: busy");
  assert_int_equal(md_error_set(NULL, MD_EIO, "nobody %s", "listens"), MD_EIO);
}

static void set_may_quote_itself(void **state) {
  (void)state;
  md_error err;
  md_error_set(&err, MD_EIO, "inner");
  md_error_set(&err, MD_EINVAL, "outer: %s", err.text);
  assert_string_equal(err.text, "outer: inner");
}

static void set_cuts_at_whole_characters(void **state) {
  (void)state;
  static const char *const characters[] = {"x", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
  for (size_t i = 0; i < sizeof characters / sizeof characters[0]; i++) {
    char text[1024] = "";
    size_t width = strlen(characters[i]);
    while (strlen(text) < 900)
      strcat(text, characters[i]);
    md_error err;
    md_error_set(&err, MD_EINVAL, "%s", text);
    size_t most = sizeof err.text - 1;
    assert_int_equal(strlen(err.text), most - most % width);
    assert_memory_equal(err.text, text, strlen(err.text));
  }
}

static void set_of_what_just_fits(void **state) {
  (void)state;
  char text[sizeof((md_error *)0)->text];
  memset(text, 'y', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  md_error err;
  md_error_set(&err, MD_EINVAL, "%s", text);
  assert_string_equal(err.text, text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_and_texts),
      cmocka_unit_test(unknown_codes),
      cmocka_unit_test(set_fills_and_returns),
      cmocka_unit_test(set_may_quote_itself),
      cmocka_unit_test(set_cuts_at_whole_characters),
      cmocka_unit_test(set_of_what_just_fits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
