// SPDX-License-Identifier: Apache-2.0
// Beta posteriors of shares, and the normal posterior of a lift.
#include "stats/bayes.h"
#include "stats/order.h"
#include "stats/special.h"
#include <math.h>

static double log1p_exp(double y) {
  return y > 0 ? y + log1p(exp(-y)) : log1p(exp(y));
}

// ln(1 - p + p e^off), exact for small p and for any off.
static double log_mixed(double p, double off) {
  return off < 500 ? log1p(p * expm1(off)) : off + log(p + (1 - p) * exp(-off));
}

// The density of logit(p), whose logarithm is concave for all a, b > 0: relative to its peak at logit a/(a+b), and from
// the side of the smaller parameter, without the cancellation that large parameters bring.
typedef struct logit_beta {
  double centre, peak, small, total, sign;
} logit_beta;

static logit_beta logit_beta_of(const md_beta *beta) {
  bool turned = beta->a > beta->b;
  return (logit_beta){log(beta->a / beta->b), md_log_beta_peak(beta->a, beta->b), turned ? beta->b : beta->a,
                      beta->a + beta->b, turned ? -1 : 1};
}

static double logit_beta_log_density(double y, const void *context) {
  const logit_beta *at = context;
  double off = at->sign * (y - at->centre);
  return at->peak + at->small * off - at->total * log_mixed(at->small / at->total, off);
}

// dp/dy = p(1 - p): what turns an integral over shares into one over logits.
static double logistic_slope(double y) {
  return exp(y - 2 * log1p_exp(y));
}

int md_beta_best(const md_beta *posteriors, size_t arms, double *best, double *loss, md_arena *arena) {
  logit_beta contexts[MD_BAYES_ARMS_MAX];
  md_order_arm described[MD_BAYES_ARMS_MAX];
  md_order order;
  for (size_t i = 0; i < arms; i++) {
    contexts[i] = logit_beta_of(&posteriors[i]);
    double width = sqrt(1 / posteriors[i].a + 1 / posteriors[i].b);
    described[i] = (md_order_arm){logit_beta_log_density, &contexts[i], contexts[i].centre, width, 3};
  }
  int code = md_order_init(&order, described, arms, arena);
  if (code) return code;
  if (best) md_order_best(&order, best);
  if (loss) md_order_loss(&order, logistic_slope, loss);
  return 0;
}

int md_beta_chance_to_win(const md_two_rates *r, double prior_a, double prior_b, md_chance *out, md_arena *arena) {
  md_beta posteriors[] = {{prior_a + r->x_control, prior_b + (r->n_control - r->x_control)},
                          {prior_a + r->x_treatment, prior_b + (r->n_treatment - r->x_treatment)}};
  double best[2], loss[2];
  int code = md_beta_best(posteriors, 2, best, loss, arena);
  if (code) return code;
  *out = (md_chance){NULL,
                     best[1],
                     loss[1],
                     loss[0],
                     posteriors[0].a / (posteriors[0].a + posteriors[0].b),
                     posteriors[1].a / (posteriors[1].a + posteriors[1].b)};
  return 0;
}

typedef struct normal {
  double mean, sd;
} normal;

static double normal_log_density(double x, const void *context) {
  const normal *at = context;
  double z = (x - at->mean) / at->sd;
  return -z * z / 2 - log(at->sd) - log(2 * M_PI) / 2;
}

int md_gaussian_best(const double *means, const double *sds, size_t arms, double *best, double *second,
                     md_arena *arena) {
  normal normals[MD_BAYES_ARMS_MAX];
  md_order_arm described[MD_BAYES_ARMS_MAX];
  md_order order;
  double top = means[0];
  for (size_t i = 1; i < arms; i++)
    top = fmax(top, means[i]);
  for (size_t i = 0; i < arms; i++) {
    // Counted from the highest, so that digits are where they matter; an arm far below it need not be sharper than
    // numbers are there.
    double off = means[i] - top;
    normals[i] = (normal){off, fmax(sds[i], -1e-10 * off)};
    described[i] = (md_order_arm){normal_log_density, &normals[i], off, normals[i].sd, INFINITY};
  }
  int code = md_order_init(&order, described, arms, arena);
  if (code) return code;
  md_order_best(&order, best);
  md_order_second(&order, second);
  return 0;
}

int md_thompson_weights(const double *means, const double *sds, size_t arms, double floor, double *best, double *second,
                        double *weights, double *top_two, md_arena *arena) {
  int code = md_gaussian_best(means, sds, arms, best, second, arena);
  if (code) return code;
  double rest = fmax(0, 1 - (double)arms * floor);
  if (arms == 1) second[0] = NAN;
  for (size_t i = 0; i < arms; i++) {
    weights[i] = floor + rest * best[i];
    top_two[i] = floor + rest * (arms == 1 ? best[i] : (best[i] + second[i]) / 2);
  }
  return 0;
}

void md_gaussian_lift(double lift, double variance, const md_prior *prior, double level, md_posterior *out) {
  double mean = lift, spread = variance;
  if (prior->proper) {
    double sum = variance + prior->variance;
    mean = lift * (prior->variance / sum) + prior->mean * (variance / sum);
    spread = variance * (prior->variance / sum);
  }
  double sd = sqrt(spread), z = mean / sd, half = md_normal_within(level) * sd;
  *out = (md_posterior){.posterior_mean = mean,
                        .posterior_sd = sd,
                        .chance_to_win = md_normal_below(z),
                        .risk_control = sd * (md_normal_density(z) + z * md_normal_below(z)),
                        .risk_treatment = sd * (md_normal_density(z) - z * md_normal_above(z)),
                        .lower = mean - half,
                        .upper = mean + half};
}
