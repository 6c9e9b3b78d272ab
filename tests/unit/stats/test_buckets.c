// SPDX-License-Identifier: Apache-2.0
// Tests of buckets.c: published hashes, GrowthBook's buckets and ranges, and that ramping up moves nobody.
#include "stats/buckets.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint32_t hash(const char *text) {
  return md_fnv1a_32(text, strlen(text));
}

static double bucket(const char *seed, const char *value, int version) {
  return md_growthbook_bucket(seed, strlen(seed), value, strlen(value), version);
}

// Noll's own test vectors (test_fnv.c).
static void hashes_as_published(void **state) {
  (void)state;
  assert_int_equal(hash(""), 0x811c9dc5);
  assert_int_equal(hash("a"), 0xe40c292c);
  assert_int_equal(hash("b"), 0xe70c2de5);
  assert_int_equal(hash("foobar"), 0xbf9cf968);
  assert_int_equal(md_fnv1a_32_more(hash("foo"), "bar", 3), hash("foobar"));
}

// GrowthBook's cases.json, "hash".
static void buckets_as_growthbook(void **state) {
  (void)state;
  assert_float_equal(bucket("", "a", 1), 0.22, 0);
  assert_float_equal(bucket("", "b", 1), 0.077, 0);
  assert_float_equal(bucket("b", "a", 1), 0.946, 0);
  assert_float_equal(bucket("ef", "d", 1), 0.652, 0);
  assert_float_equal(bucket("asdf", "8952klfjas09ujk", 1), 0.549, 0);
  assert_float_equal(bucket("", "123", 1), 0.011, 0);
  assert_float_equal(bucket("", "___)((*\":&", 1), 0.563, 0);
  assert_float_equal(bucket("seed", "a", 2), 0.0505, 0);
  assert_float_equal(bucket("seed", "b", 2), 0.2696, 0);
  assert_float_equal(bucket("foo", "ab", 2), 0.2575, 0);
  assert_float_equal(bucket("foo", "def", 2), 0.2019, 0);
  assert_float_equal(bucket("89123klj", "8952klfjas09ujkasdf", 2), 0.124, 0);
  assert_float_equal(bucket("90850943850283058242805", "123", 2), 0.7516, 0);
  assert_true(isnan(bucket("abc", "def", 99)));
}

static void ranges_follow_the_weights(void **state) {
  (void)state;
  md_bucket_range ranges[3];
  const double weights[] = {0.4, 0.4, 0.2};
  md_bucket_ranges(3, 0.5, weights, 3, ranges);
  assert_float_equal(ranges[0].from, 0, 0);
  assert_float_equal(ranges[0].to, 0.2, 1e-15);
  assert_float_equal(ranges[1].from, 0.4, 1e-15);
  assert_float_equal(ranges[1].to, 0.6, 1e-15);
  assert_float_equal(ranges[2].from, 0.8, 1e-15);
  assert_float_equal(ranges[2].to, 0.9, 1e-15);
  assert_int_equal(md_bucket_arm(0.1999, ranges, 3), 0);
  assert_int_equal(md_bucket_arm(0.3, ranges, 3), -1);
  assert_int_equal(md_bucket_arm(0.85, ranges, 3), 2);
}

static void bad_weights_are_equal(void **state) {
  (void)state;
  const double light[] = {0.4, 0.1}, heavy[] = {0.7, 0.6}, negative[] = {1.5, -0.5}, none[] = {NAN, 1};
  const double *const bad[] = {light, heavy, negative, none};
  md_bucket_range ranges[2];
  for (size_t i = 0; i < 4; i++) {
    md_bucket_ranges(2, 1, bad[i], 2, ranges);
    assert_float_equal(ranges[0].to, 0.5, 0);
    assert_float_equal(ranges[1].to, 1, 0);
  }
  md_bucket_ranges(2, 1, (const double[]){1}, 1, ranges);
  assert_float_equal(ranges[0].to, 0.5, 0);
  md_bucket_ranges(2, 1, NULL, 0, ranges);
  assert_float_equal(ranges[0].to, 0.5, 0);
  md_bucket_ranges(2, 1.1, (const double[]){0.3, 0.7}, 2, ranges);
  assert_float_equal(ranges[0].to, 0.3, 0);
  md_bucket_ranges(2, -0.2, (const double[]){0.3, 0.7}, 2, ranges);
  assert_float_equal(ranges[0].to, 0, 0);
}

static void ramping_up_moves_nobody(void **state) {
  (void)state;
  const double weights[] = {0.2, 0.3, 0.5};
  md_bucket_range few[3], many[3];
  for (int step = 0; step < 10; step++) {
    md_bucket_ranges(3, step / 10.0, weights, 3, few);
    md_bucket_ranges(3, (step + 1) / 10.0, weights, 3, many);
    for (int person = 0; person < 2000; person++) {
      char id[16];
      snprintf(id, sizeof id, "%d", person);
      double at = bucket("ramp", id, 2);
      int before = md_bucket_arm(at, few, 3);
      if (before >= 0) assert_int_equal(md_bucket_arm(at, many, 3), before);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hashes_as_published),       cmocka_unit_test(buckets_as_growthbook),
      cmocka_unit_test(ranges_follow_the_weights), cmocka_unit_test(bad_weights_are_equal),
      cmocka_unit_test(ramping_up_moves_nobody),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
