// SPDX-License-Identifier: Apache-2.0
// Sample sizes, detectable effects, and errors of sign and magnitude.
#include "stats/power.h"
#include "stats/special.h"
#include <math.h>

static const double most = 9007199254740992.0; // 2^53: whole numbers beyond are not exact

// Up, but not for the last bits of a result that is whole.
static double round_up(double n) {
  return ceil(n * (1 - 1e-12));
}

// For the shares p and p + delta; q = 1 - p.
static double size_of(double p, double q, double delta, double z_alpha, double z_beta) {
  double spread = 2 * (p + delta / 2) * (q - delta / 2); // 2 times the mean's p(1 - p)
  double root = z_alpha * sqrt(spread) + z_beta * sqrt(p * q + (p + delta) * fmax(0, q - delta));
  return root / delta * (root / delta);
}

void md_sample_size_two_proportions(double p_control, double p_treatment, double alpha, double power,
                                    md_sample_size *out) {
  double n =
      size_of(p_control, 1 - p_control, p_treatment - p_control, md_normal_upper(alpha / 2), md_normal_quantile(power));
  *out = (md_sample_size){NULL, round_up(n)};
  if (n < most) return;
  out->n_per_arm = NAN;
  out->why = "the shares differ by nothing, or so little that no whole number counts the subjects";
}

typedef struct t_plan {
  double effect, alpha; // δ/sd
} t_plan;

static double t_power(const t_plan *plan, double n) {
  double df = 2 * n - 2;
  return md_noncentral_t_above(md_t_critical(plan->alpha, df), df, plan->effect * sqrt(n / 2));
}

// The least whole n from 2 on with the power; `guess` is what the normal distribution says, mostly one or two less.
static double t_size(const t_plan *plan, double power, double guess) {
  double low = 1, high = fmax(2, floor(guess)), step = 1;
  while (t_power(plan, high) < power) { // galloping up
    if (high > most) return NAN;
    low = high;
    high += step;
    step *= 2;
  }
  if (low == 1 && high > 3 && t_power(plan, high - 2) < power) low = high - 2;
  while (high - low > 1) { // halving
    double middle = floor((low + high) / 2);
    *(t_power(plan, middle) < power ? &low : &high) = middle;
  }
  return high;
}

void md_sample_size_two_means(double delta, double sd, double alpha, double power, md_sample_size_means *out) {
  double root = (md_normal_upper(alpha / 2) + md_normal_quantile(power)) * sd / fabs(delta);
  *out = (md_sample_size_means){NULL, NAN, NAN};
  if (!(2 * root * root < most / 2)) {
    out->why = "the difference is nothing, or so small that no whole number counts the subjects";
    return;
  }
  double normal = root > 0 ? 2 * root * root : 0;
  t_plan plan = {fabs(delta) / sd, alpha};
  out->n_per_arm_normal = fmax(1, round_up(normal));
  out->n_per_arm_t = t_size(&plan, power, normal);
}

typedef struct mde_search {
  double p, n, z_alpha, z_beta;
} mde_search;

static double size_left(double delta, const void *context) {
  const mde_search *at = context;
  return size_of(at->p, 1 - at->p, delta, at->z_alpha, at->z_beta) - at->n;
}

void md_mde_two_proportions(double p_control, double n_per_arm, double alpha, double power, md_mde *out) {
  mde_search search = {p_control, n_per_arm, md_normal_upper(alpha / 2), md_normal_quantile(power)};
  *out = (md_mde){NULL, NAN, NAN};
  if (!(size_left(1 - p_control, &search) <= 0)) {
    out->why = "so few subjects can show no rise at all: even to 1 would be too small";
    return;
  }
  out->mde_absolute = md_bisect(size_left, &search, 1e-300, 1 - p_control);
  out->mde_relative = out->mde_absolute / p_control;
  if (p_control == 0) out->why = "the control's share is 0: nothing is relative to it";
}

void md_type_s_type_m(double true_effect, double se, double alpha, md_type_s_m *out) {
  double shift = fabs(true_effect) / se, z = md_normal_upper(alpha / 2);
  double right = md_normal_above(z - shift), wrong = md_normal_below(-z - shift), power = right + wrong;
  *out = (md_type_s_m){NULL, power, wrong / power, NAN};
  if (shift > 0) {
    double size = shift * (right - wrong) + md_normal_density(z - shift) + md_normal_density(z + shift);
    out->exaggeration_ratio = size / (shift * power);
  } else {
    out->type_s = NAN;
    out->why = "without an effect no sign is the right one, and none can be exaggerated";
  }
}
