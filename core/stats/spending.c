// SPDX-License-Identifier: Apache-2.0
// Group-sequential bounds by recursive integration. The score S = Z √t moves like Brownian motion; its density at a
// look, on the paths that crossed no bound before, is even, so that half of it is kept, at Gauss points.
#include "stats/sequential.h"
#include "stats/special.h"
#include <math.h>

enum { PANELS_MAX = 48, NODES_MAX = PANELS_MAX * MD_GAUSS_POINTS };
static const double far = 12; // standard deviations: beyond it no double finds any mass

typedef struct state {
  double at[NODES_MAX], mass[NODES_MAX]; // scores, and density times weight
  int count;
  double step;      // √ of the information between the looks
  double increment; // what one side is to spend at this look
} state;

// What passes `bound` upwards at the next look, or, of the mirrored half, downwards.
static double crossing(double bound, const state *s) {
  double sum = 0;
  for (int i = 0; i < s->count; i++)
    sum += s->mass[i] * (md_normal_above((bound - s->at[i]) / s->step) + md_normal_above((bound + s->at[i]) / s->step));
  return sum;
}

static double density(double score, const state *s) {
  double sum = 0;
  for (int i = 0; i < s->count; i++)
    sum += s->mass[i] *
           (md_normal_density((score - s->at[i]) / s->step) + md_normal_density((score + s->at[i]) / s->step));
  return sum / s->step;
}

// The bound at which `crossing` is the increment: Newton for its logarithm, which is concave, kept within a bracket.
static double find_bound(const state *s, double deviation) {
  double low = 0, high = 40 * deviation, bound = 2 * deviation;
  for (int i = 0; i < 100; i++) {
    double value = crossing(bound, s);
    *(value > s->increment ? &low : &high) = bound;
    double next = bound + log(value / s->increment) * value / density(bound, s);
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (fabs(next - bound) < 1e-13 * deviation) return next;
    bound = next;
  }
  return bound;
}

// Moves the density to the look just decided: on [0, end], panels no wider than the next step can see.
static void advance(const state *from, state *to, double end, double next_step, const md_gauss *gauss) {
  int panels = (int)fmin(PANELS_MAX, 3 + ceil(end / (5 * fmin(next_step, from->step))));
  double half = end / panels / 2;
  to->count = 0;
  for (int panel = 0; panel < panels; panel++) {
    for (int i = 0; i < MD_GAUSS_POINTS; i++, to->count++) {
      double score = half * (2 * panel + 1 + gauss->at[i]);
      to->at[to->count] = score;
      to->mass[to->count] = gauss->weight[i] * half * density(score, from);
    }
  }
}

void md_lan_demets_obf(double alpha, const double *fractions, size_t looks, double *bounds, double *cumulative) {
  state states[2], *now = &states[0], *next = &states[1];
  md_gauss gauss;
  md_gauss_init(&gauss);
  double z = md_normal_upper(alpha / 4), spent = 0;
  *now = (state){.count = 1, .mass = {0.5}}; // a point at 0; half of it, for its mirror counts the same
  for (size_t k = 0; k < looks; k++) {
    double t = fractions[k], side = 2 * md_normal_above(z / sqrt(t));
    now->step = sqrt(k ? t - fractions[k - 1] : t);
    now->increment = side - spent;
    spent = side;
    cumulative[k] = 2 * side;
    double bound = now->increment > 0 ? find_bound(now, sqrt(t)) : INFINITY;
    bounds[k] = bound / sqrt(t);
    if (k + 1 == looks) break;
    advance(now, next, fmin(bound, far * sqrt(t)), sqrt(fractions[k + 1] - t), &gauss);
    state *swapped = now;
    now = next;
    next = swapped;
  }
}
