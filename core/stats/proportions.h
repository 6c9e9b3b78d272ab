// SPDX-License-Identifier: Apache-2.0
// Shares of successes: intervals of one, differences of two, lift, homogeneity of many. Pure; any thread.
// In every result, numbers that do not exist are NaN, and `why` (else NULL) says why. Differences are treatment minus
// control unless said otherwise; p-values two-sided.
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef struct md_interval {
  const char *why;
  double lower, upper;
} md_interval;

typedef struct md_two_rates {
  double x_control, n_control, x_treatment, n_treatment; // successes of subjects; n at least 1, x at most n
} md_two_rates;

typedef struct md_effect {
  const char *why;
  double effect, se, df, lower, upper, p_value;
} md_effect;

typedef struct md_z_pooled {
  const char *why;
  double diff, z, p_value, chi2;
} md_z_pooled;

// The z-test of equal shares with the pooled variance, as R's prop.test(correct = FALSE). (Fleiss 1981, equation 2.13.)
void md_two_proportion_z_pooled(const md_two_rates *rates, md_z_pooled *out);

// Wilson's score interval of x/n: all p with (x/n - p)² <= z² p (1 - p)/n. (Wilson 1927; Newcombe 1998a, method 3.)
void md_wilson_interval(double x, double n, double level, md_interval *out);

typedef struct md_diff_interval {
  const char *why;
  double diff, lower, upper;
} md_diff_interval;

// Interval of p1 - p2 from the Wilson limits of both. (Newcombe 1998b, method 10.)
void md_newcombe_diff(double x1, double n1, double x2, double n2, double level, md_diff_interval *out);

// Lift T/C - 1 by the delta method, s² = p(1 - p), t with the df of md_effect_relative (means.h).
// (Deng, Knoblich, Lu 2018, section 2.)
void md_relative_lift(const md_two_rates *rates, double level, md_effect *out);

typedef struct md_chi2_test {
  const char *why;
  double chi2, df, p_value;
} md_chi2_test;

// Pearson's chi-square of homogeneity of k shares, df = k - 1. (Pearson 1900; Fleiss 1981, equation 9.4.)
void md_k_proportions_chi2(const double *x, const double *n, size_t k, md_chi2_test *out);

typedef struct md_non_inferiority {
  const char *why;
  double diff, se, z, p_value, lower_one_sided;
  bool non_inferior;
} md_non_inferiority;

// Is the treatment worse by no more than `margin`? Unpooled variance. The benefit b is diff where higher is better,
// else -diff; z = (b + margin)/se, p one-sided, lower_one_sided = b - z(1 - alpha) se, non-inferior where that is above
// -margin. (Blackwelder 1982: the test of H0 "worse by the margin or more".)
void md_non_inferiority_two_proportions(const md_two_rates *rates, double margin, double alpha_one_sided,
                                        bool higher_is_better, md_non_inferiority *out);
