// SPDX-License-Identifier: Apache-2.0
// Mantel and Haenszel's estimates.
#include "stats/stratified.h"
#include "stats/special.h"
#include <float.h>
#include <math.h>

void md_mantel_haenszel_of(const md_stratum *strata, size_t count, md_mantel_haenszel *out) {
  double xa = 0, na = 0, xb = 0, nb = 0, excess = 0, size = 0, weight = 0, for_a = 0, for_b = 0;
  for (size_t i = 0; i < count; i++) {
    const md_stratum *s = &strata[i];
    double all = s->n_a + s->n_b;
    xa += s->x_a;
    na += s->n_a;
    xb += s->x_b;
    nb += s->n_b;
    if (!(s->n_a > 0 && s->n_b > 0)) continue;
    double more = md_cross(s->x_a, s->n_b, s->x_b, s->n_a) / all;
    excess += more;
    size += fabs(more);
    weight += s->n_a * (s->n_b / all);
    for_a += s->x_a * ((s->n_b - s->x_b) / all);
    for_b += s->x_b * ((s->n_a - s->x_a) / all);
  }
  if (fabs(excess) <= (double)count * DBL_EPSILON * size)
    excess = 0; // strata that weigh each other up: rounding is no sign
  *out = (md_mantel_haenszel){NULL, xa / na, xb / nb, xa / na - xb / nb, excess / weight, for_a / for_b, false};
  out->sign_reversal = out->pooled_diff * out->mh_risk_difference < 0;
  if (!(na > 0 && nb > 0))
    out->why = "an arm has no subjects";
  else if (!(weight > 0))
    out->why = "no stratum has subjects of both arms: there is nothing to compare within";
  else if (!(for_b > 0))
    out->why = "no stratum has successes of b beside failures of a: the odds ratio is infinite or undefined";
}
