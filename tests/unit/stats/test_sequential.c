// SPDX-License-Identifier: Apache-2.0
// Tests of sequential.c and spending.c: published bounds, and identities of the sequences.
#include "stats/sequential.h"
#include "stats/special.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stats_near.h"

static void rho_by_hand(void **state) {
  (void)state;
  assert_near(md_asympcs_rho(0.05, 5000, true), sqrt((5.991464547107982 + log(6.991464547107982)) / 5000));
  assert_near(md_asympcs_rho(0.05, 5000, false), md_asympcs_rho(0.1, 5000, true));
  assert_missing(md_asympcs_rho(0.7, 5000, false));
}

// The interval touches 0 exactly where the p-value is alpha.
static void interval_and_p_agree(void **state) {
  (void)state;
  md_asympcs out;
  for (double x = 100; x < 200; x += 10) {
    md_arm control = {1000, 100, 100, true}, treatment = {1000, x, x, true};
    md_asympcs_effect(&control, &treatment, false, 0.05, 5000, &out);
    assert_true((out.lower > 0) == (out.p_value < 0.05));
    md_asympcs_effect(&control, &treatment, false, fmin(out.p_value, 0.999), 5000, &out);
    assert_near(out.effect, x / 1000 - 0.1);
  }
  double rho = md_asympcs_rho(0.05, 5000, true), n = 2000;
  md_asympcs_effect(&(md_arm){1000, 100, 100, true}, &(md_arm){1000, 130, 130, true}, false, 0.05, 5000, &out);
  double half =
      out.se * sqrt(n) * sqrt(2 * (n * rho * rho + 1) * log(sqrt(n * rho * rho + 1) / 0.05) / (n * rho * n * rho));
  assert_near(out.upper - out.effect, half);
  assert_near(out.effect - out.lower, half);
}

static void no_interval_without_variance(void **state) {
  (void)state;
  md_asympcs out;
  md_asympcs_effect(&(md_arm){10, 0, 0, true}, &(md_arm){10, 5, 5, true}, true, 0.05, 5000, &out);
  assert_missing(out.effect);
  assert_non_null(out.why);
  md_asympcs_effect(&(md_arm){10, 10, 10, true}, &(md_arm){10, 10, 10, true}, true, 0.05, 5000, &out);
  assert_missing(out.lower);
  assert_non_null(out.why);
}

// Published for five equal looks at two-sided 0.05 (DeMets, Lan 1994, table 1: 4.877 3.357 2.680 2.290 2.031).
static void bounds_as_published(void **state) {
  (void)state;
  const double fractions[] = {0.2, 0.4, 0.6, 0.8, 1}, wanted[] = {4.877, 3.357, 2.680, 2.290, 2.031};
  double bounds[5], spent[5];
  md_lan_demets_obf(0.05, fractions, 5, bounds, spent);
  for (int i = 0; i < 5; i++)
    assert_printed(bounds[i], wanted[i], 3);
  assert_near(spent[4], 0.05);
  md_lan_demets_obf(0.05, (const double[]){1}, 1, bounds, spent);
  assert_near(bounds[0], 1.9599639845400545); // one look is no look too many
}

// A look that adds nothing of note hardly moves the last bound, and many looks raise it.
static void more_looks_cost_more(void **state) {
  (void)state;
  double fractions[MD_LOOKS_MAX], bounds[MD_LOOKS_MAX], spent[MD_LOOKS_MAX], last = 1.95;
  for (size_t looks = 1; looks <= MD_LOOKS_MAX; looks = looks * 3 + 1) {
    for (size_t i = 0; i < looks; i++)
      fractions[i] = (double)(i + 1) / (double)looks;
    md_lan_demets_obf(0.05, fractions, looks, bounds, spent);
    assert_true(bounds[looks - 1] > last && bounds[looks - 1] < 2.2);
    last = bounds[looks - 1];
  }
}

