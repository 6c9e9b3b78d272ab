// SPDX-License-Identifier: Apache-2.0
// Tests of means.c, winsorise.c, ratio.c and cuped.c against values computed by hand and by R.
#include "stats/cuped.h"
#include "stats/means.h"
#include "stats/ratio.h"
#include "stats/special.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats_near.h"

static void student_as_in_r(void **state) {
  (void)state;
  assert_near(md_t_two_sided(12.706204736174694, 1), 0.05);
  assert_near(md_t_two_sided(2.5, 1e9), 0.0124193308104025);
  assert_near(md_t_two_sided(-30, 3.3), 3.8829393543123e-05);
  assert_near(md_t_two_sided(8, 100), 2.27286480772808e-12);
  assert_near(md_t_two_sided(0.5, 2), 1 - 0.5 / sqrt(2.25)); // in closed form for two degrees of freedom
  assert_near(md_t_critical(0.05, 10), 2.2281388519649385);
  assert_near(md_t_critical(0.05, 1e9), 1.95996398691232);
  assert_near(md_t_critical(0.5, 1), 1);
  assert_true(md_t_two_sided(0, 5) == 1);
  assert_missing(md_t_two_sided(1, 0));
}

static void welch(void **state) {
  (void)state;
  md_welch out;
  md_welch_t(&(md_sample){10, 2, 20}, &(md_sample){12, 3, 25}, 0.95, &out);
  assert_near(out.se, sqrt(4.0 / 20 + 9.0 / 25));
  assert_near(out.df, 0.56 * 0.56 / (0.04 / 19 + 0.1296 / 24));
  assert_near(out.t, 2 / out.se);
  assert_near(out.upper - 2, 2 - out.lower);
  md_welch_t(&(md_sample){10, 1e-200, 20}, &(md_sample){12, 1e-200, 20}, 0.95, &out);
  assert_near(out.df, 38);
  md_welch_t(&(md_sample){10, 0, 20}, &(md_sample){12, 0, 20}, 0.95, &out);
  assert_missing(out.p_value);
  assert_non_null(out.why);
  md_welch_t(&(md_sample){10, 1, 1}, &(md_sample){12, 1, 20}, 0.95, &out);
  assert_missing(out.df);
  assert_non_null(out.why);
}

// 1…5 and 2…6: R's t.test.
static void effects_from_sums(void **state) {
  (void)state;
  md_arm control = {5, 15, 55, false}, treatment = {5, 20, 90, false};
  md_effect out;
  md_effect_absolute(&control, &treatment, 0.95, &out);
  assert_near(out.effect, 1);
  assert_near(out.se, 1);
  assert_near(out.df, 8);
  assert_near(out.p_value, 0.346593507087);
  assert_near(out.lower, -1.30600413520417);
  md_effect_relative(&control, &treatment, 0.95, &out);
  assert_near(out.effect, 1.0 / 3);
  assert_near(out.se, sqrt(0.5 / 9 + 0.5 * 16 / 81));
  md_arm nothing = {5, 0, 10, false};
  md_effect_relative(&nothing, &treatment, 0.95, &out);
  assert_missing(out.effect);
  assert_non_null(out.why);
}

static void caps_at_the_quantile(void **state) {
  (void)state;
  double values[] = {100, 3, 1, 4, 2};
  md_winsorised out;
  md_winsorise_upper(values, 5, 0.9, &out);
  assert_near(out.cap, 61.6);
  assert_near(out.mean, 14.32);
  assert_near(out.sample_variance, 699.812);
  assert_near(out.raw_mean, 22);
  assert_near(out.raw_sample_variance, 1902.5);
  double one[] = {7};
  md_winsorise_upper(one, 1, 0.5, &out);
  assert_true(out.cap == 7);
  assert_missing(out.sample_variance);
}

// Selection agrees with sorting, also over many equal values.
static void selects_what_sorting_would(void **state) {
  (void)state;
  enum { COUNT = 1001 };
  for (int distinct = 1; distinct <= COUNT; distinct *= 10) {
    double values[COUNT];
    for (int i = 0; i < COUNT; i++)
      values[i] = (double)((i * 7919) % distinct);
    md_winsorised out;
    int below = 0, above = 0;
    md_winsorise_upper(values, COUNT, 0.75, &out);
    for (int i = 0; i < COUNT; i++) {
      below += (i * 7919) % distinct <= out.cap;
      above += (i * 7919) % distinct >= out.cap;
    }
    assert_true(below >= 751 && above >= 251);
  }
}

static void ratios_are_linearised(void **state) {
  (void)state;
  const double m[] = {1, 2, 3, 0}, d[] = {2, 4, 5, 1}, m2[] = {2, 2, 4}, d2[] = {3, 4, 5};
  md_ratio out;
  md_ratio_delta(&(md_ratio_arm){{m, 4}, {d, 4}}, &(md_ratio_arm){{m2, 3}, {d2, 3}}, &out);
  assert_near(out.ratio_control, 0.5);
  assert_near(out.ratio_treatment, 2.0 / 3);
  assert_near(out.se_control, sqrt(0.5 / 9 / 12)); // e = 0, 0, ½, -½ over a mean of 3
  assert_near(out.lift, 1.0 / 3);
  const double none[] = {0, 0, 0, 0};
  md_ratio_delta(&(md_ratio_arm){{m, 4}, {none, 4}}, &(md_ratio_arm){{m2, 3}, {d2, 3}}, &out);
  assert_missing(out.ratio_control);
  assert_missing(out.diff);
  assert_non_null(out.why);
}

