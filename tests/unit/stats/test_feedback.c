// SPDX-License-Identifier: Apache-2.0
// Tests of nps.c, funnel.c and stratified.c against published examples and values computed by hand.
#include "stats/funnel.h"
#include "stats/nps.h"
#include "stats/stratified.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats_near.h"

static void scores(void **state) {
  (void)state;
  md_nps out;
  md_nps_interval(&(md_answers){50, 30, 20}, 0.95, &out);
  assert_near(out.nps, 30);
  assert_near(out.se, 100 * sqrt(0.61 / 100));
  assert_near(out.upper_wald, 30 + 1.9599639845400545 * out.se);
  assert_near(out.adj_wald_center, 100 * 30 / 103.0);
  md_nps_interval(&(md_answers){5, 0, 0}, 0.95, &out);
  assert_true(out.se == 0 && out.lower_wald == 100);
  assert_true(out.adj_wald_lower < 100); // five delighted people prove little
}

static void score_difference(void **state) {
  (void)state;
  md_nps_diff out;
  md_nps_difference(&(md_answers){50, 30, 20}, &(md_answers){60, 25, 15}, &out);
  assert_near(out.diff, 15);
  assert_near(out.se, 100 * sqrt((0.61 + 0.75 - 0.2025) / 100));
  md_nps_difference(&(md_answers){5, 0, 0}, &(md_answers){0, 0, 5}, &out);
  assert_missing(out.z);
  assert_non_null(out.why);
}

static void funnel(void **state) {
  (void)state;
  const double counts[] = {1000, 400, 200, 150}, dead[] = {10, 0, 0};
  md_funnel_step steps[3];
  md_funnel out;
  md_funnel_dropoff(counts, 4, 0.95, steps, &out);
  assert_near(steps[0].conversion, 0.4);
  assert_near(steps[2].dropoff, 0.25);
  assert_near(steps[1].conv_lower, 1 - steps[1].conv_upper);
  assert_near(steps[0].drop_upper, 1 - steps[0].conv_lower);
  assert_true(out.worst_step_1based == 1);
  md_funnel_dropoff(dead, 3, 0.95, steps, &out);
  assert_missing(steps[1].conversion);
  assert_true(out.worst_step_1based == 1);
  assert_non_null(out.why);
}

// Charig et al. 1986, kidney stones: open surgery is better for small and for large ones, and worse in total.
static void simpson(void **state) {
  (void)state;
  md_mantel_haenszel out;
  const md_stratum stones[] = {{81, 87, 234, 270}, {192, 263, 55, 80}};
  md_mantel_haenszel_of(stones, 2, &out);
  assert_near(out.pooled_rate_a, 0.78);
  assert_near(out.pooled_rate_b, 289.0 / 350);
  assert_near(out.mh_risk_difference,
              ((81 * 270 - 234 * 87) / 357.0 + (192 * 80 - 55 * 263) / 343.0) / (87 * 270 / 357.0 + 263 * 80 / 343.0));
  assert_near(out.mh_odds_ratio, (81 * 36 / 357.0 + 192 * 25 / 343.0) / (234 * 6 / 357.0 + 55 * 71 / 343.0));
  assert_true(out.sign_reversal);
  md_mantel_haenszel_of(stones, 1, &out);
  assert_false(out.sign_reversal);
  md_mantel_haenszel_of(&(md_stratum){3, 9, 0, 0}, 1, &out);
  assert_missing(out.pooled_diff);
  assert_non_null(out.why);
}

// Two strata that weigh each other up exactly: what rounding leaves has no sign, and reverses none.
static void strata_that_cancel_reverse_nothing(void **state) {
  (void)state;
  md_mantel_haenszel out;
  const md_stratum strata[] = {{7, 30, 11, 70}, {11, 70, 7, 30}};
  md_mantel_haenszel_of(strata, 2, &out);
  assert_true(out.mh_risk_difference == 0);
  assert_false(out.sign_reversal);
  const md_stratum tenths[] = {{1, 10, 2, 10}, {3, 30, 2, 30}, {2, 10, 4, 60}, {1, 3, 19, 57}, {1, 20, 0, 20}};
  md_mantel_haenszel_of(tenths, 2, &out);
  assert_false(out.sign_reversal);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(strata_that_cancel_reverse_nothing), cmocka_unit_test(scores),
                                     cmocka_unit_test(score_difference), cmocka_unit_test(funnel),
                                     cmocka_unit_test(simpson)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