static void beta_mixture(void **state) {
  (void)state;
  md_interval out;
  md_bernoulli_sequence(0, 0, 1, 1, 0.05, &out);
  assert_true(out.lower == 0 && out.upper == 1);
  // All failures under a uniform prior: 1/(n + 1) / (1 - p)^n = 1/alpha.
  md_bernoulli_sequence(0, 10, 1, 1, 0.05, &out);
  assert_true(out.lower == 0);
  assert_near(out.upper, 1 - pow(0.05 / 11, 0.1));
  md_bernoulli_sequence(30, 100, 1, 1, 0.05, &out);
  assert_near(out.lower, 0.169446478044296);
  assert_near(out.upper, 0.457245987596756);
}

// Against 60 digits, where the prior outweighs the data or is next to nothing.
static void beta_mixture_of_large_and_tiny_priors(void **state) {
  (void)state;
  static const double cases[][7] = {{0, 10, 1e10, 1e10, 0.05, 0, 0.62943277536314852},
                                    {10, 10, 1e12, 1e12, 0.05, 0.37056722455430763, 1},
                                    {300, 1000, 1e9, 1e9, 0.05, 0.13945027497028694, 0.50371013387753515},
                                    {30, 100, 1e15, 1e15, 0.01, 0.1123853138565893, 0.55088175749676884},
                                    {0, 100, 1e-200, 1, 0.05, 0, 0.029513049607039935},
                                    {700, 1000, 1e12, 1, 0.05, 5.4091767463122504e-5, 0.99999999988935055}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const double *c = cases[i];
    md_interval out;
    md_bernoulli_sequence(c[0], c[1], c[2], c[3], c[4], &out);
    assert_near(out.lower, c[5]);
    assert_near(out.upper, c[6]);
  }
}

static md_asympcs shares(double n_control, double x_control, double n_treatment, double x_treatment, bool relative,
                         bool said) {
  md_asympcs out;
  md_asympcs_effect(&(md_arm){n_control, x_control, x_control, said},
                    &(md_arm){n_treatment, x_treatment, x_treatment, said}, relative, 0.05, 5000, &out);
  return out;
}

// The effect is there from the start; what claims to hold at every look waits, whether the arms are said to be of 0 and
// 1 or are seen to be.
static void few_successes_have_no_interval_yet(void **state) {
  (void)state;
  for (int said = 0; said < 2; said++) {
    assert_true(isfinite(shares(1000, 20, 1000, 20, false, said).lower));
    assert_true(isfinite(shares(1000, 60, 1000, 20, true, said).lower));
    md_asympcs out = shares(1000, 19, 1000, 90, false, said);
    assert_near(out.effect, 0.071);
    assert_true(out.se > 0);
    assert_missing(out.lower);
    assert_missing(out.upper);
    assert_missing(out.p_value);
    assert_non_null(out.why);
    assert_missing(shares(1000, 90, 1000, 19, false, said).lower);
    assert_missing(shares(1000, 981, 1000, 900, false, said).p_value);
    out = shares(1000, 59, 1000, 90, true, said);
    assert_missing(out.p_value);
    assert_non_null(strstr(out.why, "60 successes"));
  }
  md_asympcs other;
  md_asympcs_effect(&(md_arm){100, 5, 9, false}, &(md_arm){100, 9, 19, false}, false, 0.05, 5000, &other);
  assert_true(isfinite(other.lower)); // not of 0 and 1
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(beta_mixture_of_large_and_tiny_priors),
                                     cmocka_unit_test(few_successes_have_no_interval_yet),
                                     cmocka_unit_test(rho_by_hand),
                                     cmocka_unit_test(interval_and_p_agree),
                                     cmocka_unit_test(no_interval_without_variance),
                                     cmocka_unit_test(bounds_as_published),
                                     cmocka_unit_test(more_looks_cost_more),
                                     cmocka_unit_test(beta_mixture)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
