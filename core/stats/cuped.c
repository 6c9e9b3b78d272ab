// SPDX-License-Identifier: Apache-2.0
// CUPED.
#include "stats/cuped.h"
#include <math.h>

typedef struct spread {
  double n, mean_x, mean_y, xx, xy; // sums of squares and products about the means
} spread;

static spread spread_of(const md_cuped_arm *arm) {
  spread s = {.n = (double)arm->count};
  double x0 = arm->x[0], y0 = arm->y[0], x = 0, y = 0;
  for (size_t i = 0; i < arm->count; i++) {
    x += arm->x[i] - x0;
    y += arm->y[i] - y0;
  }
  s.mean_x = x0 + x / s.n;
  s.mean_y = y0 + y / s.n;
  for (size_t i = 0; i < arm->count; i++) {
    double dx = arm->x[i] - s.mean_x, dy = arm->y[i] - s.mean_y;
    s.xx += dx * dx;
    s.xy += dx * dy;
  }
  return s;
}

static double slope(const spread *c, const spread *t) {
  double dx = t->mean_x - c->mean_x, dy = t->mean_y - c->mean_y, between = c->n * t->n / (c->n + t->n);
  double xx = c->xx + t->xx + between * dx * dx;
  return xx > 0 ? (c->xy + t->xy + between * dx * dy) / xx : 0; // a covariate that never varies explains nothing
}

// From the residuals themselves: a covariate that explains nearly all would leave nothing of a difference of sums.
static double mean_variance(const md_cuped_arm *arm, const spread *s, double theta) {
  double squares = 0;
  for (size_t i = 0; i < arm->count; i++) {
    double e = arm->y[i] - s->mean_y - theta * (arm->x[i] - s->mean_x);
    squares += e * e;
  }
  return squares / (s->n - 1) / s->n;
}

void md_cuped_difference(const md_cuped_arm *control, const md_cuped_arm *treatment, md_cuped *out) {
  spread c = spread_of(control), t = spread_of(treatment);
  double raw = t.mean_y - c.mean_y, theta = slope(&c, &t);
  *out = (md_cuped){NULL, NAN, NAN, NAN, raw, NAN, NAN, NAN};
  if (c.n >= 2 && t.n >= 2) out->se_raw = sqrt(mean_variance(control, &c, 0) + mean_variance(treatment, &t, 0));
  out->theta = theta;
  out->diff_adjusted = raw - theta * (t.mean_x - c.mean_x);
  if (c.mean_y != 0)
    out->lift = out->diff_adjusted / c.mean_y;
  else
    out->why = "the control's mean is 0: a lift is relative to it";
  if (isnan(out->se_raw)) {
    out->why = "an arm has one subject only: a variance needs two";
    return;
  }
  out->se_adjusted = sqrt(mean_variance(control, &c, theta) + mean_variance(treatment, &t, theta));
  out->variance_reduction = 1 - out->se_adjusted * out->se_adjusted / (out->se_raw * out->se_raw);
  if (!(out->se_raw > 0)) {
    out->variance_reduction = NAN;
    out->why = "the metric is the same for all subjects of an arm: there is no variance to reduce";
  }
}
