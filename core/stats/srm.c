// SPDX-License-Identifier: Apache-2.0
// Sample ratio mismatch.
#include "stats/srm.h"
#include "stats/special.h"
#include <math.h>

static double sum_of(const double *values, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += values[i];
  return sum;
}

void md_srm_chi_square(const double *observed, const double *weights, size_t arms, double threshold, md_srm *out) {
  double weight = sum_of(weights, arms), total = 0, stray = 0, chi2 = 0;
  *out = (md_srm){NULL, NAN, -1, NAN, false};
  for (size_t i = 0; i < arms; i++) {
    *(weights[i] > 0 ? &total : &stray) += observed[i];
    out->df += weights[i] > 0;
  }
  for (size_t i = 0; i < arms; i++) {
    double expected = total * (weights[i] / weight);
    if (weights[i] > 0) chi2 += (observed[i] - expected) * ((observed[i] - expected) / expected);
  }
  if (total > 0) out->chi2 = chi2;
  out->p_value = md_chi2_above(out->chi2, out->df);
  out->mismatch = out->p_value < threshold || stray > 0;
  if (stray > 0)
    out->why = "an arm of weight 0 has observations";
  else if (!(total > 0))
    out->why = "nothing was observed";
  else if (out->df < 1)
    out->why = "one arm only has a weight: there is nothing to compare";
}

// ln(top/bottom)
static double log_ratio(double top, double bottom) {
  double off = (top - bottom) / bottom;
  return fabs(off) < 0.5 ? log1p(off) : log(top) - log(bottom);
}

// ln((a + n)/a)
static double log_growth(double n, double a) {
  return n < a ? log1p(n / a) : log(a + n) - log(a);
}

// ln(c A/(C a)), c = a + n, C = A + N: how the arm's parts of the prior and of the posterior differ.
static double log_shift(double n, double a, double n_total, double a_total) {
  double off = md_cross(n, a_total, a, n_total) / a_total / (a * (1 + n_total / a_total));
  return fabs(off) < 0.5 ? log1p(off) : log_growth(n, a) - log_growth(n_total, a_total);
}

// ln B(c) - ln B(a), c = a + n, by Stirling's formula with its remainder for both. Their large terms, and those of
// Σ n ln w, meet under one logarithm each: Σ n ln(c/(C w)) + Σ (a - 1/2) ln(c A/(C a)).
double md_log_dirichlet_factor(const double *n, const double *w, const double *a, size_t k) {
  double n_total = sum_of(n, k), a_total = sum_of(a, k), total = n_total + a_total;
  double sum = md_log_gamma_star(a_total) - md_log_gamma_star(total);
  for (size_t i = 0; i < k; i++) {
    double c = a[i] + n[i];
    if (n[i] > 0) sum += n[i] * log_ratio(c, total * w[i]);
    sum += (a[i] - 0.5) * log_shift(n[i], a[i], n_total, a_total) + md_log_gamma_star(c) - md_log_gamma_star(a[i]);
  }
  return sum - ((double)k - 1) / 2 * log_growth(n_total, a_total);
}

// The weights, scaled, and what belongs to them, of the arms that have one.
static size_t compact(const double *observed, const double *weights, const double *prior, size_t arms, double *n,
                      double *w, double *a) {
  size_t k = 0;
  double weight = sum_of(weights, arms);
  for (size_t i = 0; i < arms; i++) {
    if (!(weights[i] > 0)) continue;
    n[k] = observed[i];
    w[k] = weights[i] / weight;
    a[k++] = prior[i];
  }
  return k;
}

void md_srm_sequential_multinomial(const double *observed, const double *weights, const double *prior, size_t arms,
                                   md_srm_sequential *out) {
  double n[MD_SRM_ARMS_MAX], w[MD_SRM_ARMS_MAX], a[MD_SRM_ARMS_MAX];
  *out = (md_srm_sequential){NULL, NAN, 0};
  for (size_t i = 0; i < arms; i++)
    if (!(weights[i] > 0) && observed[i] > 0) out->why = "an arm of weight 0 has observations: the factor is infinite";
  if (out->why) return;
  size_t k = compact(observed, weights, prior, arms, n, w, a);
  out->log_bayes_factor = md_log_dirichlet_factor(n, w, a, k);
  out->p_value_at_this_look = fmin(1, exp(-out->log_bayes_factor));
}
