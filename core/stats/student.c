// SPDX-License-Identifier: Apache-2.0
// Student's t: tails by quadrature over ln t, where the density's logarithm is concave for every df, and what follows
// from them. GSL's own (2.7) is a Cornish-Fisher series for df over 30, too coarse in the tails.
#include "stats/special.h"
#include <gsl/gsl_cdf.h>
#include <math.h>

// Γ((df+1)/2) / (Γ(df/2) √(df π)): the density's height at 0.
static double log_height(double df) {
  double b = df / 2;
  // ln Γ(b + 1/2) - ln Γ(b), by Stirling's formula for both: b ln(1 + 1/(2b)) - 1/2 + (ln b)/2 + the rest.
  double ratio = b * log1p(0.5 / b) - 0.5 + log(b) / 2 + md_log_gamma_star(b + 0.5) - md_log_gamma_star(b);
  return ratio - log(df * M_PI) / 2;
}

typedef struct over_log {
  double df, height;
} over_log;

static double over_log_t(double v, const void *context) {
  const over_log *at = context;
  double square = 2 * v - log(at->df); // ln(t²/df)
  return at->height + v - (at->df + 1) / 2 * (square > 700 ? square : log1p(exp(square)));
}

double md_t_two_sided(double t, double df) {
  t = fabs(t);
  if (!(df > 0) || isnan(t)) return NAN;
  if (t == 0) return 1;
  if (isinf(t)) return 0;
  over_log context = {df, log_height(df)};
  double v = log(t);
  if (t >= 1) return 2 * md_integrate_falling(over_log_t, &context, v, 1); // t f(t) has its mode at 1 for every df
  return 1 - 2 * md_integrate_falling(over_log_t, &context, v, -1);
}

double md_t_critical(double two_sided_p, double df) {
  if (!(df > 0) || !(two_sided_p > 0)) return NAN;
  double t = gsl_cdf_tdist_Qinv(two_sided_p / 2, df);
  if (!isfinite(t) || t <= 0) t = md_normal_upper(two_sided_p / 2);
  for (int i = 0; i < 20; i++) { // Newton for ln p over ln t, which is nearly straight in the tail
    over_log context = {df, log_height(df)};
    double p = md_t_two_sided(t, df);
    double step = log(p / two_sided_p) * p / (2 * exp(over_log_t(log(t), &context)));
    t *= exp(step);
    if (!(fabs(step) > 1e-14)) break;
  }
  return t;
}

double md_t_within(double level, double df) {
  if (level >= 0.5) return md_t_critical(1 - level, df); // 1 - level is exact
  if (!(df > 0) || !(level > 0)) return NAN;
  over_log context = {df, log_height(df)};
  double v = log(level) - M_LN2 - context.height; // as if the density were as high as at 0: too near
  for (int i = 0; i < 60; i++) {                  // Newton for ln P over ln t
    double within = 2 * md_integrate_falling(over_log_t, &context, v, -1);
    double step = log(level / within) * within / (2 * exp(over_log_t(v, &context)));
    v += step;
    if (!(fabs(step) > 1e-14)) break;
  }
  return exp(v);
}

typedef struct over_spread {
  double t, df, shift, constant;
} over_spread;

// ln of the density of v = ln s, s² a chi-square over its df, times P(Z < shift - t s).
static double over_log_spread(double v, const void *context) {
  const over_spread *at = context;
  double density = at->constant + at->df * (v - expm1(2 * v) / 2);
  return density + log(md_normal_below(at->shift - at->t * exp(v)));
}

double md_noncentral_t_above(double t, double df, double shift) {
  double constant = M_LN2 + log(df / 2) / 2 - log(2 * M_PI) / 2 - md_log_gamma_star(df / 2);
  over_spread context = {t, df, shift, constant};
  return md_integrate_log_concave(over_log_spread, &context, 0, 1 / sqrt(df));
}
