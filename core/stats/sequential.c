// SPDX-License-Identifier: Apache-2.0
// Asymptotic confidence sequences, and the Beta mixture's for a share.
#include "stats/sequential.h"
#include "stats/special.h"
#include "stats/srm.h"
#include <assert.h>
#include <math.h>

double md_asympcs_rho(double alpha, double tuning_n, bool two_sided) {
  double logs = -2 * log(two_sided ? alpha : 2 * alpha);
  return logs > 0 ? sqrt((logs + log1p(logs)) / tuning_n) : NAN;
}

// The effect and its variance; answers why there can be no interval, or NULL.
static const char *estimate(const md_arm *control, const md_arm *treatment, bool relative, double *effect,
                            double *variance) {
  *effect = md_arm_mean(treatment) - md_arm_mean(control);
  *variance = md_arm_variance(control) / control->n + md_arm_variance(treatment) / treatment->n;
  if (relative) md_lift(control, treatment, effect, variance);
  if (isnan(*effect)) return "the control's mean is 0: a lift is relative to it";
  if (isnan(*variance)) return "an arm has one subject only: a variance needs two";
  return *variance > 0 ? NULL : "no value differs from the others of its arm: nothing varies, so there is no interval";
}

// Each value is 0 or 1: said, or seen from the sums.
static bool is_binary(const md_arm *arm) {
  return arm->binary || (arm->sum >= 0 && arm->sum <= arm->n && fabs(arm->sum_squares - arm->sum) <= 1e-9 * arm->sum);
}

static bool has(const md_arm *arm, double successes, double failures) {
  return !is_binary(arm) || (arm->sum >= successes && arm->n - arm->sum >= failures);
}

static const char *too_few(const md_arm *control, const md_arm *treatment, bool relative) {
  static_assert(MD_ASYMPCS_COUNT == 20 && MD_ASYMPCS_LIFT_COUNT == 60, "the sentences below name these numbers");
  if (!has(control, MD_ASYMPCS_COUNT, MD_ASYMPCS_COUNT) || !has(treatment, MD_ASYMPCS_COUNT, MD_ASYMPCS_COUNT))
    return "an arm has fewer than 20 successes or 20 failures: too early for an interval that holds at every look";
  if (relative && !has(control, MD_ASYMPCS_LIFT_COUNT, MD_ASYMPCS_COUNT))
    return "the control has fewer than 60 successes: too early for the interval of a lift that holds at every look";
  return NULL;
}

void md_asympcs_effect(const md_arm *control, const md_arm *treatment, bool relative, double alpha, double tuning_n,
                       md_asympcs *out) {
  double effect, variance;
  const char *why = estimate(control, treatment, relative, &effect, &variance);
  if (!why) why = too_few(control, treatment, relative);
  *out = (md_asympcs){why, effect, sqrt(variance), NAN, NAN, NAN};
  if (why) return;
  double n = control->n + treatment->n, rho = md_asympcs_rho(alpha, tuning_n, true);
  double spread = n * rho * rho + 1, z = effect / out->se;
  double half = out->se * sqrt(2 * spread * (log(spread) / 2 - log(alpha)) / n) / rho;
  out->lower = effect - half;
  out->upper = effect + half;
  out->p_value = fmin(1, exp(log(spread) / 2 - (spread - 1) * z * z / (2 * spread)));
}

typedef struct mixture {
  double share, n, room; // n KL(share ‖ p) may be at most `room`
} mixture;

// n KL(share ‖ p) - room. By the difference p - share, so that it is exact near the share.
static double excess(double p, const void *context) {
  const mixture *at = context;
  double q = 1 - at->share, off = p - at->share, kl = 0;
  if (at->share > 0) kl -= at->share * log1p(off / at->share);
  if (q > 0) kl -= q * log1p(-off / q);
  return at->n * kl - at->room;
}

// The largest ratio is that at the observed share, and falls from there by n KL: ln LR(p) = ln LR(share) + n KL.
void md_bernoulli_sequence(double successes, double n, double a, double b, double alpha, md_interval *out) {
  *out = (md_interval){NULL, 0, 1};
  if (n == 0) return;
  double share = successes / n, counts[] = {successes, n - successes}, prior[] = {a, b},
         at[] = {share, (n - successes) / n};
  mixture context = {share, n, -log(alpha) - md_log_dirichlet_factor(counts, at, prior, 2)};
  if (share > 0) out->lower = md_bisect(excess, &context, 0, share);
  if (share < 1) out->upper = md_bisect(excess, &context, share, 1);
}
