// SPDX-License-Identifier: Apache-2.0
// Mean and variance of an arm from its sums.
#include "stats/moments.h"
#include <math.h>

double md_arm_mean(const md_arm *arm) {
  return arm->n > 0 ? arm->sum / arm->n : NAN;
}

double md_arm_variance(const md_arm *arm) {
  double mean = md_arm_mean(arm);
  if (arm->binary) return mean * (1 - mean);
  if (arm->n < 2) return NAN;
  return fmax(0, (arm->sum_squares - arm->sum * mean) / (arm->n - 1));
}
