// SPDX-License-Identifier: Apache-2.0
// Variance reduction by a covariate from before the experiment. Pure; any thread.
#pragma once
#include <stddef.h>

typedef struct md_cuped {
  const char *why;
  double theta, diff_adjusted, se_adjusted, diff_raw, se_raw, variance_reduction, lift;
} md_cuped;

typedef struct md_cuped_arm {
  const double *y, *x; // the metric, and the same subject's covariate
  size_t count;
} md_cuped_arm;

// θ = cov(x, y)/var(x) over both arms put together; adjusted are y - θx, se = √(s²C/nC + s²T/nT) with n - 1; θ is 0
// where x never varies; the reduction is 1 - se²adjusted/se²raw; the lift diff_adjusted over the control's raw mean.
// (Deng, Xu, Kohavi, Walker 2013, section 3.2.2: "from the pooled population of control and treatment".)
void md_cuped_difference(const md_cuped_arm *control, const md_cuped_arm *treatment, md_cuped *out);
