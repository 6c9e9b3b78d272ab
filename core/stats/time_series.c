// SPDX-License-Identifier: Apache-2.0
// The interrupted time series. With its interaction the model is two straight lines, each about its own mean: every
// coefficient is a weighted sum of y, and its variances follow from the weights.
#include "stats/before_after.h"
#include <math.h>
#include <stdbool.h>

typedef struct line {
  double n, middle, xx, level, slope; // y = level + slope x, x counted from the segment's start
} line;

// Over x = first, first + 1, … of n values.
static line fit(const double *y, size_t n, double first) {
  line l = {.n = (double)n, .middle = first + ((double)n - 1) / 2};
  double mean = 0, xy = 0;
  for (size_t i = 0; i < n; i++)
    mean += y[i] / l.n;
  for (size_t i = 0; i < n; i++) {
    double x = first + (double)i - l.middle;
    l.xx += x * x;
    xy += x * (y[i] - mean);
  }
  l.slope = xy / l.xx;
  l.level = mean - l.slope * l.middle;
  return l;
}

// The weight of the value at x in the line's height at `at`.
static double height_weight(const line *l, double x, double at) {
  return 1 / l->n + (at - l->middle) * (x - l->middle) / l->xx;
}

static double slope_weight(const line *l, double x) {
  return (x - l->middle) / l->xx;
}

// The four weights of value i.
static void weights(const line *pre, const line *post, size_t i, size_t n_pre, double h[MD_ITS_COEFFICIENTS]) {
  if (i < n_pre) {
    double t = (double)i + 1;
    h[0] = height_weight(pre, t, 0);
    h[1] = slope_weight(pre, t);
    h[2] = -height_weight(pre, t, (double)n_pre + 1);
    h[3] = -slope_weight(pre, t);
  } else {
    double x = (double)(i - n_pre);
    h[0] = h[1] = 0;
    h[2] = height_weight(post, x, 0);
    h[3] = slope_weight(post, x);
  }
}

// Σ u² + 2 Σ (1 - l/(lag + 1)) Σ u(t) u(t - l)
static double bartlett(const double *u, size_t n, size_t lag) {
  double sum = 0;
  for (size_t l = 0; l <= lag; l++) {
    double products = 0;
    for (size_t t = l; t < n; t++)
      products += u[t] * u[t - l];
    sum += (l ? 2 * (1 - (double)l / ((double)lag + 1)) : 1) * products;
  }
  return fmax(0, sum);
}

// What is left of each value of one segment: nothing where that is no more than rounding. Answers whether anything is.
static bool leave(const double *y, size_t n, double first, const line *l, double *rest) {
  double squares = 0, size = 0;
  for (size_t i = 0; i < n; i++) {
    rest[i] = y[i] - (l->level + l->slope * (first + (double)i));
    squares += rest[i] * rest[i];
    size += y[i] * y[i];
  }
  bool any = n > 2 && squares > 1e-26 * size;
  for (size_t i = 0; i < n && !any; i++)
    rest[i] = 0;
  return any;
}

static void fit_quality(const double *y, const double *rest, size_t n, md_its *out) {
  double mean = 0, total = 0, squares = 0, steps = 0, size = 0;
  for (size_t i = 0; i < n; i++)
    mean += y[i] / (double)n;
  for (size_t i = 0; i < n; i++) {
    total += (y[i] - mean) * (y[i] - mean);
    size += y[i] * y[i];
    squares += rest[i] * rest[i];
    if (i) steps += (rest[i] - rest[i - 1]) * (rest[i] - rest[i - 1]);
  }
  out->r_squared = total > 1e-26 * size ? 1 - squares / total : NAN;
  out->durbin_watson = squares > 0 ? steps / squares : NAN;
}

// `u` holds 4 n numbers: each value's part in the error of each coefficient.
static void errors(const line *pre, const line *post, const double *rest, size_t n, size_t n_pre, size_t lag,
                   bool before, double *u, md_its *out) {
  double squares = 0, sums[MD_ITS_COEFFICIENTS] = {0}, df = (double)n - MD_ITS_COEFFICIENTS;
  for (size_t i = 0; i < n; i++) {
    double h[MD_ITS_COEFFICIENTS];
    squares += rest[i] * rest[i];
    weights(pre, post, i, n_pre, h);
    for (int j = 0; j < MD_ITS_COEFFICIENTS; j++) {
      sums[j] += h[j] * h[j];
      u[(size_t)j * n + i] = h[j] * rest[i];
    }
  }
  for (int j = 0; j < MD_ITS_COEFFICIENTS; j++) {
    bool bears = squares > 0 && (before || j >= 2); // the first two coefficients are those of the line before
    out->se_ols[j] = df > 0 ? sqrt(squares / df * sums[j]) : NAN;
    out->se_newey_west[j] = bears ? sqrt(bartlett(u + (size_t)j * n, n, lag)) : NAN;
  }
}

// To the power of two near the largest value, so that no square overflows or vanishes; answers which.
static int scale(const double *y, size_t n, double *scaled) {
  double largest = 0;
  int shift = 0;
  for (size_t i = 0; i < n; i++)
    largest = fmax(largest, fabs(y[i]));
  (void)frexp(largest, &shift);
  for (size_t i = 0; i < n; i++)
    scaled[i] = ldexp(y[i], -shift);
  return shift;
}

static void scale_back(int shift, md_its *out) {
  for (int j = 0; j < MD_ITS_COEFFICIENTS; j++) {
    out->coef[j] = ldexp(out->coef[j], shift);
    out->se_ols[j] = ldexp(out->se_ols[j], shift);
    out->se_newey_west[j] = ldexp(out->se_newey_west[j], shift);
  }
}

static const char *missing(bool before, bool after, size_t n) {
  if (n <= MD_ITS_COEFFICIENTS) return "four values have four coefficients: nothing is left to judge by";
  if (!before && !after) return "the lines go through every value: nothing is left to judge by";
  if (!before)
    return "the line before the change goes through every value there: its errors cannot be judged by itself";
  return NULL;
}

void md_interrupted_time_series(const double *y, size_t n, size_t n_pre, size_t lag, double *scratch, md_its *out) {
  double *scaled = scratch, *rest = scratch + n;
  int shift = scale(y, n, scaled);
  line pre = fit(scaled, n_pre, 1), post = fit(scaled + n_pre, n - n_pre, 0);
  bool before = leave(scaled, n_pre, 1, &pre, rest), after = leave(scaled + n_pre, n - n_pre, 0, &post, rest + n_pre);
  double at_change = pre.level + pre.slope * ((double)n_pre + 1);
  *out = (md_its){.coef = {pre.level, pre.slope, post.level - at_change, post.slope - pre.slope}};
  errors(&pre, &post, rest, n, n_pre, lag, before, rest + n, out);
  fit_quality(scaled, rest, n, out);
  scale_back(shift, out);
  out->why = missing(before, after, n);
}
