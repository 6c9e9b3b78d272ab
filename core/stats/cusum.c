// SPDX-License-Identifier: Apache-2.0
// CUSUM and e-detectors of a share.
#include "stats/cusum.h"
#include <math.h>

void md_cusum_increments(double p0, double p1, double *success, double *failure) {
  *success = log(p1 / p0);
  *failure = log1p(-p1) - log1p(-p0);
}

size_t md_bernoulli_cusum_path(const double *sequence, size_t count, double p0, double p1, double threshold,
                               double *path) {
  double success, failure, w = 0;
  size_t alarm = 0;
  md_cusum_increments(p0, p1, &success, &failure);
  for (size_t i = 0; i < count; i++) {
    w = fmax(0, w + (sequence[i] > 0 ? success : failure));
    path[i] = w;
    if (w >= threshold && alarm == 0) alarm = i + 1;
  }
  return alarm;
}

// What a chain that has climbed from `state` to `top` needs to come back down to it: the steps on the way, and the
// probability that an alarm comes first.
static void descend(const double *steps, const double *alarms, size_t state, size_t top, double *expected,
                    double *alarmed) {
  double sum = 0, lost = 0;
  for (size_t at = top; at > state; at--) {
    sum += (1 - lost) * steps[at];
    lost += (1 - lost) * alarms[at];
  }
  *expected = sum;
  *alarmed = lost;
}

double md_bernoulli_cusum_arl(size_t m, size_t H, double p, double *scratch) {
  double *steps = scratch, *alarms = scratch + H; // from a state until one lower: steps, and P(alarm before)
  double q = 1 - p;
  if (p <= 0 || m == 1) return m > 0 && H <= m - 1 && p > 0 ? 1 / p : INFINITY;
  for (size_t state = H - 1;; state--) {
    double expected = 0, alarmed = 1;
    if (state + m - 1 < H) descend(steps, alarms, state, state + m - 1, &expected, &alarmed);
    if (state == 0) return (1 + p * expected) / (p * alarmed); // a failure at 0 stays there
    double leaves = q + p * alarmed;
    steps[state] = (1 + p * expected) / leaves;
    alarms[state] = p * alarmed / leaves;
  }
}

// ln(1 + e^l)
static double softplus(double l) {
  return l > 0 ? l + log1p(exp(-l)) : log1p(exp(l));
}

void md_e_detector_path(const double *sequence, size_t count, double p0, double p1, double threshold, double *sr,
                        double *cusum, size_t *alarm_sr, size_t *alarm_cusum) {
  double success, failure, log_sr = -INFINITY, log_cusum = -INFINITY;
  *alarm_sr = *alarm_cusum = 0;
  md_cusum_increments(p0, p1, &success, &failure);
  for (size_t i = 0; i < count; i++) { // in logarithms: what has overflowed may come down again
    double e = sequence[i] > 0 ? success : failure;
    log_sr = softplus(log_sr) + e;
    log_cusum = fmax(log_cusum, 0) + e;
    sr[i] = exp(log_sr);
    cusum[i] = exp(log_cusum);
    if (sr[i] >= threshold && *alarm_sr == 0) *alarm_sr = i + 1;
    if (cusum[i] >= threshold && *alarm_cusum == 0) *alarm_cusum = i + 1;
  }
}
