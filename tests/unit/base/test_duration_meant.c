// SPDX-License-Identifier: Apache-2.0
// Tests of duration_meant.c: durations as people write them elsewhere, in English and Danish.
#include "base/duration.h"
#include "base/duration_meant.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void meant(const char *text, const char *expected) {
  md_duration_guess guess = {{0}, NULL};
  md_micros span;
  bool known = md_duration_meant(text, strlen(text), &guess);
  if (known != (expected != NULL)) fail_msg("\"%s\": %s", text, known ? guess.text : "no guess");
  if (!expected) return;
  assert_string_equal(guess.text, expected);
  assert_int_equal(md_duration_parse(guess.text, strlen(guess.text), &span, NULL), 0);
}

static void each_unit_by_its_names(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"250 milliseconds", "250ms"},
      {"250 millisekunder", "250ms"},
      {"1 second", "1s"},
      {"90 sec", "90s"},
      {"30 sekunder", "30s"},
      {"15 minutes", "15m"},
      {"15 min.", "15m"},
      {"1 minut", "1m"},
      {"5 minutter", "5m"},
      {"2 hours", "2h"},
      {"2 hrs", "2h"},
      {"2 timer", "2h"},
      {"1 time", "1h"},
      {"2t", "2h"},
      {"7 days", "7d"},
      {"7days", "7d"},
      {"7 dage", "7d"},
      {"1 dag", "1d"},
      {"1 d\xC3\xB8gn", "1d"},
      {"2 weeks", "2w"},
      {"2 uger", "2w"},
      {"1 uge", "1w"},
      {"7 d", "7d"},
      {" 7d", "7d"},
      {"7d ", "7d"},
      {"7 DAYS", "7d"},
      {"15S", "15s"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    meant(cases[i][0], cases[i][1]);
}

static void fractions_and_sums(void **state) {
  (void)state;
  meant("1,5h", "1.5h");
  meant("1.5 hours", "1.5h");
  meant("1h30m", "90m");
  meant("1 h 30 min", "90m");
  meant("1 hour and 30 minutes", "90m");
  meant("2 dage og 12 timer", "60h");
  meant("1 day, 12 hours", "36h");
}

static void what_has_no_one_length(void **state) {
  (void)state;
  md_duration_guess guess;
  assert_true(md_duration_meant("1 month", 7, &guess));
  assert_string_equal(guess.loose, "month");
  meant("1 month", "30d");
  meant("1 m\xC3\xA5ned", "30d");
  meant("1 year", "365d");
  meant("1 \xC3\xA5r", "365d");
}

static void nothing_can_be_made_of(void **state) {
  (void)state;
  static const char *const cases[] = {"",           "soon",
                                      "7",          "7 x",
                                      "days",       "-7 days",
                                      "7 days ago", "2 years",
                                      "500 dage",   "1.2.3 h",
                                      "1.5",        "1234567890123456789 s",
                                      "7 \xC3\xB8", "300 days 300 days"};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    meant(cases[i], NULL);
  md_duration_guess guess;
  assert_false(md_duration_meant("7 days", 2, &guess)); // reads no further than its length
}

static void the_parser_says_so(void **state) {
  (void)state;
  md_error err = {0};
  md_micros span;
  assert_int_equal(md_duration_parse("7 days", 6, &span, &err), MD_EINVAL);
  assert_non_null(strstr(err.text, "Byte 2 (0x20)"));
  assert_non_null(strstr(err.text, "; write \"7d\"."));
  assert_int_equal(md_duration_parse("3 months", 8, &span, &err), MD_EINVAL);
  assert_non_null(strstr(err.text, "; a month has no one length: write days, such as \"90d\"."));
  assert_int_equal(md_duration_parse("soon", 4, &span, &err), MD_EINVAL);
  assert_non_null(strstr(err.text, "write a number and one of ms, s, m, h, d, w"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_unit_by_its_names), cmocka_unit_test(fractions_and_sums),
      cmocka_unit_test(what_has_no_one_length), cmocka_unit_test(nothing_can_be_made_of),
      cmocka_unit_test(the_parser_says_so),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
