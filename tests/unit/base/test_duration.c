// SPDX-License-Identifier: Apache-2.0
// Tests of duration.c: what is read, what is refused and where, and the shortest text.
#include "base/duration.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static md_micros parsed(const char *text) {
  md_micros span = -1;
  md_error err = {0};
  int code = md_duration_parse(text, strlen(text), &span, &err);
  if (code) fail_msg("\"%s\": %s", text, err.text);
  return span;
}

static void reads_each_unit(void **state) {
  (void)state;
  assert_int_equal(parsed("90s"), 90 * MD_SECOND);
  assert_int_equal(parsed("15m"), 15 * MD_MINUTE);
  assert_int_equal(parsed("1.5h"), 90 * MD_MINUTE);
  assert_int_equal(parsed("3d"), 3 * MD_DAY);
  assert_int_equal(parsed("2w"), 14 * MD_DAY);
  assert_int_equal(parsed("250ms"), 250000);
  assert_int_equal(parsed("0s"), 0);
  assert_int_equal(parsed("000007d"), 7 * MD_DAY);
}

static void reads_fractions_exactly(void **state) {
  (void)state;
  assert_int_equal(parsed("0.1s"), 100000);
  assert_int_equal(parsed("0.000001s"), 1);
  assert_int_equal(parsed("0.0000019s"), 1);
  assert_int_equal(parsed("0.3333333333333333333333333333333333333333d"), 28799999999);
  assert_int_equal(parsed("1.999999999999999999999999999999999999999w"), 2 * 7 * MD_DAY - 1);
  assert_int_equal(parsed("0.00000000000000000000000000000000000001w"), 0);
  assert_int_equal(parsed("57.142857w"), 34559999913600);
}

static void ends_at_400_days(void **state) {
  (void)state;
  static const char *const too_long[] = {"400.00000001d",
                                         "401d",
                                         "57.15w",
                                         "9601h",
                                         "34560001s",
                                         "34560000001ms",
                                         "99999999999999999999999999999999999999s",
                                         "18446744073709551617s",
                                         "9223372036854775807w"};
  assert_int_equal(parsed("400d"), MD_DURATION_MAX);
  assert_int_equal(parsed("34560000s"), MD_DURATION_MAX);
  assert_int_equal(parsed("34560000000ms"), MD_DURATION_MAX);
  for (size_t i = 0; i < sizeof too_long / sizeof too_long[0]; i++) {
    md_micros span = 5;
    md_error err;
    assert_int_equal(md_duration_parse(too_long[i], strlen(too_long[i]), &span, &err), MD_ERANGE);
    assert_int_equal(err.code, MD_ERANGE);
    assert_int_equal(span, 5);
  }
}

static void refuses_and_names_the_byte(void **state) {
  (void)state;
  static const struct {
    const char *text, *part;
  } cases[] = {
      {"", "ends after 0 bytes"},
      {"s", "Byte 1 ('s')"},
      {"-1s", "Byte 1 ('-') makes the duration negative"},
      {"+1s", "Byte 1 ('+')"},
      {" 1s", "Byte 1 (0x20)"},
      {".5s", "Byte 1 ('.')"},
      {"15", "ends after 2 bytes where its unit"},
      {"15x", "Byte 3 ('x')"},
      {"15S", "Byte 3 ('S')"},
      {"15 m", "Byte 3 (0x20)"},
      {"15ms ", "Byte 5 (0x20)"},
      {"15mi", "Byte 4 ('i')"},
      {"1h30m", "Byte 3 ('3')"},
      {"1.s", "Byte 3 ('s')"},
      {"1.", "ends after 2 bytes where a digit"},
      {"1.5", "ends after 3 bytes where its unit"},
      {"1..5s", "Byte 3 ('.')"},
      {"1.5.5s", "Byte 4 ('.')"},
      {"1,5s", "Byte 2 (',')"},
      {"1e3s", "Byte 2 ('e')"},
      {"0x1s", "Byte 2 ('x')"},
      {"inf", "Byte 1 ('i')"},
      {"99999999999999999999999999x", "Byte 27 ('x')"},
      {"1\xC2\xB5s", "Byte 2 (0xc2)"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    md_micros span = 5;
    md_error err = {0};
    assert_int_equal(md_duration_parse(cases[i].text, strlen(cases[i].text), &span, &err), MD_EINVAL);
    if (!strstr(err.text, cases[i].part)) fail_msg("\"%s\": %s", cases[i].text, err.text);
    assert_int_equal(span, 5);
    assert_int_equal(md_duration_parse(cases[i].text, strlen(cases[i].text), &span, NULL), MD_EINVAL);
  }
  md_micros span;
  assert_int_equal(md_duration_parse("1\0s", 3, &span, NULL), MD_EINVAL);
}

static void reads_no_further_than_its_length(void **state) {
  (void)state;
  md_micros span;
  assert_int_equal(md_duration_parse("15ms", 3, &span, NULL), 0);
  assert_int_equal(span, 15 * MD_MINUTE);
  assert_int_equal(md_duration_parse("15ms", 2, &span, NULL), MD_EINVAL);
  assert_int_equal(md_duration_parse("15ms", 0, &span, NULL), MD_EINVAL);
}

static void formats_shortest(void **state) {
  (void)state;
  static const struct {
    md_micros span;
    const char *text;
  } cases[] = {
      {0, "0s"},
      {90 * MD_SECOND, "90s"},
      {60 * MD_SECOND, "1m"},
      {90 * MD_MINUTE, "90m"},
      {MD_DAY, "1d"},
      {7 * MD_DAY, "1w"},
      {8 * MD_DAY, "8d"},
      {14 * MD_DAY, "2w"},
      {36 * MD_HOUR, "36h"},
      {250000, "250ms"}, // as long as 0.25s: the whole number wins
      {1500000, "1.5s"},
      {1, "0.001ms"},
      {12345, "12.345ms"},
      {MD_DURATION_MAX, "400d"},
      {-90 * MD_SECOND, "-90s"},
      {INT64_MAX, "9223372036854.775807s"},
      {INT64_MIN, "-9223372036854.775808s"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[24];
    size_t len = md_duration_format(cases[i].span, text);
    assert_string_equal(text, cases[i].text);
    assert_int_equal(len, strlen(text));
  }
}

static void formats_so_that_it_reads_back(void **state) {
  (void)state;
  uint64_t random = 1;
  for (int i = 0; i < 100000; i++) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    md_micros span = (md_micros)((random >> 8) % (uint64_t)MD_DURATION_MAX) >> (random & 31);
    if (random & 64) span -= span % 1000;
    if (random & 128) span -= span % MD_SECOND;
    char text[24];
    md_duration_format(span, text);
    assert_int_equal(parsed(text), span);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_each_unit),
      cmocka_unit_test(reads_fractions_exactly),
      cmocka_unit_test(ends_at_400_days),
      cmocka_unit_test(refuses_and_names_the_byte),
      cmocka_unit_test(reads_no_further_than_its_length),
      cmocka_unit_test(formats_shortest),
      cmocka_unit_test(formats_so_that_it_reads_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