// With a denominator of 1 for each subject a ratio is a mean.
static void a_mean_is_a_ratio(void **state) {
  (void)state;
  const double y[] = {1, 2, 3, 4, 5}, z[] = {2, 3, 4, 5, 6}, one[] = {1, 1, 1, 1, 1};
  md_ratio ratio;
  md_effect mean;
  md_ratio_delta(&(md_ratio_arm){{y, 5}, {one, 5}}, &(md_ratio_arm){{z, 5}, {one, 5}}, &ratio);
  md_effect_relative(&(md_arm){5, 15, 55, false}, &(md_arm){5, 20, 90, false}, 0.95, &mean);
  assert_near(ratio.se_diff, 1);
  assert_near(ratio.lift, mean.effect);
  assert_near(ratio.se_lift, mean.se);
}

static void cuped_takes_the_covariate_out(void **state) {
  (void)state;
  const double yc[] = {1, 2, 3, 4.5}, xc[] = {1, 2, 2.5, 4}, yt[] = {2, 3, 4, 6}, xt[] = {1, 2, 3, 5},
               flat[] = {1, 1, 1, 1};
  md_cuped out;
  md_cuped_difference(&(md_cuped_arm){yc, xc, 4}, &(md_cuped_arm){yt, xt, 4}, &out);
  assert_near(out.theta, 1.10478359908884);
  assert_near(out.diff_adjusted, 1.125 - out.theta * 0.375);
  assert_near(out.lift, out.diff_adjusted / 2.625);
  assert_near(out.variance_reduction, 1 - pow(out.se_adjusted / out.se_raw, 2));
  md_cuped_difference(&(md_cuped_arm){yc, flat, 4}, &(md_cuped_arm){yt, flat, 4}, &out);
  assert_true(out.theta == 0 && out.diff_adjusted == out.diff_raw && out.variance_reduction == 0);
}

static void the_smallest_levels(void **state) {
  (void)state;
  assert_near(md_t_within(1e-12, 3), 1.3603495231756634e-12);
  assert_near(md_t_within(1e-200, 30), 1.2638001130616794e-200);
  assert_near(md_t_within(0.3, 7), 0.40153823240010842);
  assert_near(md_t_within(0.45, 1.5), 0.75664352840668102);
  assert_near(md_t_within(0.2, 1), 0.32491969623290633); // tan(π/10)
  assert_near(md_t_within(0.95, 10), 2.2281388519649385);
  assert_missing(md_t_within(0.3, 0));
}

// Far from 0 the two terms of the variance agree in all digits that a double has; their difference is exact all the
// same.
static void variance_far_from_zero(void **state) {
  (void)state;
  // 2^20 + {0, 1}: 2^41 + 2^21 + 1, where nothing is rounded.
  assert_near(md_arm_variance(&(md_arm){2, 2097153, 2199025352705.0, false}), 0.5);
  // 1e9 values, a mean of 1e6 and a variance of 1: Σx² = n (m² + 1) - 1 is a double to 1 part in 2^53.
  assert_within(md_arm_variance(&(md_arm){1e9, 1e15, 1e21 + 1e9, false}), 1, 1e-4);
  assert_near(md_arm_variance(&(md_arm){4, 4e150, 5e300, false}), 1e300 / 3);
  assert_near(md_arm_variance(&(md_arm){4, 4e-150, 5e-300, false}), 1e-300 / 3);
}

// θ is that of both arms' subjects put together (Deng, Xu, Kohavi, Walker 2013, section 3.2.2), not the mean of what is
// found within each arm: here the arms' means differ, so that the two are far apart.
static void cuped_pools_the_population(void **state) {
  (void)state;
  const double yc[] = {1, 2, 3}, xc[] = {1, 2, 3}, yt[] = {11, 12, 13}, xt[] = {2, 3, 4};
  md_cuped out;
  md_cuped_difference(&(md_cuped_arm){yc, xc, 3}, &(md_cuped_arm){yt, xt, 3}, &out);
  // Together: Σ(x - 2.5)(y - 7) = 19, Σ(x - 2.5)² = 5.5. Within the arms it would be 1.
  assert_near(out.theta, 19 / 5.5);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_smallest_levels),
                                     cmocka_unit_test(variance_far_from_zero),
                                     cmocka_unit_test(cuped_pools_the_population),
                                     cmocka_unit_test(student_as_in_r),
                                     cmocka_unit_test(welch),
                                     cmocka_unit_test(effects_from_sums),
                                     cmocka_unit_test(caps_at_the_quantile),
                                     cmocka_unit_test(selects_what_sorting_would),
                                     cmocka_unit_test(ratios_are_linearised),
                                     cmocka_unit_test(a_mean_is_a_ratio),
                                     cmocka_unit_test(cuped_takes_the_covariate_out)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
