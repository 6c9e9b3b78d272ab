// SPDX-License-Identifier: Apache-2.0
// Crontab expressions, and their instants on days when Copenhagen's clocks change (T7).
#include "base/cron.h"
#include "base/timestamp.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static md_zone *zone;

static md_micros at(const char *text) {
  md_micros out = 0;
  assert_int_equal(md_timestamp_parse(text, strlen(text), &out, NULL), 0);
  return out;
}

static void next_is(const char *expression, const char *after, const char *expected) {
  md_cron cron;
  md_error err = {0};
  char text[32];
  if (md_cron_parse(expression, strlen(expression), &cron, &err)) fail_msg("%s: %s", expression, err.text);
  md_timestamp_format(md_cron_next(&cron, zone, at(after)), text);
  assert_string_equal(text, expected);
}

static void refused(const char *expression, int code, const char *said) {
  md_cron cron;
  md_error err = {0};
  assert_int_equal(md_cron_parse(expression, strlen(expression), &cron, &err), code);
  if (!strstr(err.text, said)) fail_msg("%s: \"%s\" does not say \"%s\"", expression, err.text, said);
}

static void test_fields(void **state) {
  (void)state;
  next_is("0 8 1 * *", "2026-11-23T09:30:00Z", "2026-12-01T07:00:00Z");
  next_is("0 8 1 * *", "2026-12-01T07:00:00Z", "2027-01-01T07:00:00Z"); // after, never at
  next_is("*/15 * * * *", "2026-11-23T09:30:00Z", "2026-11-23T09:45:00Z");
  next_is("5/20 9-11/2 * * *", "2026-11-23T09:30:00Z", "2026-11-23T10:05:00Z");
  next_is("0 0 * * mon-fri", "2026-11-20T23:30:00Z", "2026-11-22T23:00:00Z"); // Monday at midnight
  next_is("0 0 * * 7", "2026-11-23T09:30:00Z", "2026-11-28T23:00:00Z");
  next_is("0 0 * * 5-7", "2026-11-28T22:59:00Z", "2026-11-28T23:00:00Z");   // Sunday too
  next_is("30 6 13 * FRI", "2026-11-23T09:30:00Z", "2026-11-27T05:30:00Z"); // either of the two
  next_is("30 6 13 * 5", "2026-12-12T09:30:00Z", "2026-12-13T05:30:00Z");
  next_is("0 12 29 2 *", "2026-11-23T09:30:00Z", "2028-02-29T11:00:00Z");
  next_is("0 12 29 Feb *", "2096-03-01T09:30:00Z", "2104-02-29T11:00:00Z"); // 2100 is no leap year
  next_is(" 0  0\t1,15 1,dec * ", "2026-11-23T09:30:00Z", "2026-11-30T23:00:00Z");
}

static void test_refused(void **state) {
  (void)state;
  refused("", MD_EINVAL, "this one has 0");
  refused("0 8 1 *", MD_EINVAL, "this one has 4");
  refused("0 8 1 * * *", MD_EINVAL, "five fields");
  refused("60 8 1 * *", MD_EINVAL, "the minute of the schedule");
  refused("0 24 1 * *", MD_EINVAL, "the hour");
  refused("0 8 0 * *", MD_EINVAL, "the day of the month");
  refused("0 8 1 13 *", MD_EINVAL, "the month");
  refused("0 8 1 * 8", MD_EINVAL, "the day of the week");
  refused("5-1 8 1 * *", MD_EINVAL, "minute");
  refused("*/0 8 1 * *", MD_EINVAL, "minute");
  refused("1, 8 1 * *", MD_EINVAL, "minute");
  refused("99999 8 1 * *", MD_EINVAL, "minute");
  refused("0 8 1 * xyz", MD_EINVAL, "by name");
  refused("0 8 30 2 *", MD_ERANGE, "never fires");
  refused("0 8 31 2,4,6,9,11 *", MD_ERANGE, "never fires");
}

// T7: clocks go from 2:00 to 3:00 on 29 March 2026 (01:00 UTC), from 3:00 to 2:00 on 25 October (01:00 UTC).
static void test_T7_nights_of_the_clock(void **state) {
  (void)state;
  next_is("30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"); // skipped: first instant after the gap
  next_is("30 2 * * *", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z");
  next_is("0 3 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z");
  next_is("*/20 * * * *", "2026-03-29T00:40:00Z", "2026-03-29T01:00:00Z");
  next_is("*/20 * * * *", "2026-03-29T01:00:00Z", "2026-03-29T01:20:00Z");
  next_is("30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"); // doubled: the first
  next_is("30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z");
  next_is("*/30 * * * *", "2026-10-25T00:30:00Z", "2026-10-25T02:00:00Z");
  next_is("*/30 * * * *", "2026-10-25T01:10:00Z", "2026-10-25T02:00:00Z"); // asked within the second of the two
}

static void latest_is(const char *expression, const char *since, const char *until, const char *expected) {
  md_cron cron;
  char text[32];
  assert_int_equal(md_cron_parse(expression, strlen(expression), &cron, NULL), 0);
  md_timestamp_format(md_cron_latest(&cron, zone, at(since), at(until)), text);
  assert_string_equal(text, expected);
}

static void test_latest(void **state) {
  (void)state;
  latest_is("0 8 1 * *", "2026-08-01T06:00:00Z", "2026-11-23T09:30:00Z", "2026-11-01T07:00:00Z");
  latest_is("* * * * *", "2020-08-01T06:00:00Z", "2026-11-23T09:30:20Z", "2026-11-23T09:30:00Z");
  latest_is("0 8 1 * *", "2026-11-01T07:00:00Z", "2026-11-23T09:30:00Z", "2026-11-01T07:00:00Z");
  latest_is("0 12 29 2 *", "2020-02-29T11:00:00Z", "2027-11-23T09:30:00Z", "2024-02-29T11:00:00Z");
}

// Over a year, every two hours: what comes next is after, shows what was asked for, and nothing was left out.
static void test_against_a_walk(void **state) {
  (void)state;
  static const char *const all[] = {"30 2 * * *", "0 0 * * 0", "15 3,14 1-7 * 1", "45 23 31 * *", "0 2 25-31 3,10 *"};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    md_cron cron;
    assert_int_equal(md_cron_parse(all[i], strlen(all[i]), &cron, NULL), 0);
    md_micros start = at("2026-01-01T00:00:00Z") - MD_MINUTE, next = md_cron_next(&cron, zone, start);
    for (md_micros t = start; t < at("2027-01-01T00:00:00Z"); t += 2 * MD_HOUR) {
      while (t >= next)
        next = md_cron_next(&cron, zone, next);
      assert_true(next > t);
      assert_int_equal(md_cron_next(&cron, zone, t), next);
    }
  }
}

static int open_zone(void **state) {
  (void)state;
  return md_zone_open(&zone, "Europe/Copenhagen", NULL);
}

static int close_zone(void **state) {
  (void)state;
  md_zone_close(zone);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_fields), cmocka_unit_test(test_refused),
                                     cmocka_unit_test(test_T7_nights_of_the_clock), cmocka_unit_test(test_latest),
                                     cmocka_unit_test(test_against_a_walk)};
  return cmocka_run_group_tests(tests, open_zone, close_zone);
}
