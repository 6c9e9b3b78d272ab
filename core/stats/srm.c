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

static double log_beta(const double *a, size_t k) {
  double sum = 0, logs = 0;
  for (size_t i = 0; i < k; i++) {
    sum += a[i];
    logs += lgamma(a[i]);
  }
  return logs - lgamma(sum);
}

// ln B(c), c = a + n, by Stirling's formula with its remainder; its large terms meet those of Σ n ln w under one
// logarithm each, Σ n ln(c/(C w)).
double md_log_dirichlet_factor(const double *n, const double *w, const double *a, size_t k) {
  double total = sum_of(n, k) + sum_of(a, k), sum = -log_beta(a, k);
  for (size_t i = 0; i < k; i++) {
    double c = a[i] + n[i], off = (c - total * w[i]) / (total * w[i]);
    if (n[i] > 0) sum += n[i] * log1p(off);
    sum += (a[i] - 0.5) * log(c / total) + md_log_gamma_star(c);
  }
  double free = (double)k - 1;
  return sum - md_log_gamma_star(total) + free / 2 * (log(2 * M_PI) - log(total));
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
