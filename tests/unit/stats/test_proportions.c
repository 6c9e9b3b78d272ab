// SPDX-License-Identifier: Apache-2.0
// Tests of proportions.c against the tables of Newcombe 1998 and values computed by hand.
#include "stats/proportions.h"
#include "stats/special.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats_near.h"

// Newcombe 1998, Statistics in Medicine 17, 857-872, table I, method 3.
static void wilson_as_printed(void **state) {
  (void)state;
  static const struct {
    double x, n, lower, upper;
  } cases[] = {{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}};
  for (size_t i = 0; i < 4; i++) {
    md_interval out;
    md_wilson_interval(cases[i].x, cases[i].n, 0.95, &out);
    assert_printed(out.lower, cases[i].lower, 4);
    assert_printed(out.upper, cases[i].upper, 4);
  }
}

static void wilson_mirrors_and_ends(void **state) {
  (void)state;
  md_interval low, high;
  md_wilson_interval(3, 1e9, 0.9, &low);
  md_wilson_interval(1e9 - 3, 1e9, 0.9, &high);
  assert_within(1 - high.lower, low.upper, 1e-7);
  md_wilson_interval(0, 1, 0.95, &low);
  assert_true(low.lower == 0);
  assert_near(low.upper, 3.8414588206941254 / 4.8414588206941254); // z²/(1 + z²)
  md_wilson_interval(7, 7, 0.95, &high);
  assert_true(high.upper == 1);
}

// Newcombe 1998, Statistics in Medicine 17, 873-890, table II, method 10.
static void newcombe_as_printed(void **state) {
  (void)state;
  static const struct {
    double x1, n1, x2, n2, lower, upper;
  } cases[] = {{56, 70, 48, 80, 0.0524, 0.3339}, {9, 10, 3, 10, 0.1705, 0.8090},  {6, 7, 2, 7, 0.0582, 0.8062},
               {5, 56, 0, 29, -0.0381, 0.1926},  {0, 10, 0, 20, -0.1611, 0.2775}, {0, 10, 0, 10, -0.2775, 0.2775},
               {10, 10, 0, 20, 0.6791, 1.0},     {10, 10, 0, 10, 0.6075, 1.0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    md_diff_interval out;
    md_newcombe_diff(cases[i].x1, cases[i].n1, cases[i].x2, cases[i].n2, 0.95, &out);
    assert_printed(out.lower, cases[i].lower, 4);
    assert_printed(out.upper, cases[i].upper, 4);
  }
}

static void pooled_test(void **state) {
  (void)state;
  md_z_pooled out;
  md_two_proportion_z_pooled(&(md_two_rates){200, 1000, 250, 1000}, &out);
  assert_near(out.diff, 0.05);
  assert_near(out.z, 0.05 / sqrt(0.225 * 0.775 * 0.002));
  assert_near(out.p_value, 0.00741964926102568);
  assert_near(out.chi2, out.z * out.z);
  md_two_proportion_z_pooled(&(md_two_rates){0, 10, 0, 10}, &out);
  assert_missing(out.z);
  assert_missing(out.p_value);
  assert_true(out.diff == 0);
  assert_non_null(out.why);
}

static void lift_by_hand(void **state) {
  (void)state;
  md_effect out;
  md_relative_lift(&(md_two_rates){200, 1000, 250, 1000}, 0.95, &out);
  assert_near(out.effect, 0.25);
  assert_near(out.se, sqrt(0.1875 / 1000 / 0.04 + 0.16 * 0.0625 / 1000 / 0.0016));
  assert_near(out.df, 1985.56516819257);
  assert_near(out.p_value, 0.0169201012911040);
  assert_near(out.lower, 0.0448970343248965);
  assert_near(out.upper - 0.25, 0.25 - out.lower);
  md_relative_lift(&(md_two_rates){0, 1000, 250, 1000}, 0.95, &out);
  assert_missing(out.effect);
  assert_non_null(out.why);
}

// R's example(prop.test), four groups of smokers.
static void homogeneity(void **state) {
  (void)state;
  const double x[] = {83, 90, 129, 70}, n[] = {86, 93, 136, 82}, none[] = {0, 0, 0, 0};
  md_chi2_test out;
  md_k_proportions_chi2(x, n, 4, &out);
  assert_near(out.chi2, 12.60041129713);
  assert_true(out.df == 3);
  assert_near(out.p_value, 0.00558547666163);
  md_k_proportions_chi2(none, n, 4, &out);
  assert_missing(out.p_value);
  assert_non_null(out.why);
}

static void non_inferiority_turns_with_the_direction(void **state) {
  (void)state;
  md_non_inferiority up, down;
  md_two_rates rates = {100, 1000, 98, 1000};
  md_non_inferiority_two_proportions(&rates, 0.03, 0.025, true, &up);
  double se = sqrt(0.1 * 0.9 / 1000 + 0.098 * 0.902 / 1000);
  assert_near(up.z, 0.028 / se);
  assert_near(up.lower_one_sided, -0.002 - 1.9599639845400545 * se);
  assert_true(up.non_inferior);
  md_non_inferiority_two_proportions(&rates, 0.025, 0.025, true, &up);
  assert_false(up.non_inferior);
  assert_true(up.p_value > 0.025);
  md_non_inferiority_two_proportions(&rates, 0.025, 0.025, false, &down); // fewer complaints are a benefit
  assert_true(down.non_inferior);
  assert_near(down.diff, up.diff);
  md_non_inferiority_two_proportions(&(md_two_rates){0, 10, 10, 10}, 0.1, 0.05, true, &up);
  assert_false(up.non_inferior);
  assert_non_null(up.why);
}

// Of a level so small that 1 - level is 1: the share itself, and z is the level over the density's height at 0.
static void the_smallest_levels(void **state) {
  (void)state;
  md_interval out;
  assert_near(md_normal_within(1e-300), 1.2533141373155003e-300);
  assert_near(md_normal_within(1e-17), 1.2533141373155003e-17);
  assert_near(md_normal_within(0.3), 0.38532046640756762);
  assert_near(md_normal_within(0.49999), 0.67447401595416907);
  assert_near(md_normal_within(0.95), 1.9599639845400545);
  md_wilson_interval(0, 10, 1e-17, &out);
  assert_true(out.lower == 0);
  assert_near(out.upper, 1.5707963267948966e-34 / 10);
  md_wilson_interval(3, 10, 1e-300, &out);
  assert_near(out.lower, 0.3);
  assert_near(out.upper, 0.3);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_smallest_levels),
                                     cmocka_unit_test(wilson_as_printed),
                                     cmocka_unit_test(wilson_mirrors_and_ends),
                                     cmocka_unit_test(newcombe_as_printed),
                                     cmocka_unit_test(pooled_test),
                                     cmocka_unit_test(lift_by_hand),
                                     cmocka_unit_test(homogeneity),
                                     cmocka_unit_test(non_inferiority_turns_with_the_direction)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
