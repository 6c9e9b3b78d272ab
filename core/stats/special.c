// SPDX-License-Identifier: Apache-2.0
// Normal, chi-square and Student tails; bisection; Gauss-Legendre quadrature of log-concave functions.
#include "stats/special.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <stdbool.h>

static const double drop = 45; // e^-45: what is lower than the peak by this adds nothing to a double

// GSL ends the process on an error unless told otherwise, and the switch is the process's: set before main.
__attribute__((constructor)) static void errors_off(void) {
  gsl_set_error_handler_off();
}

double md_normal_density(double z) {
  return exp(-z * z / 2) / sqrt(2 * M_PI);
}

double md_normal_below(double z) {
  return erfc(-z / M_SQRT2) / 2;
}

double md_normal_above(double z) {
  return erfc(z / M_SQRT2) / 2;
}

double md_normal_two_sided(double z) {
  return erfc(fabs(z) / M_SQRT2);
}

double md_normal_quantile(double p) {
  return gsl_cdf_ugaussian_Pinv(p);
}

double md_normal_upper(double p) {
  return gsl_cdf_ugaussian_Qinv(p);
}

double md_normal_within(double level) {
  if (level >= 0.5) return md_normal_upper((1 - level) / 2); // 1 - level is exact
  double z = level * sqrt(M_PI / 2);
  for (int i = 0; i < 4; i++) // Newton from the tangent at 0: four steps converge at one half, none is needed near 0
    z += (level - erf(z / M_SQRT2)) / (2 * md_normal_density(z));
  return z;
}

double md_chi2_above(double x, double df) {
  return df > 0 && !isnan(x) ? gsl_cdf_chisq_Q(x, df) : NAN;
}

double md_log_gamma_star(double a) {
  double square = a * a;
  if (a > 1e3) return (1 - (1 - 2 / (7 * square)) / (30 * square)) / (12 * a); // Abramowitz, Stegun 1964, 6.1.41
  if (a > 1e-300) return log(gsl_sf_gammastar(a));
  return lgamma(a) - (a - 0.5) * log(a) + a - log(2 * M_PI) / 2;
}

double md_log_beta_peak(double a, double b) {
  return (log(a) + log(b) - log(a + b) - log(2 * M_PI)) / 2 - md_log_gamma_star(a) - md_log_gamma_star(b) +
         md_log_gamma_star(a + b);
}

double md_bisect(double (*f)(double x, const void *context), const void *context, double low, double high) {
  bool rising = f(low, context) < 0;
  for (int i = 0; i < 2200; i++) { // more than the halvings that a double allows
    double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    if ((f(middle, context) < 0) == rising)
      low = middle;
    else
      high = middle;
  }
  return low + (high - low) / 2;
}

double md_cross(double a, double b, double c, double d) {
  double right = c * d, rest = fma(-c, d, right); // c d = right - rest
  return fma(a, b, -right) + rest;
}

// P_n(x) and P_{n-1}(x) by Bonnet's recursion.
static double legendre(int n, double x, double *before) {
  double now = x, previous = 1;
  for (int k = 2; k <= n; k++) {
    double next = ((2 * k - 1) * x * now - (k - 1) * previous) / k;
    previous = now;
    now = next;
  }
  *before = previous;
  return now;
}

void md_gauss_init(md_gauss *gauss) {
  const int n = MD_GAUSS_POINTS;
  for (int i = 0; i < n; i++) {
    double x = -cos(M_PI * (i + 0.75) / (n + 0.5)), slope = 1;
    for (int step = 0; step < 8; step++) { // Newton from Tricomi's guess converges in four
      double before, value = legendre(n, x, &before);
      slope = n * (before - x * value) / (1 - x * x);
      x -= value / slope;
    }
    gauss->at[i] = x;
    gauss->weight[i] = 2 / ((1 - x * x) * slope * slope);
  }
}

typedef double (*log_function)(double x, const void *context);

// How far from `from`, to the side of `scale`, log_f has fallen by `drop`: up to a quarter more.
static double reach(log_function log_f, const void *context, double from, double scale) {
  double floor = log_f(from, context) - drop, step = fmin(fmax(scale, -1e300), 1e300);
  while (log_f(from + step, context) > floor && fabs(step) < 1e300)
    step *= 2; // grows even from the smallest number
  while (fabs(step) > 1e-300 && log_f(from + step / 1.25, context) <= floor)
    step /= 1.25;
  return step;
}

// A concave logarithm falls ever faster, so that ten panels of equal width resolve all that counts.
static double integrate_side(const md_gauss *gauss, log_function log_f, const void *context, double from,
                             double extent) {
  enum { PANELS = 10 };
  double sum = 0, half = extent / PANELS / 2;
  for (int panel = 0; panel < PANELS; panel++)
    for (int i = 0; i < MD_GAUSS_POINTS; i++)
      sum += gauss->weight[i] * exp(log_f(from + half * (2 * panel + 1 + gauss->at[i]), context));
  return sum * fabs(half);
}

double md_integrate_falling(log_function log_f, const void *context, double from, double scale) {
  md_gauss gauss;
  md_gauss_init(&gauss);
  return integrate_side(&gauss, log_f, context, from, reach(log_f, context, from, scale));
}

double md_integrate_log_concave(log_function log_f, const void *context, double mode, double scale) {
  md_gauss gauss;
  md_gauss_init(&gauss);
  return integrate_side(&gauss, log_f, context, mode, reach(log_f, context, mode, -scale)) +
         integrate_side(&gauss, log_f, context, mode, reach(log_f, context, mode, scale));
}
