// SPDX-License-Identifier: Apache-2.0
// Sample ratio mismatch: do the arms hold as many subjects as their weights say? Pure; any thread.
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum { MD_SRM_ARMS_MAX = 100 };

typedef struct md_srm {
  const char *why;
  double chi2, df, p_value;
  bool mismatch;
} md_srm;

// Pearson's chi-square against the weights (scaled to sum to 1; their sum must be positive), over arms of positive
// weight; df = their number - 1. An arm of weight 0 that has observations is a mismatch whatever p. (Fabijan et al.
// 2019.)
void md_srm_chi_square(const double *observed, const double *weights, size_t arms, double threshold, md_srm *out);

typedef struct md_srm_sequential {
  const char *why;
  double log_bayes_factor, p_value_at_this_look;
} md_srm_sequential;

// May be looked at after every subject: the Bayes factor of a Dirichlet prior against the weights, and p = min(1,
// 1/BF). Arms of weight 0 are left out while they are empty. (Lindon, Malek 2022, equations 6 and 8.)
void md_srm_sequential_multinomial(const double *observed, const double *weights, const double *prior, size_t arms,
                                   md_srm_sequential *out);

// ln of B(a + n)/B(a) / Π w^n over k categories, w summing to 1, free of the cancellation of its terms.
// (The Bayes factor of Lindon, Malek 2022; gamma functions by Stirling's remainder: Abramowitz, Stegun 1964, 6.1.41.)
double md_log_dirichlet_factor(const double *n, const double *w, const double *a, size_t k);
