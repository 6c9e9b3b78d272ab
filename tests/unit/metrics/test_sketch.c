// SPDX-License-Identifier: Apache-2.0
// The sketch against exact quantiles: within 1 %, merged or not, packed or not (A5).
#include "base/alloc.h"
#include "base/error.h"
#include "metrics/sketch.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t seed = 1;

static double uniform(void) {
  seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
  return (double)(seed >> 11) / 9007199254740992.0;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void expect_near(const md_sketch *sketch, double *values, int n) {
  static const double quantiles[] = {0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.999, 1};
  qsort(values, (size_t)n, sizeof *values, ascending);
  assert_int_equal(md_sketch_count(sketch), n);
  for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++) {
    double exact = values[(int)(quantiles[i] * (n - 1))], seen = md_sketch_quantile(sketch, quantiles[i]);
    if (fabs(seen - exact) > MD_SKETCH_ERROR * fabs(exact) + 2 * MD_SKETCH_ZERO)
      fail_msg("q %g of %d: %.17g instead of %.17g", quantiles[i], n, seen, exact);
  }
}

// Hours, lognormal, both signs, zeros, many orders of magnitude.
static double draw(int kind) {
  double u = uniform();
  switch (kind) {
  case 0:
    return 10 + 60 * u;
  case 1:
    return exp(3 * (uniform() + uniform() + uniform() - 1.5));
  case 2:
    return u < 0.2 ? 0 : 100 * (u - 0.5);
  default:
    return pow(10, 12 * u - 6) * (uniform() < 0.5 ? -1 : 1);
  }
}

static void test_within_one_percent(void **state) {
  (void)state;
  double *values = malloc(20000 * sizeof *values);
  for (int kind = 0; kind < 4; kind++)
    for (int n = 1; n <= 20000; n = n * 3 + 1) {
      md_sketch sketch;
      md_sketch_init(&sketch);
      for (int i = 0; i < n; i++) {
        values[i] = draw(kind);
        assert_int_equal(md_sketch_add(&sketch, values[i]), 0);
      }
      expect_near(&sketch, values, n);
      md_sketch_deinit(&sketch);
    }
  free(values);
}

// Merging parts is the same as one sketch over all, bin for bin.
static void test_merge_and_pack_lose_nothing(void **state) {
  (void)state;
  for (int round = 0; round < 50; round++) {
    md_sketch whole, merged;
    md_sketch_init(&whole);
    md_sketch_init(&merged);
    for (int part = 0; part < 5; part++) {
      md_sketch one, read;
      md_buffer packed;
      md_sketch_init(&one);
      md_sketch_init(&read);
      md_buffer_init(&packed);
      for (int i = (int)(uniform() * 100); i >= 0; i--) {
        double value = draw(round % 4);
        assert_int_equal(md_sketch_add(&one, value), 0);
        assert_int_equal(md_sketch_add(&whole, value), 0);
      }
      md_sketch_pack(&packed, &one);
      assert_int_equal(md_sketch_unpack(packed.data, packed.len, &read), 0);
      assert_int_equal(md_sketch_merge(&merged, &read), 0);
      md_sketch_deinit(&one);
      md_sketch_deinit(&read);
      md_buffer_deinit(&packed);
    }
    assert_int_equal(md_sketch_count(&whole), md_sketch_count(&merged));
    for (double q = 0; q <= 1; q += 0.05)
      assert_true(md_sketch_quantile(&whole, q) == md_sketch_quantile(&merged, q));
    md_sketch_deinit(&whole);
    md_sketch_deinit(&merged);
  }
}

// More buckets than there are: the smallest go together, the large ones stay exact.
static void test_bounded(void **state) {
  (void)state;
  md_sketch sketch;
  md_sketch_init(&sketch);
  for (int i = 0; i < 20000; i++)
    assert_int_equal(md_sketch_add(&sketch, pow(10, -8 + i * 0.01)), 0);
  assert_true(sketch.positive.count <= MD_SKETCH_BINS);
  double exact = pow(10, -8 + 19000 * 0.01);
  assert_true(fabs(md_sketch_quantile(&sketch, 19000.0 / 19999) - exact) <= MD_SKETCH_ERROR * exact);
  md_sketch_deinit(&sketch);
}

static void test_damaged(void **state) {
  (void)state;
  md_sketch sketch;
  md_buffer packed;
  md_sketch_init(&sketch);
  md_buffer_init(&packed);
  for (int i = 0; i < 100; i++)
    md_sketch_add(&sketch, draw(3));
  md_sketch_pack(&packed, &sketch);
  md_sketch_deinit(&sketch);
  for (size_t len = 0; len < packed.len; len++) {
    md_sketch_init(&sketch);
    assert_int_equal(md_sketch_unpack(packed.data, len, &sketch), MD_ECORRUPT);
    md_sketch_deinit(&sketch);
  }
  md_buffer_deinit(&packed);
}

static void test_no_memory(void **state) {
  (void)state;
  md_sketch sketch;
  md_sketch_init(&sketch);
  md_alloc_fail_after(1, 0);
  assert_int_equal(md_sketch_add(&sketch, 5), MD_ENOMEM);
  md_alloc_fail_after(0, 0);
  assert_int_equal(md_sketch_count(&sketch), 0);
  md_sketch_deinit(&sketch);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_within_one_percent),
                                     cmocka_unit_test(test_merge_and_pack_lose_nothing), cmocka_unit_test(test_bounded),
                                     cmocka_unit_test(test_damaged), cmocka_unit_test(test_no_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
