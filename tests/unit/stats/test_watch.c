// SPDX-License-Identifier: Apache-2.0
// Tests of cusum.c, before_after.c and time_series.c against chains solved by hand and R.
#include "stats/before_after.h"
#include "stats/cusum.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats_near.h"

static double arl(size_t m, size_t H, double p) {
  double scratch[200];
  return md_bernoulli_cusum_arl(m, H, p, scratch);
}

static void run_lengths_by_hand(void **state) {
  (void)state;
  assert_near(arl(2, 2, 0.5), 6);    // two successes in a row of a fair coin
  assert_near(arl(2, 1, 0.01), 100); // the first success
  assert_near(arl(2, 2, 1e-3), (1 + 1e-3) / 1e-6);
  assert_near(arl(10, 30, 0.05), 1283.70656580569);
  assert_near(arl(10, 30, 0.1), 122.627138640257);
  assert_near(arl(10, 30, 1), 4);
  assert_near(arl(3, 4, 1e-6), 1000000000003.0001);
  assert_true(isinf(arl(10, 30, 0)));
  assert_true(isinf(arl(1, 5, 0.5)));
}

static void the_path_and_its_alarm(void **state) {
  (void)state;
  const double sequence[] = {0, 1, 0, 1, 1};
  double path[5];
  assert_int_equal(md_bernoulli_cusum_path(sequence, 5, 0.1, 0.2, 1, path), 4);
  assert_true(path[0] == 0);
  assert_near(path[1], log(2));
  assert_near(path[2], log(2) + log(8.0 / 9));
  assert_int_equal(md_bernoulli_cusum_path(sequence, 5, 0.1, 0.2, 9, path), 0);
}

static void e_detectors_by_hand(void **state) {
  (void)state;
  const double sequence[] = {0, 1, 0, 1, 1};
  double sr[5], cusum[5];
  size_t a, b;
  md_e_detector_path(sequence, 5, 0.1, 0.2, 5, sr, cusum, &a, &b);
  assert_near(sr[0], 8.0 / 9);
  assert_near(sr[1], 2 * (8.0 / 9 + 1));
  assert_near(cusum[1], 2);
  assert_near(cusum[3], 2 * 16.0 / 9);
  assert_int_equal(a, 4);
  assert_int_equal(b, 5);
}

// What is too large for a double comes down again with the evidence.
static void evidence_survives_an_overflow(void **state) {
  (void)state;
  enum { COUNT = 4000 };
  static double sequence[COUNT], sr[COUNT], cusum[COUNT];
  size_t a, b;
  for (int i = 0; i < COUNT; i++)
    sequence[i] = i < 1200;
  md_e_detector_path(sequence, COUNT, 0.25, 0.5, 20, sr, cusum, &a, &b);
  assert_true(isinf(cusum[1199]) && isfinite(cusum[COUNT - 1]) && cusum[COUNT - 1] < 2);
  assert_int_equal(b, 5);
}

static void quasibinomial_as_r(void **state) {
  (void)state;
  const double xb[] = {10, 12, 9, 0}, nb[] = {100, 100, 100, 0}, xa[] = {15, 18, 13}, na[] = {100, 110, 100};
  md_quasibinomial out;
  md_before_after_quasibinomial(&(md_days){xb, nb, 4}, &(md_days){xa, na, 3}, 0.95, &out);
  assert_near(out.log_odds_ratio, 0.413416468459472);
  assert_near(out.se_binomial, 0.247997068234998);
  assert_near(out.se_quasi, 0.1224811248690023);
  assert_near(out.t, 3.37534839675611);
  assert_true(out.df == 4); // a day without subjects is no day
  md_before_after_quasibinomial(&(md_days){xb + 3, nb, 1}, &(md_days){xa, na, 3}, 0.95, &out);
  assert_missing(out.log_odds_ratio);
  assert_non_null(out.why);
}

static void time_series_as_r(void **state) {
  (void)state;
  const double y[] = {1, 2.1, 2.9, 4.2, 7, 8.1, 8.8, 10.3};
  const double coef[] = {-0.05, 1.04, 1.81, 0.02},
               ols[] = {0.2403122968139579, 0.0877496438739211, 0.2910326442171046, 0.1240967364599084};
  const double newey_west[] = {0.0525991127935310, 0.0236361305349810, 0.0731117865554738, 0.0538268829984921};
  double scratch[48];
  md_its out;
  md_interrupted_time_series(y, 8, 4, 2, scratch, &out);
  for (int i = 0; i < MD_ITS_COEFFICIENTS; i++) {
    assert_near(out.coef[i], coef[i]);
    assert_near(out.se_ols[i], ols[i]);
    assert_near(out.se_newey_west[i], newey_west[i]);
  }
  assert_near(out.r_squared, 0.998148593411878);
  assert_near(out.durbin_watson, 2.96168831168831);
  const double straight[] = {1, 2, 3, 4};
  md_interrupted_time_series(straight, 4, 2, 0, scratch, &out);
  assert_missing(out.se_ols[0]);
  assert_non_null(out.why);
}

