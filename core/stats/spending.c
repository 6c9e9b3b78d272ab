// SPDX-License-Identifier: Apache-2.0
// Group-sequential bounds: which to take for what is to be spent, and what given ones spend.
#include "stats/score.h"
#include "stats/sequential.h"
#include <math.h>

static const double counted = 1e-290; // less than this spends nothing; from here on it is too coarse to be shown

// The bound at which `increment` passes: Newton for the logarithm of what does, which is concave, from the bound that
// nobody's having stopped before would ask for, which is too high; kept within a bracket.
static double find_bound(const md_score *score, double increment) {
  double deviation = sqrt(score->next), high = md_normal_upper(increment) * deviation, low = 0, bound = high;
  for (int i = 0; i < 100; i++) {
    double density, value = md_score_above(score, bound, &density);
    *(value > increment ? &low : &high) = bound;
    double next = bound + log(value / increment) * value / density;
    if (fabs(next - bound) < 1e-12 * deviation) return next;
    if (!(next > low && next < high)) next = (low + high) / 2;
    bound = next;
  }
  return bound;
}

// Before the first look, of which `first` is the information.
static void start(md_score states[2], double first) {
  for (int i = 0; i < 2; i++) {
    states[i].t = 0;
    states[i].next = first;
    states[i].half = 0;
  }
}

void md_lan_demets_obf(double alpha, const double *fractions, size_t looks, double *bounds, double *cumulative) {
  md_score states[2];
  md_gauss gauss;
  md_gauss_init(&gauss);
  double z = md_normal_upper(alpha / 4), spent = 0;
  start(states, fractions[0]);
  for (size_t k = 0; k < looks; k++) {
    md_score *now = &states[k % 2];
    double side = 2 * md_normal_above(z / sqrt(fractions[k])), increment = side - spent;
    spent = side;
    cumulative[k] = 2 * side;
    double bound = increment >= counted ? find_bound(now, increment) : INFINITY;
    bounds[k] = increment >= MD_SPENT_LEAST ? bound / sqrt(fractions[k]) : INFINITY;
    if (k + 1 < looks) md_score_advance(now, &states[(k + 1) % 2], bound, fractions[k + 1], &gauss);
  }
}

void md_looks_spend(const double *fractions, const double *bounds, size_t looks, double *cumulative) {
  md_score states[2];
  md_gauss gauss;
  md_gauss_init(&gauss);
  double sum = 0, density;
  start(states, fractions[0]);
  for (size_t k = 0; k < looks; k++) {
    md_score *now = &states[k % 2];
    double bound = bounds[k] * sqrt(fractions[k]);
    cumulative[k] = sum += 2 * md_score_above(now, bound, &density);
    if (k + 1 < looks) md_score_advance(now, &states[(k + 1) % 2], bound, fractions[k + 1], &gauss);
  }
}
