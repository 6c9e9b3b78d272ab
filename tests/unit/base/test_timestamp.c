// SPDX-License-Identifier: Apache-2.0
// Tests of timestamp.c: offsets, leap seconds, bounds, refusals, and both text forms.
#include "base/timestamp.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static md_micros parsed(const char *text) {
  md_micros at = -1;
  md_error err = {0};
  int code = md_timestamp_parse(text, strlen(text), &at, &err);
  if (code) fail_msg("\"%s\": %s", text, err.text);
  return at;
}

static void reads_known_instants(void **state) {
  (void)state;
  assert_int_equal(parsed("1970-01-01T00:00:00Z"), 0);
  assert_int_equal(parsed("1970-01-01t00:00:01z"), MD_SECOND);
  assert_int_equal(parsed("1969-12-31T23:59:59.999999Z"), -1);
  assert_int_equal(parsed("2026-11-23T09:30:00Z"), 1795426200 * MD_SECOND);
  assert_int_equal(parsed("2000-02-29T12:00:00Z"), 951825600 * MD_SECOND);
  assert_int_equal(parsed("0001-01-01T00:00:00Z"), -62135596800 * MD_SECOND);
  assert_int_equal(parsed("9999-12-31T23:59:59.999999Z"), 253402300800 * MD_SECOND - 1);
}

static void offsets_count_whatever_the_season(void **state) {
  (void)state;
  // Around both changes of the clocks in Europe an offset means just what it says.
  setenv("TZ", "Europe/Berlin", 1);
  tzset();
  assert_int_equal(parsed("2026-03-29T02:30:00+01:00"), parsed("2026-03-29T01:30:00Z"));
  assert_int_equal(parsed("2026-03-29T02:30:00+02:00"), parsed("2026-03-29T00:30:00Z"));
  assert_int_equal(parsed("2026-10-25T02:30:00+02:00") + MD_HOUR, parsed("2026-10-25T02:30:00+01:00"));
  assert_int_equal(parsed("2026-07-01T12:00:00Z") - parsed("2026-01-01T12:00:00Z"), 181 * MD_DAY);
  assert_int_equal(parsed("2026-01-01T00:15:00+05:45"), parsed("2025-12-31T18:30:00Z"));
  assert_int_equal(parsed("2026-12-31T23:00:00-23:59"), parsed("2027-01-01T22:59:00Z"));
  assert_int_equal(parsed("2026-01-01T00:00:00-00:00"), parsed("2026-01-01T00:00:00Z"));
  unsetenv("TZ");
  tzset();
}

static void fractions_are_cut_to_the_microsecond(void **state) {
  (void)state;
  assert_int_equal(parsed("1970-01-01T00:00:00.5Z"), 500000);
  assert_int_equal(parsed("1970-01-01T00:00:00.000001Z"), 1);
  assert_int_equal(parsed("1970-01-01T00:00:00.123456789Z"), 123456);
  assert_int_equal(parsed("1970-01-01T00:00:00.999999999+00:00"), 999999);
}

static void leap_seconds(void **state) {
  (void)state;
  md_micros last = parsed("2016-12-31T23:59:59.999999Z");
  assert_int_equal(parsed("2016-12-31T23:59:60Z"), last);
  assert_int_equal(parsed("2016-12-31T23:59:60.75Z"), last);
  assert_int_equal(parsed("2016-12-31T15:59:60-08:00"), last);
  assert_int_equal(parsed("2017-01-01T05:29:60+05:30"), last);
  md_micros at;
  assert_int_equal(md_timestamp_parse("2016-12-31T12:00:60Z", 20, &at, NULL), MD_EINVAL);
  assert_int_equal(md_timestamp_parse("2016-12-31T23:59:61Z", 20, &at, NULL), MD_EINVAL);
}

static void refuses_what_is_no_instant(void **state) {
  (void)state;
  static const char *const cases[] = {
      "",
      "2026",
      "2026-11-23",
      "2026-11-23T09:30:00",
      "2026-11-23T09:30Z",
      "2026-11-23 09:30:00Z",
      "2026-11-23T09:30:00z ",
      " 2026-11-23T09:30:00Z",
      "2026-11-23T09:30:00.Z",
      "2026-11-23T09:30:00.1234567890Z",
      "2026-11-23T09:30:00,5Z",
      "2026-11-23T09:30:00+0100",
      "2026-11-23T09:30:00+01",
      "2026-11-23T09:30:00+24:00",
      "2026-11-23T09:30:00+01:60",
      "2026-11-23T24:00:00Z",
      "2026-11-23T09:60:00Z",
      "2026-13-01T00:00:00Z",
      "2026-00-01T00:00:00Z",
      "2026-01-00T00:00:00Z",
      "2026-04-31T00:00:00Z",
      "2026-02-29T00:00:00Z",
      "1900-02-29T00:00:00Z",
      "2100-02-29T00:00:00Z",
      "0000-01-01T00:00:00Z",
      "10000-01-01T00:00:00Z",
      "-001-01-01T00:00:00Z",
      "0001-01-01T00:00:00+00:01",
      "9999-12-31T23:59:59-00:01",
      "2O26-11-23T09:30:00Z",
      "2026-11-23T-9:30:00Z",
      "2026-W48-1T09:30:00Z",
      "\357\274\222026-11-23T09:30:00Z",
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    md_micros at = 7;
    md_error err = {0};
    if (md_timestamp_parse(cases[i], strlen(cases[i]), &at, &err) != MD_EINVAL) fail_msg("read: \"%s\"", cases[i]);
    assert_int_equal(err.code, MD_EINVAL);
    assert_int_equal(at, 7);
  }
  md_error err;
  md_micros at;
  md_timestamp_parse("2026-02-30T00:00:00Z", 20, &at, &err);
  assert_non_null(strstr(err.text, "byte 9"));
}

