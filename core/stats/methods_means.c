// SPDX-License-Identifier: Apache-2.0
// The methods of means.h, ratio.h and cuped.h.
#include "stats/cuped.h"
#include "stats/families.h"
#include "stats/means.h"
#include "stats/ratio.h"
#include <string.h>

enum { SUBJECTS_MAX = 250000 }; // an arm's, where there are four lists of them

int md_stats_check_binary(const md_arm *arm, const char *name, md_error *err) {
  if (!(arm->sum >= 0 && arm->sum <= arm->n))
    return md_error_set(err, MD_EINVAL, "%s.sum: must be at least 0 and at most n: it counts successes", name);
  if (fabs(arm->sum_squares - arm->sum) <= 1e-9 * arm->sum) return 0;
  return md_error_set(err, MD_EINVAL, "%s.sum_squares: must be the sum itself: each value is 0 or 1", name);
}

typedef struct welch_in {
  md_sample control, treatment;
  double level;
} welch_in;

static int run_welch(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena, (void)err;
  const welch_in *from = in;
  md_welch_t(&from->control, &from->treatment, from->level, out);
  return 0;
}

static const md_stats_field welch_fields[] = {
    MD_AS("mean_control", welch_in, control.mean, REAL, "as measured", "of the control"),
    MD_AS("sd_control", welch_in, control.sd, REAL, "as measured", "standard deviation of the control", MD_FROM(0)),
    MD_AS("n_control", welch_in, control.n, COUNT, "subjects", "of the control", MD_FROM(1)),
    MD_AS("mean_treatment", welch_in, treatment.mean, REAL, "as measured", "of the treatment"),
    MD_AS("sd_treatment", welch_in, treatment.sd, REAL, "as measured", "standard deviation of the treatment",
          MD_FROM(0)),
    MD_AS("n_treatment", welch_in, treatment.n, COUNT, "subjects", "of the treatment", MD_FROM(1)),
    MD_LEVEL(welch_in),
    {0}};
static const md_stats_field welch_out[] = {MD_OUT(md_welch, diff, "as measured", "treatment minus control"),
                                           MD_OUT(md_welch, se, "as measured", "standard error of the difference"),
                                           MD_OUT(md_welch, t, "standard errors", "the difference"),
                                           MD_OUT(md_welch, df, "degrees of freedom", "Welch and Satterthwaite's"),
                                           MD_OUT(md_welch, p_value, "probability", "two-sided"),
                                           MD_OUT(md_welch, lower, "as measured", "limit of the difference"),
                                           MD_OUT(md_welch, upper, "as measured", "limit of the difference"),
                                           {0}};

typedef struct arms_in {
  md_arm control, treatment;
  double level;
} arms_in;

typedef void (*effect_test)(const md_arm *control, const md_arm *treatment, double level, md_effect *out);

// The sample variance with n - 1, also where the arm was given as successes.
static int run_effect(effect_test test, const void *in, void *out) {
  arms_in from = *(const arms_in *)in;
  from.control.binary = from.treatment.binary = false;
  test(&from.control, &from.treatment, from.level, out);
  return 0;
}

static int run_absolute(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena, (void)err;
  return run_effect(md_effect_absolute, in, out);
}

static int run_relative(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena, (void)err;
  return run_effect(md_effect_relative, in, out);
}

static const md_stats_field arms_fields[] = {MD_IN(arms_in, control, ARM, "sums", "the control"),
                                             MD_IN(arms_in, treatment, ARM, "sums", "the treatment"),
                                             MD_LEVEL(arms_in),
                                             {0}};
static const md_stats_field absolute_out[] = {
    MD_OUT(md_effect, effect, "as measured", "mean of the treatment minus mean of the control"),
    MD_OUT(md_effect, se, "as measured", "standard error of the effect"),
    MD_OUT(md_effect, df, "degrees of freedom", "Welch and Satterthwaite's"),
    MD_OUT(md_effect, lower, "as measured", "limit of the effect"),
    MD_OUT(md_effect, upper, "as measured", "limit of the effect"),
    MD_OUT(md_effect, p_value, "probability", "two-sided"),
    {0}};
static const md_stats_field relative_out[] = {
    MD_OUT(md_effect, effect, "of the control", "treatment over control, less 1"),
    MD_OUT(md_effect, se, "of the control", "standard error of the effect"),
    MD_OUT(md_effect, df, "degrees of freedom", "Welch and Satterthwaite's"),
    MD_OUT(md_effect, lower, "of the control", "limit of the effect"),
    MD_OUT(md_effect, upper, "of the control", "limit of the effect"),
    MD_OUT(md_effect, p_value, "probability", "two-sided"),
    {0}};

typedef struct winsorise_in {
  md_stats_list values;
  double upper_percentile;
} winsorise_in;

static int run_winsorise(const void *in, void *out, md_arena *arena, md_error *err) {
  const winsorise_in *from = in;
  double *values = md_arena_alloc(arena, from->values.count * sizeof *values);
  if (!values) return md_error_set(err, MD_ENOMEM, "out of memory");
  memcpy(values, from->values.at, from->values.count * sizeof *values);
  md_winsorise_upper(values, from->values.count, from->upper_percentile, out);
  return 0;
}

static const md_stats_field winsorise_fields[] = {
    MD_IN_LIST(winsorise_in, values, REAL, "as measured", "of all arms together: they share one cap",
               .longest = 500000),
    MD_IN(winsorise_in, upper_percentile, REAL, "share", "of the values at or below the cap (0.99)", .least = 0,
          .most = 1),
    {0}};
