// SPDX-License-Identifier: Apache-2.0
// The texts of caps and quiet hours (M5, M9).
#include "message/policy.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_quiet_hours(void **state) {
  md_quiet_hours hours;
  (void)state;
  assert_int_equal(md_quiet_hours_parse("21:00-08:00", &hours, NULL), 0);
  assert_int_equal(hours.from, 21 * 60);
  assert_int_equal(hours.until, 8 * 60);
  assert_int_equal(md_quiet_hours_parse("none", &hours, NULL), 0);
  assert_int_equal(hours.from, hours.until);
  static const char *const wrong[] = {"",           "21-8",        "21:00-8:00",  "21:00-24:00", "21:60-08:00",
                                      "8:00-08:00", "08:00-08:00", "21:00 08:00", "aa:00-08:00", "21:00-08:000"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    md_error err = {0};
    assert_int_equal(md_quiet_hours_parse(wrong[i], &hours, &err), MD_EINVAL);
    assert_non_null(strstr(err.text, "21:00-08:00"));
  }
}

static void test_caps(void **state) {
  md_cap cap;
  (void)state;
  assert_int_equal(md_cap_parse("marketing", "3 per 7d", &cap, NULL), 0);
  assert_string_equal(cap.class_name, "marketing");
  assert_string_equal(cap.channel, "");
  assert_int_equal(cap.most, 3);
  assert_int_equal(cap.days, 7);
  assert_int_equal(md_cap_parse("feedback/email", "1 per 36h", &cap, NULL), 0);
  assert_string_equal(cap.channel, "email");
  assert_int_equal(cap.days, 0);
  assert_int_equal(cap.per, 36 * MD_HOUR);
  assert_int_equal(md_cap_parse("service/sms", "2 per 1.5d", &cap, NULL), 0);
  assert_int_equal(cap.days, 0);
  static const char *const wrong[][2] = {
      {"security", "3 per 7d"},   {"marketing", "3"},         {"marketing", "0 per 7d"},
      {"marketing", "3 per"},     {"marketing", "3 per 0d"},  {"marketing/fax", "3 per 7d"},
      {"marketing/", "3 per 7d"}, {"marketing", "-1 per 7d"}, {"marketing", "3 pro 7d"}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    md_error err = {0};
    assert_int_equal(md_cap_parse(wrong[i][0], wrong[i][1], &cap, &err), MD_EINVAL);
    assert_non_null(strstr(err.text, "3 per 7d"));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_quiet_hours), cmocka_unit_test(test_caps)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
