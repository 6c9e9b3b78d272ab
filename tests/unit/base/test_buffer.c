// SPDX-License-Identifier: Apache-2.0
// Tests of buffer.c: growth, text forms, remembered failures.
#include "base/alloc.h"
#include "base/buffer.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int switch_off(void **state) {
  (void)state;
  md_alloc_fail_after(0, 0);
  return 0;
}

static void appends_and_terminates(void **state) {
  (void)state;
  md_buffer buffer;
  md_buffer_init(&buffer);
  assert_null(buffer.data);
  md_buffer_append(&buffer, NULL, 0);
  assert_string_equal(buffer.data, "");
  md_buffer_puts(&buffer, "ab");
  md_buffer_putc(&buffer, 'c');
  md_buffer_append(&buffer, "d\0e", 3);
  assert_true(md_buffer_ok(&buffer));
  assert_int_equal(buffer.len, 6);
  assert_memory_equal(buffer.data, "abcd\0e", 7);
  md_buffer_clear(&buffer);
  assert_int_equal(buffer.len, 0);
  assert_string_equal(buffer.data, "");
  assert_true(buffer.capacity > 0);
  md_buffer_deinit(&buffer);
  md_buffer_deinit(&buffer);
}

static void grows_byte_by_byte(void **state) {
  (void)state;
  md_buffer buffer;
  md_buffer_init(&buffer);
  for (int i = 0; i < 10000; i++) {
    md_buffer_putc(&buffer, (char)i);
    assert_int_equal(buffer.data[buffer.len], 0);
  }
  for (int i = 0; i < 10000; i++)
    assert_int_equal(buffer.data[i], (char)i);
  md_buffer_deinit(&buffer);
}

static void prints_what_fits_and_what_does_not(void **state) {
  (void)state;
  char filler[300];
  memset(filler, 'z', sizeof filler - 1);
  filler[sizeof filler - 1] = '\0';
  for (int len = 0; len < 300; len++) {
    md_buffer buffer;
    md_buffer_init(&buffer);
    md_buffer_puts(&buffer, "<");
    md_buffer_printf(&buffer, "%.*s|%d", len, filler, len);
    char expected[400];
    snprintf(expected, sizeof expected, "<%.*s|%d", len, filler, len);
    assert_string_equal(buffer.data, expected);
    assert_int_equal(buffer.len, strlen(expected));
    md_buffer_deinit(&buffer);
  }
}

static void reserve_gives_room_for_a_nul(void **state) {
  (void)state;
  md_buffer buffer;
  md_buffer_init(&buffer);
  for (size_t extra = 0; extra < 200; extra++) {
    char *to = md_buffer_reserve(&buffer, extra);
    memset(to, 'r', extra);
    to[extra] = '\0';
    buffer.len += extra;
  }
  assert_int_equal(strlen(buffer.data), 199 * 200 / 2);
  md_buffer_deinit(&buffer);
}

static void overflow_fails(void **state) {
  (void)state;
  md_buffer buffer;
  md_buffer_init(&buffer);
  md_buffer_puts(&buffer, "kept");
  assert_null(md_buffer_reserve(&buffer, SIZE_MAX));
  assert_false(md_buffer_ok(&buffer));
  md_buffer_clear(&buffer);
  assert_true(md_buffer_ok(&buffer));
  md_buffer_puts(&buffer, "x");
  assert_null(md_buffer_reserve(&buffer, SIZE_MAX - 1));
  assert_string_equal(buffer.data, "x");
  md_buffer_deinit(&buffer);
}

static void failure_is_remembered(void **state) {
  (void)state;
  md_buffer buffer;
  md_buffer_init(&buffer);
  md_buffer_puts(&buffer, "first");
  char large[500] = {0};
  md_alloc_fail_after(1, 0);
  md_buffer_append(&buffer, large, sizeof large);
  md_alloc_fail_after(0, 0);
  assert_false(md_buffer_ok(&buffer));
  md_buffer_puts(&buffer, "later");
  md_buffer_printf(&buffer, "%d", 1);
  assert_int_equal(buffer.len, 5);
  assert_string_equal(buffer.data, "first");
  size_t len = 99;
  assert_null(md_buffer_take(&buffer, &len));
  assert_int_equal(len, 0);
  assert_true(md_buffer_ok(&buffer));
  assert_null(buffer.data);
}

static void printf_that_fails_keeps_what_was(void **state) {
  (void)state;
  md_buffer buffer;
  md_buffer_init(&buffer);
  md_buffer_puts(&buffer, "kept");
  md_alloc_fail_after(2, 1); // the first growth succeeds, the one for the whole text does not
  md_buffer_printf(&buffer, "%0500d", 1);
  md_alloc_fail_after(0, 0);
  assert_false(md_buffer_ok(&buffer));
  assert_string_equal(buffer.data, "kept");
  md_buffer_deinit(&buffer);
}

static void take_hands_over(void **state) {
  (void)state;
  md_buffer buffer;
  md_buffer_init(&buffer);
  size_t len = 99;
  char *empty = md_buffer_take(&buffer, &len);
  assert_string_equal(empty, "");
  assert_int_equal(len, 0);
  md_free(empty);
  md_buffer_puts(&buffer, "mine");
  char *mine = md_buffer_take(&buffer, NULL);
  assert_string_equal(mine, "mine");
  assert_int_equal(buffer.len, 0);
  assert_null(buffer.data);
  md_free(mine);
  md_alloc_fail_after(1, 0);
  assert_null(md_buffer_take(&buffer, NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(appends_and_terminates),
      cmocka_unit_test(grows_byte_by_byte),
      cmocka_unit_test(prints_what_fits_and_what_does_not),
      cmocka_unit_test(reserve_gives_room_for_a_nul),
      cmocka_unit_test(overflow_fails),
      cmocka_unit_test_teardown(failure_is_remembered, switch_off),
      cmocka_unit_test_teardown(printf_that_fails_keeps_what_was, switch_off),
      cmocka_unit_test_teardown(take_hands_over, switch_off),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
