// SPDX-License-Identifier: Apache-2.0
// Tests of suggest.c: nearness, ties, and names that are too far or too long.
#include "base/suggest.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const verbs[] = {"send", "wait", "sleep", "choose", "remember", "forget", NULL};

static void finds_the_slip(void **state) {
  (void)state;
  assert_string_equal(md_suggest("snd", verbs), "send");
  assert_string_equal(md_suggest("sned", verbs), "send");
  assert_string_equal(md_suggest("wiat", verbs), "wait");
  assert_string_equal(md_suggest("waits", verbs), "wait");
  assert_string_equal(md_suggest("rememebr", verbs), "remember");
  assert_string_equal(md_suggest("remeber", verbs), "remember");
  assert_string_equal(md_suggest("send", verbs), "send");
}

static void stays_silent_when_far(void **state) {
  (void)state;
  assert_null(md_suggest("xyz", verbs));
  assert_null(md_suggest("sxxd", verbs));
  assert_null(md_suggest("", verbs));
  assert_null(md_suggest("Send me", verbs));
  assert_null(md_suggest("forget", (const char *const[]){NULL}));
}

static void a_third_of_the_length_may_differ(void **state) {
  (void)state;
  const char *const known[] = {"abcdef", NULL};
  assert_string_equal(md_suggest("abcdxy", known), "abcdef");
  assert_null(md_suggest("abcxyz", known));
  assert_string_equal(md_suggest("a", (const char *const[]){"b", NULL}), "b");
}

static void the_nearer_and_then_the_earlier_wins(void **state) {
  (void)state;
  assert_string_equal(md_suggest("abcdef", (const char *const[]){"abcdxy", "abcdex", "abcdey", NULL}), "abcdex");
}

static void long_names_are_left_alone(void **state) {
  (void)state;
  char longest[66], wrong[66];
  memset(longest, 'a', 64);
  longest[64] = '\0';
  strcpy(wrong, longest);
  wrong[10] = 'b';
  const char *const known[] = {longest, NULL};
  assert_string_equal(md_suggest(wrong, known), longest);
  strcat(wrong, "a");
  assert_null(md_suggest(wrong, known));
  strcat(longest, "a");
  wrong[64] = '\0';
  assert_null(md_suggest(wrong, known));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_the_slip),
      cmocka_unit_test(stays_silent_when_far),
      cmocka_unit_test(a_third_of_the_length_may_differ),
      cmocka_unit_test(the_nearer_and_then_the_earlier_wins),
      cmocka_unit_test(long_names_are_left_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
