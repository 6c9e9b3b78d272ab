// SPDX-License-Identifier: Apache-2.0
// Distributions and small tools under the statistics: tails with full relative accuracy from GSL, libm, or quadrature
// of our own where theirs give way (Student's t of many degrees of freedom). Pure; any thread.
#pragma once
#include <stddef.h>

// Normal: through erfc (Abramowitz, Stegun 1964, 26.2.29 and section 7.1); quantiles as GSL has them (Wichura 1988, AS
// 241).
double md_normal_density(double z);
double md_normal_below(double z);      // P(Z <= z)
double md_normal_above(double z);      // P(Z > z)
double md_normal_two_sided(double z);  // P(|Z| >= |z|)
double md_normal_quantile(double p);   // z with P(Z <= z) = p
double md_normal_upper(double p);      // z with P(Z > z) = p
double md_normal_within(double level); // z with P(|Z| <= z) = level, exact for the smallest levels too

double md_chi2_above(double x, double df); // the incomplete gamma function: Abramowitz, Stegun 1964, section 26.4

// Student's t, any df > 0. NaN for another df. (Student 1908; Abramowitz, Stegun 1964, section 26.7; noncentral: Owen
// 1965.)
double md_t_two_sided(double t, double df);                      // P(|T| >= |t|)
double md_t_critical(double two_sided_p, double df);             // t with P(|T| >= t) = p
double md_t_within(double level, double df);                     // t with P(|T| <= t) = level, small levels too
double md_noncentral_t_above(double t, double df, double shift); // P(T' > t), df >= 1, t > 0

// ln Γ*(a) = ln Γ(a) - (a - 1/2) ln a + a - ln √2π: what Stirling's formula leaves out. a > 0.
// (Abramowitz, Stegun 1964, 6.1.41.)
double md_log_gamma_star(double a);
// -ln B(a, b) + a ln p + b ln q at p = a/(a+b), without the cancellation of its terms. (The
// same, with B(a, b) = Γ(a) Γ(b)/Γ(a + b), section 6.2.)
double md_log_beta_peak(double a, double b);

// x with f(x) = 0 between `low` and `high`, at which f has different signs; bisected to the last bit.
double md_bisect(double (*f)(double x, const void *context), const void *context, double low, double high);

// a b - c d to within 1.5 units in the last place, however much of the products cancels. (Kahan's algorithm: Jeannerod,
// Louvet, Muller 2013, theorem 1.2.)
double md_cross(double a, double b, double c, double d);

// Gauss and Legendre's points and weights of 16 on [-1, 1]. (Gauss's formula: Abramowitz, Stegun 1964, section 25.4.)
enum { MD_GAUSS_POINTS = 16 };
typedef struct md_gauss {
  double at[MD_GAUSS_POINTS], weight[MD_GAUSS_POINTS];
} md_gauss;
void md_gauss_init(md_gauss *gauss);

// ∫ exp(log_f) over the whole line, log_f concave with its highest value at `mode`. `scale`: about how wide it is.
double md_integrate_log_concave(double (*log_f)(double x, const void *context), const void *context, double mode,
                                double scale);
// The same from `from` to the side where `scale` points (to ∞ if it is positive), on which log_f must fall.
double md_integrate_falling(double (*log_f)(double x, const void *context), const void *context, double from,
                            double scale);
