// SPDX-License-Identifier: Apache-2.0
// Shares of successes.
#include "stats/proportions.h"
#include "stats/means.h"
#include "stats/special.h"
#include <math.h>

static const char no_variance[] = "all shares are 0, or all are 1: nothing varies, so there is no test";

void md_two_proportion_z_pooled(const md_two_rates *r, md_z_pooled *out) {
  double pooled = (r->x_control + r->x_treatment) / (r->n_control + r->n_treatment);
  double se = sqrt(pooled * (1 - pooled) * (1 / r->n_control + 1 / r->n_treatment));
  *out = (md_z_pooled){NULL, r->x_treatment / r->n_treatment - r->x_control / r->n_control, NAN, NAN, NAN};
  if (!(se > 0)) {
    out->why = no_variance;
    return;
  }
  out->z = out->diff / se;
  out->p_value = md_normal_two_sided(out->z);
  out->chi2 = out->z * out->z;
}

// Both limits in forms without cancellation: the roots' product is x²/(n(n + z²)).
void md_wilson_interval(double x, double n, double level, md_interval *out) {
  double z = md_normal_within(level);
  double sum = 2 * x + z * z + z * sqrt(z * z + 4 * x * (n - x) / n);
  *out = (md_interval){NULL, x > 0 ? 2 * x * (x / n) / sum : 0, sum / (2 * (n + z * z))};
  if (x == n) out->upper = 1;
}

void md_newcombe_diff(double x1, double n1, double x2, double n2, double level, md_diff_interval *out) {
  md_interval first, second;
  md_wilson_interval(x1, n1, level, &first);
  md_wilson_interval(x2, n2, level, &second);
  double p1 = x1 / n1, p2 = x2 / n2, diff = p1 - p2;
  out->why = NULL;
  out->diff = diff;
  out->lower = diff - hypot(p1 - first.lower, second.upper - p2);
  out->upper = diff + hypot(first.upper - p1, p2 - second.lower);
}

void md_relative_lift(const md_two_rates *r, double level, md_effect *out) {
  md_arm control = {r->n_control, r->x_control, r->x_control, true};
  md_arm treatment = {r->n_treatment, r->x_treatment, r->x_treatment, true};
  md_effect_relative(&control, &treatment, level, out);
}

void md_k_proportions_chi2(const double *x, const double *n, size_t k, md_chi2_test *out) {
  double successes = 0, subjects = 0, chi2 = 0;
  for (size_t i = 0; i < k; i++) {
    successes += x[i];
    subjects += n[i];
  }
  double pooled = successes / subjects, variance = pooled * (1 - pooled);
  *out = (md_chi2_test){NULL, NAN, (double)k - 1, NAN};
  if (!(variance > 0)) {
    out->why = no_variance;
    return;
  }
  for (size_t i = 0; i < k; i++)
    chi2 += (x[i] - n[i] * pooled) * (x[i] / n[i] - pooled) / variance;
  out->chi2 = chi2;
  out->p_value = md_chi2_above(chi2, out->df);
}

void md_non_inferiority_two_proportions(const md_two_rates *r, double margin, double alpha_one_sided,
                                        bool higher_is_better, md_non_inferiority *out) {
  double control = r->x_control / r->n_control, treatment = r->x_treatment / r->n_treatment;
  double diff = treatment - control, benefit = higher_is_better ? diff : -diff;
  double se = sqrt(control * (1 - control) / r->n_control + treatment * (1 - treatment) / r->n_treatment);
  *out = (md_non_inferiority){NULL, diff, se, NAN, NAN, NAN, false};
  if (!(se > 0)) {
    out->why = "both shares are 0 or 1: nothing varies, so there is no test";
    return;
  }
  out->z = (benefit + margin) / se;
  out->p_value = md_normal_above(out->z);
  out->lower_one_sided = benefit - md_normal_upper(alpha_one_sided) * se;
  out->non_inferior = out->lower_one_sided > -margin;
}
