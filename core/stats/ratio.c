// SPDX-License-Identifier: Apache-2.0
// Ratio metrics by linearisation.
#include "stats/ratio.h"
#include <math.h>

static double sum_of(const md_stats_list *list) {
  double sum = 0;
  for (size_t i = 0; i < list->count; i++)
    sum += list->at[i];
  return sum;
}

// The ratio and its variance; NaN where they do not exist.
static double ratio_of(const md_ratio_arm *arm, double *variance) {
  double n = (double)arm->numerator.count, total = sum_of(&arm->denominator), squares = 0;
  *variance = NAN;
  if (!(total > 0)) return NAN;
  double ratio = sum_of(&arm->numerator) / total, mean = total / n;
  for (size_t i = 0; i < arm->numerator.count; i++) {
    double e = (arm->numerator.at[i] - ratio * arm->denominator.at[i]) / mean; // these sum to 0
    squares += e * e;
  }
  if (n > 1) *variance = squares / (n - 1) / n;
  return ratio;
}

void md_ratio_delta(const md_ratio_arm *control, const md_ratio_arm *treatment, md_ratio *out) {
  double vc, vt, c = ratio_of(control, &vc), t = ratio_of(treatment, &vt);
  *out = (md_ratio){NULL, c, t, sqrt(vc), sqrt(vt), t - c, sqrt(vc + vt), NAN, NAN};
  if (isnan(c) || isnan(t)) {
    out->why = "an arm's denominators sum to 0: it has no ratio";
    return;
  }
  if (isnan(vc) || isnan(vt)) out->why = "an arm has one subject only: a variance needs two";
  if (c == 0) {
    out->why = "the control's ratio is 0: a lift is relative to it";
    return;
  }
  out->lift = t / c - 1;
  out->se_lift = sqrt(vt + vc * (t / c) * (t / c)) / fabs(c);
}
