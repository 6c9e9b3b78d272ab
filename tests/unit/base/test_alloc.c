// SPDX-License-Identifier: Apache-2.0
// Tests of alloc.c: the allocator and its failure switch.
#include "base/alloc.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int switch_off(void **state) {
  (void)state;
  md_alloc_fail_after(0, 0);
  return 0;
}

static void behaves_as_malloc(void **state) {
  (void)state;
  char *text = md_strdup("hello");
  assert_string_equal(text, "hello");
  text = md_realloc(text, 4096);
  assert_string_equal(text, "hello");
  md_free(text);
  unsigned char *zeros = md_alloc_zero(100);
  for (int i = 0; i < 100; i++)
    assert_int_equal(zeros[i], 0);
  md_free(zeros);
  md_free(NULL);
}

static void zero_bytes_are_memory_too(void **state) {
  (void)state;
  void *a = md_alloc(0), *b = md_alloc_zero(0), *c = md_realloc(NULL, 0);
  assert_non_null(a);
  assert_non_null(b);
  assert_non_null(c);
  a = md_realloc(a, 0);
  assert_non_null(a);
  md_free(a);
  md_free(b);
  md_free(c);
}

static void fails_the_nth_once(void **state) {
  (void)state;
  md_alloc_fail_after(3, 0);
  void *a = md_alloc(1), *b = md_alloc_zero(1);
  assert_non_null(a);
  assert_non_null(b);
  assert_null(md_strdup("x"));
  char *d = md_strdup("y");
  assert_non_null(d);
  md_free(a);
  md_free(b);
  md_free(d);
}

static void fails_forever(void **state) {
  (void)state;
  md_alloc_fail_after(2, 1);
  void *a = md_alloc(1);
  assert_non_null(a);
  assert_null(md_alloc(1));
  assert_null(md_alloc_zero(1));
  assert_null(md_realloc(a, 2)); // `a` stays as it was
  assert_null(md_strdup("x"));
  md_alloc_fail_after(0, 0);
  void *b = md_alloc(1);
  assert_non_null(b);
  md_free(a);
  md_free(b);
}

static void counts_since_the_last_call(void **state) {
  (void)state;
  md_alloc_fail_after(0, 0);
  md_free(md_alloc(1));
  md_free(md_alloc_zero(1));
  md_free(md_strdup("x"));
  assert_int_equal(md_alloc_fail_after(1, 0), 3);
  assert_null(md_alloc(1));
  assert_int_equal(md_alloc_fail_after(0, 0), 1);
  assert_int_equal(md_alloc_fail_after(0, 0), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(behaves_as_malloc, switch_off),
      cmocka_unit_test_teardown(zero_bytes_are_memory_too, switch_off),
      cmocka_unit_test_teardown(fails_the_nth_once, switch_off),
      cmocka_unit_test_teardown(fails_forever, switch_off),
      cmocka_unit_test_teardown(counts_since_the_last_call, switch_off),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
