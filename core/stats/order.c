// SPDX-License-Identifier: Apache-2.0
// A common grid for several log-concave densities: panels cut at every arm's own breaks, Gauss points within, and
// within each panel the running integral of the polynomial through its points.
#include "stats/order.h"
#include "base/error.h"
#include "stats/special.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
  SIDE_PANELS = 8,
  HALVINGS_MAX = 20,
  ARM_BREAKS = 2 * (SIDE_PANELS + HALVINGS_MAX + 1) + 1,
  POINTS = MD_GAUSS_POINTS,
  DEPTH_MAX = 12 // of halving a panel
};
static const double drop = 60;         // below a density's peak, in logarithms, where its own panels end
static const double fall_a_panel = 12; // in logarithms: more is cut in half

typedef double running[POINTS][POINTS]; // [i][j]: the integral from -1 to point i of what is 1 at point j, 0 at others

// By Legendre's polynomials, of which the integrals are known: ∫P_n = (P_{n+1} - P_{n-1})/(2n + 1).
static void running_init(running out, const md_gauss *gauss) {
  double values[POINTS][POINTS + 1];
  for (int i = 0; i < POINTS; i++) {
    values[i][0] = 1;
    values[i][1] = gauss->at[i];
    for (int n = 1; n < POINTS; n++)
      values[i][n + 1] = ((2 * n + 1) * gauss->at[i] * values[i][n] - n * values[i][n - 1]) / (n + 1);
  }
  for (int i = 0; i < POINTS; i++) {
    for (int j = 0; j < POINTS; j++) {
      double sum = (gauss->at[i] + 1) / 2;
      for (int n = 1; n < POINTS; n++)
        sum += values[j][n] * (values[i][n + 1] - values[i][n - 1]) / 2;
      out[i][j] = gauss->weight[j] * sum;
    }
  }
}

// How far from `from` to the side of `scale` the density has fallen by `drop`.
static double reach(const md_order_arm *arm, double from, double scale) {
  double floor = arm->log_density(from, arm->context) - drop, step = 4 * scale;
  while (arm->log_density(from + step, arm->context) > floor && fabs(step) < 1e300)
    step *= 1.25;
  return step;
}

