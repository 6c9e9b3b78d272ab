// SPDX-License-Identifier: Apache-2.0
// Overdispersed shares before and after.
#include "stats/before_after.h"
#include "stats/special.h"
#include <math.h>

typedef struct side {
  double x, n, used; // successes and subjects of all days, and days that have any
} side;

static side side_of(const md_days *days) {
  side s = {0, 0, 0};
  for (size_t i = 0; i < days->count; i++) {
    s.x += days->x[i];
    s.n += days->n[i];
    s.used += days->n[i] > 0;
  }
  return s;
}

// Σ (x - n p)²/(n p (1 - p)) at p = X/N, which is Σ (x N - n X)²/(n X (N - X)): days of one share give 0, not rounding.
static double pearson(const md_days *days, const side *all) {
  double sum = 0;
  for (size_t i = 0; i < days->count; i++) {
    double off = md_cross(days->x[i], all->n, days->n[i], all->x);
    if (days->n[i] > 0) sum += off / days->n[i] / all->x * (off / (all->n - all->x));
  }
  return sum;
}

static void judge(const md_days *before, const side *b, const md_days *after, const side *a, double level,
                  md_quasibinomial *out) {
  out->dispersion = (pearson(before, b) + pearson(after, a)) / out->df;
  out->se_quasi = out->se_binomial * sqrt(out->dispersion);
  if (!(out->se_quasi > 0)) {
    out->why = "the days of each side do not differ at all: there is no dispersion to judge by";
    return;
  }
  out->t = out->log_odds_ratio / out->se_quasi;
  out->p_value = md_t_two_sided(out->t, out->df);
  double half = md_t_within(level, out->df) * out->se_quasi;
  out->lower = out->log_odds_ratio - half;
  out->upper = out->log_odds_ratio + half;
}

void md_before_after_quasibinomial(const md_days *before, const md_days *after, double level, md_quasibinomial *out) {
  side b = side_of(before), a = side_of(after);
  *out = (md_quasibinomial){NULL, NAN, NAN, NAN, NAN, NAN, b.used + a.used - 2, NAN, NAN, NAN};
  if (!(b.n > 0) || !(a.n > 0)) {
    out->why = "a side has no subjects";
  } else if (!(b.x > 0 && b.x < b.n && a.x > 0 && a.x < a.n)) {
    out->why = "a side's share is 0 or 1: its odds are 0 or infinite";
  } else {
    out->log_odds_ratio = log(a.x / (a.n - a.x)) - log(b.x / (b.n - b.x));
    out->se_binomial = sqrt(1 / b.x + 1 / (b.n - b.x) + 1 / a.x + 1 / (a.n - a.x));
    if (out->df > 0)
      judge(before, &b, after, &a, level, out);
    else
      out->why = "there are two days only: a dispersion needs three";
  }
}
