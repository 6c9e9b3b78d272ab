// SPDX-License-Identifier: Apache-2.0
// Ratio metrics whose denominator is not the subject: opens per send, items per order. Pure; any thread.
#pragma once
#include "stats/method.h"

typedef struct md_ratio {
  const char *why;
  double ratio_control, ratio_treatment, se_control, se_treatment, diff, se_diff, lift, se_lift;
} md_ratio;

typedef struct md_ratio_arm {
  md_stats_list numerator, denominator; // a number a subject each, in the same order
} md_ratio_arm;

// R = sum(m)/sum(d); linearised e = (m - R d)/mean(d), var(R) = s²(e)/n with n - 1; the lift by the delta method again.
// (Deng, Knoblich, Lu 2018, section 3.)
void md_ratio_delta(const md_ratio_arm *control, const md_ratio_arm *treatment, md_ratio *out);