static void no_prefix_is_read(void **state) {
  (void)state;
  static const char text[] = "2026-11-23T09:30:00.123456+01:00";
  for (size_t len = 0; len < sizeof text - 1; len++) {
    char *heap = malloc(len ? len : 1); // so that a sanitizer sees reads past the end
    assert_non_null(heap);
    memcpy(heap, text, len);
    md_micros at;
    assert_int_equal(md_timestamp_parse(heap, len, &at, NULL), MD_EINVAL);
    free(heap);
  }
}

static void formats(void **state) {
  (void)state;
  static const struct {
    md_micros at;
    const char *text, *mail;
  } cases[] = {
      {0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 +0000"},
      {1795426200 * MD_SECOND, "2026-11-23T09:30:00Z", "Mon, 23 Nov 2026 09:30:00 +0000"},
      {1795426200 * MD_SECOND + 5000, "2026-11-23T09:30:00.005Z", "Mon, 23 Nov 2026 09:30:00 +0000"},
      {1795426200 * MD_SECOND + 5001, "2026-11-23T09:30:00.005001Z", "Mon, 23 Nov 2026 09:30:00 +0000"},
      {-1, "1969-12-31T23:59:59.999999Z", "Wed, 31 Dec 1969 23:59:59 +0000"},
      {-62135596800 * MD_SECOND, "0001-01-01T00:00:00Z", "Mon, 01 Jan 0001 00:00:00 +0000"},
      {253402300799 * MD_SECOND, "9999-12-31T23:59:59Z", "Fri, 31 Dec 9999 23:59:59 +0000"},
      {253402300800 * MD_SECOND, "10000-01-01T00:00:00Z", "Sat, 01 Jan 10000 00:00:00 +0000"},
      {INT64_MAX, "294247-01-10T04:00:54.775807Z", "Sun, 10 Jan 294247 04:00:54 +0000"},
      {INT64_MIN, "-290308-12-21T19:59:05.224192Z", "Sun, 21 Dec -290308 19:59:05 +0000"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[32], mail[40];
    assert_int_equal(md_timestamp_format(cases[i].at, text), strlen(cases[i].text));
    assert_string_equal(text, cases[i].text);
    assert_int_equal(md_timestamp_format_mail(cases[i].at, mail), strlen(cases[i].mail));
    assert_string_equal(mail, cases[i].mail);
  }
}

static void agrees_with_the_c_library(void **state) {
  (void)state;
  for (int64_t day = -719162; day <= 2932896; day += 29) { // 0001-01-01 to 9999-12-31
    time_t seconds = (time_t)(day * 86400 + (day & 65535));
    struct tm parts;
    gmtime_r(&seconds, &parts);
    char expected[40], text[32];
    strftime(expected, sizeof expected, "%a, %d %b ", &parts);
    snprintf(expected + 12, sizeof expected - 12, "%04d %02d:%02d:%02d +0000", (parts.tm_year + 1900) % 10000,
             parts.tm_hour % 24, parts.tm_min % 60, parts.tm_sec % 60);
    char mail[40];
    md_timestamp_format_mail((md_micros)seconds * MD_SECOND, mail);
    assert_string_equal(mail, expected);
    md_timestamp_format((md_micros)seconds * MD_SECOND + (day & 1023), text);
    assert_int_equal(parsed(text), (md_micros)seconds * MD_SECOND + (day & 1023));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_known_instants),
      cmocka_unit_test(offsets_count_whatever_the_season),
      cmocka_unit_test(fractions_are_cut_to_the_microsecond),
      cmocka_unit_test(leap_seconds),
      cmocka_unit_test(refuses_what_is_no_instant),
      cmocka_unit_test(no_prefix_is_read),
      cmocka_unit_test(formats),
      cmocka_unit_test(agrees_with_the_c_library),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