static int ascending(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

// One side of an arm: equal panels, the one at the mode halved until it shows the detail.
static size_t cut_side(const md_order_arm *arm, double scale, double *breaks) {
  size_t n = 0;
  double panel = reach(arm, arm->mode, scale) / SIDE_PANELS;
  for (int k = 1; k <= SIDE_PANELS; k++)
    breaks[n++] = arm->mode + panel * k;
  for (int k = 0; k < HALVINGS_MAX && fabs(panel) > arm->detail; k++)
    breaks[n++] = arm->mode + (panel /= 2);
  return n;
}

// A wide arm is the highest of all where the panels of the narrow ones end, and beyond: it goes on from there.
static size_t cut_ends(const md_order_arm *arms, size_t count, double first, double last, double *breaks) {
  size_t n = 0;
  for (size_t i = 0; i < count; i++) {
    breaks[n++] = first + reach(&arms[i], first, -arms[i].scale);
    breaks[n++] = last + reach(&arms[i], last, arms[i].scale);
  }
  return n;
}

static size_t cut(const md_order_arm *arms, size_t count, double *breaks) {
  size_t n = 0;
  double first = arms[0].mode, last = first;
  for (size_t i = 0; i < count; i++) {
    breaks[n++] = arms[i].mode;
    n += cut_side(&arms[i], -arms[i].scale, breaks + n);
    n += cut_side(&arms[i], arms[i].scale, breaks + n);
  }
  for (size_t i = 0; i < n; i++) {
    first = fmin(first, breaks[i]);
    last = fmax(last, breaks[i]);
  }
  n += cut_ends(arms, count, first, last, breaks + n);
  qsort(breaks, n, sizeof *breaks, ascending);
  return n;
}

// How far below a peak a density still counts: of a few arms while it is a double; of many arms, each of which adds
// panels for all, down to 1e-87 of the peak.
static double lowest_of(size_t count) {
  return count <= 4 ? 740 : 200;
}

// Between the arms' own panels a density may fall by far more than one panel resolves.
static bool resolved(const md_order_arm *arms, size_t count, double from, double to) {
  for (size_t i = 0; i < count; i++) {
    double peak = arms[i].log_density(arms[i].mode, arms[i].context);
    double a = arms[i].log_density(from, arms[i].context) - peak, b = arms[i].log_density(to, arms[i].context) - peak;
    if (fmax(a, b) > -lowest_of(count) && fabs(a - b) > fall_a_panel) return false;
  }
  return true;
}

// Halves a panel until each part is resolved; writes where the parts begin into `out`, or counts them where it is NULL.
static size_t halve(const md_order_arm *arms, size_t count, double from, double to, int depth, double *out) {
  double middle = from + (to - from) / 2;
  if (depth == DEPTH_MAX || !(middle > from && middle < to) || resolved(arms, count, from, to)) {
    if (out) *out = from;
    return 1;
  }
  size_t left = halve(arms, count, from, middle, depth + 1, out);
  return left + halve(arms, count, middle, to, depth + 1, out ? out + left : NULL);
}

static size_t refine(const md_order_arm *arms, size_t count, const double *breaks, size_t cuts, double *out) {
  size_t n = 0;
  for (size_t i = 0; i + 1 < cuts; i++)
    if (breaks[i + 1] > breaks[i]) n += halve(arms, count, breaks[i], breaks[i + 1], 0, out ? out + n : NULL);
  if (out) out[n] = breaks[cuts - 1];
  return n + 1;
}

static void place(double *at, double *weight, const double *breaks, size_t count, const md_gauss *gauss) {
  for (size_t panel = 0; panel + 1 < count; panel++) {
    double half = (breaks[panel + 1] - breaks[panel]) / 2, middle = breaks[panel] + half;
    for (int i = 0; i < POINTS; i++) {
      at[panel * POINTS + i] = middle + half * gauss->at[i];
      weight[panel * POINTS + i] = half * gauss->weight[i];
    }
  }
}

// One panel of one arm: what lies to the left of each point within the panel; answers the panel's whole.
static double within(const double *density, size_t stride, double half, running table, const md_gauss *gauss,
                     double left[static POINTS]) {
  double values[POINTS], whole = 0;
  for (int j = 0; j < POINTS; j++) {
    values[j] = density[j * stride] * half;
    whole += values[j] * gauss->weight[j];
  }
  for (int i = 0; i < POINTS; i++) {
    double sum = 0;
    for (int j = 0; j < POINTS; j++)
      sum += table[i][j] * values[j];
    left[i] = fmin(fmax(sum, 0), whole);
  }
  return whole;
}

typedef struct tails {
  double *density, *below, *above, *wholes;
  const double *breaks;
  size_t panels, arms;
  md_gauss gauss;
  running table;
} tails;

// From the left what lies below, from the right what lies above: each small tail is a sum of small numbers.
static void sum_tails(tails *t, const md_order_arm *described, size_t arm) {
  double left[POINTS], first_break = t->breaks[0], last_break = t->breaks[t->panels];
  double before = md_integrate_falling(described->log_density, described->context, first_break, -described->scale);
  double after = md_integrate_falling(described->log_density, described->context, last_break, described->scale);
  for (size_t panel = 0; panel < t->panels; panel++) {
    size_t first = panel * POINTS * t->arms + arm;
    double half = (t->breaks[panel + 1] - t->breaks[panel]) / 2;
    t->wholes[panel] = within(t->density + first, t->arms, half, t->table, &t->gauss, left);
    for (size_t i = 0; i < POINTS; i++) {
      t->below[first + i * t->arms] = before + left[i];
      t->above[first + i * t->arms] = t->wholes[panel] - left[i];
    }
    before += t->wholes[panel];
  }
  for (size_t panel = t->panels; panel-- > 0;) {
    for (size_t i = 0; i < POINTS; i++)
      t->above[(panel * POINTS + i) * t->arms + arm] += after;
    after += t->wholes[panel];
  }
}

static int allocate(tails *t, md_order *order, md_arena *arena) {
  size_t table = order->nodes * t->arms * sizeof(double);
  order->at = md_arena_alloc(arena, order->nodes * sizeof(double));
  order->weight = md_arena_alloc(arena, order->nodes * sizeof(double));
  order->density = t->density = md_arena_alloc(arena, table);
  order->below = t->below = md_arena_alloc(arena, table);
  order->above = t->above = md_arena_alloc(arena, table);
  t->wholes = md_arena_alloc(arena, t->panels * sizeof(double));
  bool ok = order->at && order->weight && t->density && t->below && t->above && t->wholes;
  return ok ? 0 : MD_ENOMEM;
}

int md_order_init(md_order *order, const md_order_arm *arms, size_t count, md_arena *arena) {
  double *own = md_arena_alloc(arena, count * ARM_BREAKS * sizeof *own);
  if (!own) return MD_ENOMEM;
  size_t cuts = cut(arms, count, own), parts = refine(arms, count, own, cuts, NULL);
  double *breaks = md_arena_alloc(arena, parts * sizeof *breaks);
  if (!breaks) return MD_ENOMEM;
  refine(arms, count, own, cuts, breaks);
  tails t = {.breaks = breaks, .panels = parts - 1, .arms = count};
  *order = (md_order){.arms = count, .nodes = t.panels * POINTS};
  if (allocate(&t, order, arena)) return MD_ENOMEM;
  md_gauss_init(&t.gauss);
  running_init(t.table, &t.gauss);
  place((double *)order->at, (double *)order->weight, breaks, parts, &t.gauss);
  for (size_t node = 0; node < order->nodes; node++)
    for (size_t arm = 0; arm < count; arm++)
      t.density[node * count + arm] = exp(arms[arm].log_density(order->at[node], arms[arm].context));
  for (size_t arm = 0; arm < count; arm++)
    sum_tails(&t, &arms[arm], arm);
  return 0;
}

// Of the arms other than `arm` at one node: P(all are below), P(exactly one is above).
static void others(const md_order *order, size_t node, size_t arm, double *none, double *one) {
  const double *below = order->below + node * order->arms, *above = order->above + node * order->arms;
  *none = 1;
  *one = 0;
  for (size_t j = 0; j < order->arms; j++) {
    if (j == arm) continue;
    *one = *one * below[j] + *none * above[j];
    *none *= below[j];
  }
}

// Σ of the probabilities is 1: what the rounding of nodes took from each is given back in proportion.
static void scale_to_1(double *values, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += values[i];
  for (size_t i = 0; i < count && sum > 0; i++)
    values[i] /= sum;
}

// P(arm i is the highest), or, with `second`, P(exactly one is above it).
static void rank(const md_order *order, bool second, double *out) {
  for (size_t arm = 0; arm < order->arms; arm++) {
    double sum = 0, none, one;
    for (size_t node = 0; node < order->nodes; node++) {
      others(order, node, arm, &none, &one);
      sum += order->weight[node] * order->density[node * order->arms + arm] * (second ? one : none);
    }
    out[arm] = sum;
  }
  scale_to_1(out, order->arms);
}

void md_order_best(const md_order *order, double *out) {
  rank(order, false, out);
}

void md_order_second(const md_order *order, double *out) {
  rank(order, true, out);
}

// E[(max of others - arm)+] = ∫ P(arm < x) P(an other > x) dg(x): all terms positive, so that a small loss is exact
// too.
void md_order_loss(const md_order *order, double (*slope)(double x), double *out) {
  for (size_t arm = 0; arm < order->arms; arm++) {
    double sum = 0;
    for (size_t node = 0; node < order->nodes; node++) {
      double exceeded = 0; // P(an other is above), free of cancellation where it is small
      for (size_t j = 0; j < order->arms; j++)
        if (j != arm) exceeded += (1 - exceeded) * order->above[node * order->arms + j];
      sum += order->weight[node] * slope(order->at[node]) * order->below[node * order->arms + arm] * exceeded;
    }
    out[arm] = sum;
  }
}
