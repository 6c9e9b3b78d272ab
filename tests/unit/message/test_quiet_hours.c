// SPDX-License-Identifier: Apache-2.0
// Quiet hours by the person's clock (M9), through the nights in which Copenhagen turns it, against a model that looks
// at the C library's clock minute by minute.
#include "base/timestamp.h"
#include "message/rule.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static md_policy policy;
static md_message message;

static md_candidate candidate_of(const char *class_name, const char *channel, const char *zone) {
  message = (md_message){.class_name = class_name, .channel = channel, .person = 1};
  return (md_candidate){.policy = &policy, .message = &message, .zone = zone};
}

static md_micros at(const char *text) {
  md_micros out = 0;
  assert_int_equal(md_timestamp_parse(text, strlen(text), &out, NULL), 0);
  return out;
}

static void expect_until(const md_candidate *candidate, const char *from, const char *wanted) {
  md_micros until = 0;
  char text[32];
  assert_int_equal(md_quiet_until(candidate, at(from), &until, NULL), 0);
  md_timestamp_format(until, text);
  if (until != at(wanted)) fail_msg("%s waits until %s, not %s", from, text, wanted);
}

static void test_nights(void **state) {
  (void)state;
  md_quiet_hours_parse("21:00-08:00", &policy.quiet, NULL);
  md_candidate c = candidate_of("marketing", "email", NULL);
  expect_until(&c, "2026-01-10T19:59:59Z", "2026-01-10T19:59:59Z"); // 20:59:59
  expect_until(&c, "2026-01-10T20:00:00Z", "2026-01-11T07:00:00Z");
  expect_until(&c, "2026-01-11T06:59:59Z", "2026-01-11T07:00:00Z");
  expect_until(&c, "2026-01-11T07:00:00Z", "2026-01-11T07:00:00Z");
  expect_until(&c, "2026-03-28T22:00:00Z", "2026-03-29T06:00:00Z"); // the short night
  expect_until(&c, "2026-10-24T22:00:00Z", "2026-10-25T07:00:00Z"); // the long one
  c.zone = "America/New_York";
  expect_until(&c, "2026-01-11T04:00:00Z", "2026-01-11T13:00:00Z");
  c.zone = "Nowhere/Land"; // the shop's instead
  expect_until(&c, "2026-01-10T20:00:00Z", "2026-01-11T07:00:00Z");
  policy.zone = "America/New_York";
  c.zone = NULL;
  expect_until(&c, "2026-01-11T04:00:00Z", "2026-01-11T13:00:00Z");
  policy.zone = NULL;
}

static void test_who_waits(void **state) {
  const char *night = "2026-01-10T23:00:00Z", *morning = "2026-01-11T07:00:00Z";
  (void)state;
  md_quiet_hours_parse("21:00-08:00", &policy.quiet, NULL);
  md_candidate c = candidate_of("security", "email", NULL);
  expect_until(&c, night, night);
  c = candidate_of("service", "email", NULL);
  expect_until(&c, night, night);
  c = candidate_of("service", "sms", NULL);
  expect_until(&c, night, morning);
  message.urgent = true;
  expect_until(&c, night, night);
  c = candidate_of("marketing", "email", NULL);
  message.urgent = true; // urgency is no way into a night
  expect_until(&c, night, morning);
  c = candidate_of("feedback", "email", NULL);
  expect_until(&c, night, morning);
  message.internal = true;
  expect_until(&c, night, night);
  md_quiet_hours_parse("none", &policy.quiet, NULL);
  c = candidate_of("marketing", "email", NULL);
  expect_until(&c, night, night);
}

static bool model_quiet(md_micros now) {
  time_t second = (time_t)(now / MD_SECOND);
  struct tm clock;
  localtime_r(&second, &clock);
  int minute = clock.tm_hour * 60 + clock.tm_min, from = policy.quiet.from, until = policy.quiet.until;
  return from < until ? minute >= from && minute < until : minute >= from || minute < until;
}

static md_micros model_until(md_micros now) {
  if (!model_quiet(now)) return now;
  now -= now % MD_MINUTE;
  while (model_quiet(now))
    now += MD_MINUTE;
  return now;
}

static void test_against_the_model(void **state) {
  static const char *const nights[] = {"2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z", "2026-07-01T12:00:00Z"};
  static const char *const hours[] = {"21:00-08:00", "22:30-02:30", "02:15-02:45", "01:00-03:00", "00:00-06:00"};
  int waits = 0;
  (void)state;
  setenv("TZ", "Europe/Copenhagen", 1);
  tzset();
  srandom(5);
  for (int i = 0; i < 6000; i++) {
    md_quiet_hours_parse(hours[i % 5], &policy.quiet, NULL);
    md_candidate c = candidate_of("marketing", "email", NULL);
    md_micros now = at(nights[i % 3]) + random() % (24 * 3600) * MD_SECOND, until = 0;
    assert_int_equal(md_quiet_until(&c, now, &until, NULL), 0);
    if (until != model_until(now))
      fail_msg("%s at %lld: %lld, not %lld", hours[i % 5], (long long)(now / MD_SECOND), (long long)(until / MD_SECOND),
               (long long)(model_until(now) / MD_SECOND));
    waits += until != now;
  }
  assert_in_range(waits, 500, 5500);
  unsetenv("TZ");
  tzset();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nights),
      cmocka_unit_test(test_who_waits),
      cmocka_unit_test(test_against_the_model),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
