// SPDX-License-Identifier: Apache-2.0
// Overdispersed shares before and after.
#include "stats/before_after.h"
#include <math.h>

static void totals(const md_days *days, double *x, double *n, double *used) {
  for (size_t i = 0; i < days->count; i++) {
    *x += days->x[i];
    *n += days->n[i];
    *used += days->n[i] > 0;
  }
}

static double pearson(const md_days *days, double share) {
  double sum = 0;
  for (size_t i = 0; i < days->count; i++) {
    double off = days->x[i] - days->n[i] * share;
    if (days->n[i] > 0) sum += off * off / (days->n[i] * share * (1 - share));
  }
  return sum;
}

void md_before_after_quasibinomial(const md_days *before, const md_days *after, md_quasibinomial *out) {
  double xb = 0, nb = 0, xa = 0, na = 0, used = 0;
  totals(before, &xb, &nb, &used);
  totals(after, &xa, &na, &used);
  *out = (md_quasibinomial){NULL, NAN, NAN, NAN, NAN, NAN, used - 2};
  if (!(nb > 0) || !(na > 0)) {
    out->why = "a side has no subjects";
  } else if (!(xb > 0 && xb < nb && xa > 0 && xa < na)) {
    out->why = "a side's share is 0 or 1: its odds are 0 or infinite";
  } else {
    out->log_odds_ratio = log(xa / (na - xa)) - log(xb / (nb - xb));
    out->se_binomial = sqrt(1 / xb + 1 / (nb - xb) + 1 / xa + 1 / (na - xa));
    if (out->df > 0) {
      out->dispersion = (pearson(before, xb / nb) + pearson(after, xa / na)) / out->df;
      out->se_quasi = out->se_binomial * sqrt(out->dispersion);
      out->t = out->se_quasi > 0 ? out->log_odds_ratio / out->se_quasi : NAN;
      if (isnan(out->t)) out->why = "the days of each side do not differ at all: there is no dispersion to judge by";
    } else {
      out->why = "there are two days only: a dispersion needs three";
    }
  }
}
