// SPDX-License-Identifier: Apache-2.0
// Civil time and back: the nights in which Europe/Copenhagen turns its clocks, and against the C library's own zones.
#include "base/timestamp.h"
#include "base/zone.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static md_zone *open_zone(const char *name) {
  md_zone *zone = NULL;
  assert_int_equal(md_zone_open(&zone, name, NULL), 0);
  return zone;
}

static md_micros at(const char *text) {
  md_micros out = 0;
  assert_int_equal(md_timestamp_parse(text, strlen(text), &out, NULL), 0);
  return out;
}

static md_civil civil(int month, int day, int hour, int minute) {
  return (md_civil){.year = 2026, .month = month, .day = day, .hour = hour, .minute = minute};
}

static void test_a_skipped_hour_stands_for_the_first_instant_after_it(void **state) {
  (void)state;
  md_zone *zone = open_zone("Europe/Copenhagen"); // 2026-03-29: 02:00 becomes 03:00
  md_civil skipped = civil(3, 29, 2, 30), before = civil(3, 29, 1, 59), after = civil(3, 29, 3, 0);
  assert_int_equal(md_zone_instant(zone, &skipped, false), at("2026-03-29T01:00:00Z"));
  assert_int_equal(md_zone_instant(zone, &skipped, true), at("2026-03-29T01:00:00Z"));
  assert_int_equal(md_zone_instant(zone, &before, false), at("2026-03-29T00:59:00Z"));
  assert_int_equal(md_zone_instant(zone, &after, false), at("2026-03-29T01:00:00Z"));
  md_zone_close(zone);
}

static void test_a_doubled_hour_has_two_instants(void **state) {
  (void)state;
  md_zone *zone = open_zone("Europe/Copenhagen"); // 2026-10-25: 03:00 becomes 02:00
  md_civil doubled = civil(10, 25, 2, 30);
  assert_int_equal(md_zone_instant(zone, &doubled, false), at("2026-10-25T00:30:00Z"));
  assert_int_equal(md_zone_instant(zone, &doubled, true), at("2026-10-25T01:30:00Z"));
  md_civil first = md_zone_civil(zone, at("2026-10-25T00:30:00Z"));
  md_civil second = md_zone_civil(zone, at("2026-10-25T01:30:00Z"));
  assert_int_equal(first.hour, 2);
  assert_int_equal(second.hour, 2);
  assert_int_equal(first.weekday, 0);
  md_zone_close(zone);
}

static void test_days(void **state) {
  (void)state;
  md_zone *zone = open_zone("Europe/Copenhagen");
  int64_t day = md_zone_day(zone, at("2026-07-01T22:30:00Z")); // 00:30 on the 2nd
  assert_int_equal(day, md_zone_day(zone, at("2026-07-02T12:00:00Z")));
  assert_int_equal(md_zone_day_start(zone, day), at("2026-07-01T22:00:00Z"));
  assert_int_equal(md_zone_day_start(zone, 0), at("1969-12-31T23:00:00Z"));
  md_zone_close(zone);
}

// Ten thousand instants of forty years: the fields are the C library's, and lead back to the instant.
static void test_agrees_with_the_c_library(void **state) {
  static const char *const names[] = {"Europe/Copenhagen", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"};
  (void)state;
  srandom(7);
  for (int n = 0; n < 4; n++) {
    md_zone *zone = open_zone(names[n]);
    setenv("TZ", names[n], 1);
    tzset();
    for (int i = 0; i < 2500; i++) {
      time_t second = 946684800 + random() % (40 * 365 * 86400LL);
      struct tm wanted;
      localtime_r(&second, &wanted);
      md_civil got = md_zone_civil(zone, second * MD_SECOND);
      assert_int_equal(got.year, wanted.tm_year + 1900);
      assert_int_equal(got.month, wanted.tm_mon + 1);
      assert_int_equal(got.day, wanted.tm_mday);
      assert_int_equal(got.hour, wanted.tm_hour);
      assert_int_equal(got.minute, wanted.tm_min);
      assert_int_equal(got.second, wanted.tm_sec);
      assert_int_equal(got.weekday, wanted.tm_wday);
      bool back = md_zone_instant(zone, &got, false) == second * MD_SECOND ||
                  md_zone_instant(zone, &got, true) == second * MD_SECOND;
      assert_true(back);
    }
    md_zone_close(zone);
  }
  unsetenv("TZ");
  tzset();
}

static void test_unknown_zones_are_refused(void **state) {
  static const char *const wrong[] = {"", "Europe/Kopenhagen", "CET+1", "\xff", "Mars/Phobos"};
  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    md_zone *zone = NULL;
    md_error err = {0};
    assert_int_equal(md_zone_open(&zone, wrong[i], &err), MD_EINVAL);
    assert_non_null(strstr(err.text, "Europe/Copenhagen"));
    assert_null(zone);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_skipped_hour_stands_for_the_first_instant_after_it),
      cmocka_unit_test(test_a_doubled_hour_has_two_instants),
      cmocka_unit_test(test_days),
      cmocka_unit_test(test_agrees_with_the_c_library),
      cmocka_unit_test(test_unknown_zones_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
