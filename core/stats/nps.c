// SPDX-License-Identifier: Apache-2.0
// The net promoter score.
#include "stats/nps.h"
#include "stats/special.h"
#include <math.h>

static double score(const md_answers *a, double *se) {
  double n = a->promoters + a->passives + a->detractors, p = a->promoters / n, d = a->detractors / n;
  // p + d - (p - d)² = p (1 - p) + d (1 - d) + 2 p d, which does not cancel.
  *se = 100 * sqrt((p * ((a->passives + a->detractors) / n) + d * ((a->passives + a->promoters) / n) + 2 * p * d) / n);
  return 100 * ((a->promoters - a->detractors) / n);
}

void md_nps_interval(const md_answers *a, double level, md_nps *out) {
  md_answers adjusted = {a->promoters + 0.75, a->passives + 1.5, a->detractors + 0.75};
  double z = md_normal_within(level), se, adjusted_se;
  double nps = score(a, &se), centre = score(&adjusted, &adjusted_se);
  *out =
      (md_nps){NULL, nps, se, nps - z * se, nps + z * se, centre, centre - z * adjusted_se, centre + z * adjusted_se};
}

void md_nps_difference(const md_answers *control, const md_answers *treatment, md_nps_diff *out) {
  double a, b, from = score(control, &a), to = score(treatment, &b);
  *out = (md_nps_diff){NULL, to - from, hypot(a, b), NAN, NAN};
  if (out->se > 0) {
    out->z = out->diff / out->se;
    out->p_value = md_normal_two_sided(out->z);
  } else {
    out->why = "all answers of an arm are alike: nothing varies, so there is no test";
  }
}
