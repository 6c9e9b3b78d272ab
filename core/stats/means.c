// SPDX-License-Identifier: Apache-2.0
// Means of two arms.
#include "stats/means.h"
#include "stats/special.h"
#include <math.h>

static const char too_few[] = "an arm has one subject only: a variance needs two";
static const char no_variance[] = "no value differs from the others of its arm: nothing varies, so there is no test";
static const char no_control[] = "the control's mean is 0: a lift is relative to it";

// From the standard errors of the means, by shares of their squares: tiny and huge ones neither vanish nor overflow.
static double satterthwaite(double se_a, double n_a, double se_b, double n_b) {
  double both = hypot(se_a, se_b), share = se_a / both * (se_a / both), rest = se_b / both * (se_b / both);
  return 1 / (share * share / (n_a - 1) + rest * rest / (n_b - 1));
}

void md_welch_t(const md_sample *control, const md_sample *treatment, double level, md_welch *out) {
  double a = control->sd / sqrt(control->n), b = treatment->sd / sqrt(treatment->n);
  double diff = treatment->mean - control->mean;
  *out = (md_welch){NULL, diff, hypot(a, b), NAN, NAN, NAN, NAN, NAN};
  if (control->n < 2 || treatment->n < 2) {
    out->why = too_few;
    out->se = NAN;
  } else if (!(out->se > 0)) {
    out->why = no_variance;
  } else {
    out->df = satterthwaite(a, control->n, b, treatment->n);
    out->t = diff / out->se;
    out->p_value = md_t_two_sided(out->t, out->df);
    double half = md_t_within(level, out->df) * out->se;
    out->lower = diff - half;
    out->upper = diff + half;
  }
}

static void test_effect(md_effect *out, double level) {
  double half = md_t_within(level, out->df) * out->se;
  out->p_value = md_t_two_sided(out->effect / out->se, out->df);
  out->lower = out->effect - half;
  out->upper = out->effect + half;
}

static double df_of(const md_arm *control, const md_arm *treatment) {
  return satterthwaite(sqrt(md_arm_variance(control) / control->n), control->n,
                       sqrt(md_arm_variance(treatment) / treatment->n), treatment->n);
}

void md_effect_absolute(const md_arm *control, const md_arm *treatment, double level, md_effect *out) {
  double variance = md_arm_variance(control) / control->n + md_arm_variance(treatment) / treatment->n;
  *out = (md_effect){NULL, md_arm_mean(treatment) - md_arm_mean(control), sqrt(variance), NAN, NAN, NAN, NAN};
  if (isnan(variance)) {
    out->why = too_few;
  } else if (!(variance > 0)) {
    out->why = no_variance;
  } else {
    out->df = df_of(control, treatment);
    test_effect(out, level);
  }
}

void md_lift(const md_arm *control, const md_arm *treatment, double *lift, double *variance) {
  double c = md_arm_mean(control), ratio = md_arm_mean(treatment) / c;
  *lift = *variance = NAN;
  if (c == 0) return;
  *lift = ratio - 1;
  *variance =
      (md_arm_variance(treatment) / treatment->n + md_arm_variance(control) / control->n * ratio * ratio) / (c * c);
}

void md_effect_relative(const md_arm *control, const md_arm *treatment, double level, md_effect *out) {
  double lift, variance;
  md_lift(control, treatment, &lift, &variance);
  *out = (md_effect){NULL, lift, sqrt(variance), NAN, NAN, NAN, NAN};
  if (isnan(lift)) {
    out->why = no_control;
  } else if (isnan(variance)) {
    out->why = too_few;
  } else if (!(variance > 0)) {
    out->why = no_variance;
  } else if (control->n < 2 || treatment->n < 2) {
    out->why = too_few;
  } else {
    out->df = df_of(control, treatment);
    test_effect(out, level);
  }
}