static const md_stats_field winsorise_out[] = {
    MD_OUT(md_winsorised, cap, "as measured", "the quantile, type 7"),
    MD_OUT(md_winsorised, mean, "as measured", "of the capped values"),
    MD_OUT(md_winsorised, sample_variance, "as measured, squared", "of the capped values, n - 1"),
    MD_OUT(md_winsorised, raw_mean, "as measured", "of the values as they were"),
    MD_OUT(md_winsorised, raw_sample_variance, "as measured, squared", "of the values as they were, n - 1"),
    {0}};

typedef struct ratio_in {
  md_ratio_arm control, treatment;
} ratio_in;

static int run_ratio(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena, (void)err;
  const ratio_in *from = in;
  md_ratio_delta(&from->control, &from->treatment, out);
  return 0;
}

static const md_stats_field ratio_fields[] = {
    MD_AS("numerator_control", ratio_in, control.numerator, REAL, "a number a subject", "opens, say", .list = true,
          .longest = SUBJECTS_MAX),
    MD_AS("denominator_control", ratio_in, control.denominator, REAL, "a number a subject", "sends, say", .list = true,
          .as_many_as = "numerator_control", .longest = SUBJECTS_MAX, MD_FROM(0)),
    MD_AS("numerator_treatment", ratio_in, treatment.numerator, REAL, "a number a subject", "opens, say", .list = true,
          .longest = SUBJECTS_MAX),
    MD_AS("denominator_treatment", ratio_in, treatment.denominator, REAL, "a number a subject", "sends, say",
          .list = true, .as_many_as = "numerator_treatment", .longest = SUBJECTS_MAX, MD_FROM(0)),
    {0}};
static const md_stats_field ratio_out[] = {
    MD_OUT(md_ratio, ratio_control, "ratio", "sum of numerators over sum of denominators"),
    MD_OUT(md_ratio, ratio_treatment, "ratio", "sum of numerators over sum of denominators"),
    MD_OUT(md_ratio, se_control, "ratio", "its standard error"),
    MD_OUT(md_ratio, se_treatment, "ratio", "its standard error"),
    MD_OUT(md_ratio, diff, "ratio", "treatment minus control"),
    MD_OUT(md_ratio, se_diff, "ratio", "its standard error"),
    MD_OUT(md_ratio, lift, "of the control", "treatment over control, less 1"),
    MD_OUT(md_ratio, se_lift, "of the control", "its standard error"),
    {0}};

typedef struct cuped_in {
  md_stats_list y_control, x_control, y_treatment, x_treatment;
} cuped_in;

static int run_cuped(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena, (void)err;
  const cuped_in *from = in;
  md_cuped_arm control = {from->y_control.at, from->x_control.at, from->y_control.count};
  md_cuped_arm treatment = {from->y_treatment.at, from->x_treatment.at, from->y_treatment.count};
  md_cuped_difference(&control, &treatment, out);
  return 0;
}

static const md_stats_field cuped_fields[] = {
    MD_IN_LIST(cuped_in, y_control, REAL, "a number a subject", "the metric", .longest = SUBJECTS_MAX),
    MD_IN_LIST(cuped_in, x_control, REAL, "a number a subject", "the covariate from before", .as_many_as = "y_control",
               .longest = SUBJECTS_MAX),
    MD_IN_LIST(cuped_in, y_treatment, REAL, "a number a subject", "the metric", .longest = SUBJECTS_MAX),
    MD_IN_LIST(cuped_in, x_treatment, REAL, "a number a subject", "the covariate from before",
               .as_many_as = "y_treatment", .longest = SUBJECTS_MAX),
    {0}};
static const md_stats_field cuped_out[] = {
    MD_OUT(md_cuped, theta, "metric per covariate", "cov/var over both arms together"),
    MD_OUT(md_cuped, diff_adjusted, "as measured", "treatment minus control, adjusted"),
    MD_OUT(md_cuped, se_adjusted, "as measured", "its standard error"),
    MD_OUT(md_cuped, diff_raw, "as measured", "treatment minus control"),
    MD_OUT(md_cuped, se_raw, "as measured", "its standard error"),
    MD_OUT(md_cuped, variance_reduction, "share", "of the difference's variance that is gone"),
    MD_OUT(md_cuped, lift, "of the control", "diff_adjusted over the control's raw mean"),
    {0}};

const md_stats_method md_stats_means_methods[] = {
    {"welch_t_absolute", "Test whether two means differ, from means and standard deviations",
     "Welch 1947; Satterthwaite 1946", welch_fields, welch_out, sizeof(welch_in), sizeof(md_welch), run_welch},
    {"mean_ttest_absolute", "Difference of two means from sums, with interval and test",
     "Welch 1947; Satterthwaite 1946", arms_fields, absolute_out, sizeof(arms_in), sizeof(md_effect), run_absolute},
    {"mean_ttest_relative", "Relative difference of two means from sums, with interval and test",
     "Deng, Knoblich, Lu 2018, section 2; Satterthwaite 1946", arms_fields, relative_out, sizeof(arms_in),
     sizeof(md_effect), run_relative},
    {"winsorise_upper", "Cap values at a quantile", "Hyndman, Fan 1996, type 7", winsorise_fields, winsorise_out,
     sizeof(winsorise_in), sizeof(md_winsorised), run_winsorise},
    {"ratio_metric_delta_method", "Ratios whose denominator is not the subject: opens per send",
     "Deng, Knoblich, Lu 2018, section 3", ratio_fields, ratio_out, sizeof(ratio_in), sizeof(md_ratio), run_ratio},
    {"cuped_difference", "Difference of two means, sharpened by a covariate from before",
     "Deng, Xu, Kohavi, Walker 2013, section 3.2.2", cuped_fields, cuped_out, sizeof(cuped_in), sizeof(md_cuped),
     run_cuped},
    {0}};
