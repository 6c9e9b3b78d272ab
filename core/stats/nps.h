// SPDX-License-Identifier: Apache-2.0
// The net promoter score with its uncertainty. Pure; any thread.
#pragma once

typedef struct md_answers {
  double promoters, passives, detractors; // not all 0
} md_answers;

typedef struct md_nps {
  const char *why;
  double nps, se, lower_wald, upper_wald, adj_wald_center, adj_wald_lower, adj_wald_upper;
} md_nps;

// 100 (p - d), variance (p + d - (p - d)²)/n; adjusted: the same after ¾, 1½ and ¾ answers more. (Rocks 2016.)
void md_nps_interval(const md_answers *answers, double level, md_nps *out);

typedef struct md_nps_diff {
  const char *why;
  double diff, se, z, p_value;
} md_nps_diff;

// Treatment minus control; the variances of both, as above, added. (Rocks 2016.)
void md_nps_difference(const md_answers *control, const md_answers *treatment, md_nps_diff *out);
