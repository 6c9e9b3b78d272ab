// SPDX-License-Identifier: Apache-2.0
// Tests of srm.c against values computed by hand.
#include "stats/srm.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats_near.h"

static void chi_square(void **state) {
  (void)state;
  md_srm out;
  md_srm_chi_square((const double[]){4900, 5100}, (const double[]){2, 2}, 2, 0.05, &out);
  assert_near(out.chi2, 4);
  assert_true(out.df == 1);
  assert_near(out.p_value, 0.045500263896358389);
  assert_true(out.mismatch);
  md_srm_chi_square((const double[]){4900, 5100}, (const double[]){1, 1}, 2, 0.001, &out);
  assert_false(out.mismatch);
}

static void an_arm_of_weight_0_must_stay_empty(void **state) {
  (void)state;
  md_srm out;
  md_srm_chi_square((const double[]){50, 50, 1}, (const double[]){1, 1, 0}, 3, 0.001, &out);
  assert_true(out.mismatch);
  assert_true(out.df == 1 && out.chi2 == 0);
  assert_non_null(out.why);
  md_srm_sequential seq;
  md_srm_sequential_multinomial((const double[]){50, 50, 1}, (const double[]){1, 1, 0}, (const double[]){1, 1, 1}, 3,
                                &seq);
  assert_true(seq.p_value_at_this_look == 0);
  assert_missing(seq.log_bayes_factor);
}

static void nothing_to_compare(void **state) {
  (void)state;
  md_srm out;
  md_srm_chi_square((const double[]){0, 0}, (const double[]){1, 1}, 2, 0.001, &out);
  assert_missing(out.p_value);
  assert_false(out.mismatch);
  md_srm_chi_square((const double[]){5, 0}, (const double[]){1, 0}, 2, 0.001, &out);
  assert_missing(out.p_value);
  assert_non_null(out.why);
}

static double factor(double a, double b) {
  md_srm_sequential out;
  md_srm_sequential_multinomial((const double[]){a, b}, (const double[]){1, 1}, (const double[]){1, 1}, 2, &out);
  return out.log_bayes_factor;
}

// Under a uniform prior every split of n is as likely: the factor is 2^n / ((n + 1) C(n, a)).
static void bayes_factor_by_hand(void **state) {
  (void)state;
  assert_true(fabs(factor(1, 0)) < 1e-12);
  assert_near(factor(2, 0), log(4.0 / 3));
  assert_near(factor(3, 1), log(16.0 / (5 * 4)));
  assert_near(factor(10, 10), log(1048576.0 / (21 * 184756.0)));
  // Half of a billion each: C(2m, m) = 4^m / √(π m) to within 1e-9.
  assert_near(factor(5e8, 5e8), log(sqrt(M_PI * 5e8) / (1e9 + 1)));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(chi_square), cmocka_unit_test(an_arm_of_weight_0_must_stay_empty),
                                     cmocka_unit_test(nothing_to_compare), cmocka_unit_test(bayes_factor_by_hand)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
