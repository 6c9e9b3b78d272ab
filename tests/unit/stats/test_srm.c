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

// Against 60 digits: what a prior that outweighs the data adds is small, and not what lgamma of it rounds.
static void large_and_tiny_priors(void **state) {
  (void)state;
  static const struct {
    double n[2], w[2], a[2], wanted, within;
  } cases[] = {{{500, 600}, {1, 1}, {1e6, 1e6}, 0.0022237025340708503, 1e-9},
               {{12, 8}, {1, 1}, {1e4, 1e4}, -0.00010014229107016703, 1e-9},
               {{10, 20}, {1, 2}, {1e12, 2e12}, -4.9999999999759722e-12, 1e-9},
               {{10, 20}, {1, 1}, {1e10, 1e10}, 1.74999999691875e-9, 1e-6},
               {{1e9, 2e9}, {1, 2}, {1e9, 2e9}, -0.34657359032858377, 1e-9},
               {{10, 20}, {1, 1}, {1e-300, 1e15}, -1002.567048950441, 1e-9},
               {{1e15, 1e15}, {1, 1}, {1, 1}, -17.390170435090588, 1e-9}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    md_srm_sequential out;
    md_srm_sequential_multinomial(cases[i].n, cases[i].w, cases[i].a, 2, &out);
    assert_within(out.log_bayes_factor, cases[i].wanted, cases[i].within);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(large_and_tiny_priors), cmocka_unit_test(chi_square),
                                     cmocka_unit_test(an_arm_of_weight_0_must_stay_empty),
                                     cmocka_unit_test(nothing_to_compare), cmocka_unit_test(bayes_factor_by_hand)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
