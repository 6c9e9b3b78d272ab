// SPDX-License-Identifier: Apache-2.0
// Mean and variance of an arm from its sums.
#include "stats/moments.h"
#include "stats/special.h"
#include <math.h>

double md_arm_mean(const md_arm *arm) {
  return arm->n > 0 ? arm->sum / arm->n : NAN;
}

double md_arm_variance(const md_arm *arm) {
  double n = arm->n, mean = md_arm_mean(arm);
  if (arm->binary) return mean * ((n - arm->sum) / n);
  if (n < 2) return NAN;
  // Scaled by powers of two, so that no product overflows or vanishes; what cancels is then computed without rounding.
  int shift = 0;
  (void)frexp(fmax(fabs(mean), sqrt(arm->sum_squares / n)), &shift);
  double sum = ldexp(arm->sum, -shift), squares = ldexp(ldexp(arm->sum_squares, -shift), -shift);
  double variance = md_cross(n, squares, sum, sum) / n / (n - 1);
  return ldexp(ldexp(fmax(0, variance), shift), shift);
}