// Days of one share on each side: the dispersion is 0, not rounding, and t is nothing that can be divided out of it.
static void equal_days_have_no_dispersion(void **state) {
  (void)state;
  const double xb[] = {1, 3, 7, 1111111}, nb[] = {10, 30, 70, 11111110}, xa[] = {1, 2, 3, 1000001},
               na[] = {3, 6, 9, 3000003};
  md_quasibinomial out;
  md_before_after_quasibinomial(&(md_days){xb, nb, 4}, &(md_days){xa, na, 4}, 0.95, &out);
  assert_true(out.dispersion == 0 && out.se_quasi == 0);
  assert_missing(out.t);
  assert_missing(out.p_value);
  assert_missing(out.lower);
  assert_non_null(out.why);
  const double near[] = {1, 2, 3, 1000002};
  md_before_after_quasibinomial(&(md_days){xb, nb, 4}, &(md_days){near, na, 4}, 0.95, &out);
  assert_true(out.dispersion > 0);
}

// R: summary(glm(cbind(x, n - x) ~ after, quasibinomial)), and qt for the interval.
static void quasibinomial_p_and_interval_as_r(void **state) {
  (void)state;
  const double xb[] = {10, 12, 9}, nb[] = {100, 100, 100}, xa[] = {15, 18, 13}, na[] = {100, 110, 100};
  md_quasibinomial out;
  md_before_after_quasibinomial(&(md_days){xb, nb, 3}, &(md_days){xa, na, 3}, 0.9, &out);
  assert_near(out.p_value, 0.027905240359712);
  assert_near(out.upper - out.log_odds_ratio, 2.13184678632665 * out.se_quasi);
  assert_near(out.log_odds_ratio - out.lower, 2.13184678632665 * out.se_quasi);
}

// The unit of y changes the coefficients and their errors with it, and nothing else: squares of 1e200 and of 1e-200 are
// no doubles.
static void series_of_any_size(void **state) {
  (void)state;
  static const double y[] = {1, 2.1, 2.9, 4.2, 7, 8.1, 8.8, 10.3};
  static const int powers[] = {-900, -600, 3, 600, 1000};
  double scratch[48], scaled[8];
  md_its plain, out;
  md_interrupted_time_series(y, 8, 4, 2, scratch, &plain);
  for (size_t k = 0; k < 5; k++) {
    for (int i = 0; i < 8; i++)
      scaled[i] = ldexp(y[i], powers[k]);
    md_interrupted_time_series(scaled, 8, 4, 2, scratch, &out);
    for (int i = 0; i < MD_ITS_COEFFICIENTS; i++) {
      assert_near(out.coef[i], ldexp(plain.coef[i], powers[k]));
      assert_near(out.se_ols[i], ldexp(plain.se_ols[i], powers[k]));
      assert_near(out.se_newey_west[i], ldexp(plain.se_newey_west[i], powers[k]));
    }
    assert_near(out.r_squared, plain.r_squared);
    assert_near(out.durbin_watson, plain.durbin_watson);
    assert_null(out.why);
  }
}

// Two values before the change lie on their line: Newey and West's error of that line would be 0, as if it were known.
static void two_values_before_judge_nothing(void **state) {
  (void)state;
  const double y[] = {0.1, 0.7, 3, 4.5, 4.9, 6.5}, line[] = {0.1, 0.2, 0.3, 3, 4.5, 4.9, 6.5};
  double scratch[42];
  md_its out;
  for (int k = 0; k < 2; k++) {
    md_interrupted_time_series(k ? line : y, k ? 7 : 6, k ? 3 : 2, 1, scratch, &out);
    assert_missing(out.se_newey_west[0]);
    assert_missing(out.se_newey_west[1]);
    assert_true(out.se_newey_west[2] > 0 && out.se_newey_west[3] > 0);
    assert_true(out.se_ols[0] > 0);
    assert_non_null(out.why);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(equal_days_have_no_dispersion),
                                     cmocka_unit_test(quasibinomial_p_and_interval_as_r),
                                     cmocka_unit_test(series_of_any_size),
                                     cmocka_unit_test(two_values_before_judge_nothing),
                                     cmocka_unit_test(run_lengths_by_hand),
                                     cmocka_unit_test(the_path_and_its_alarm),
                                     cmocka_unit_test(e_detectors_by_hand),
                                     cmocka_unit_test(evidence_survives_an_overflow),
                                     cmocka_unit_test(quasibinomial_as_r),
                                     cmocka_unit_test(time_series_as_r)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
