// SPDX-License-Identifier: Apache-2.0
// The methods of proportions.h.
#include "stats/families.h"
#include "stats/proportions.h"

typedef struct rates_in {
  md_two_rates rates;
  double level, margin_absolute, alpha_one_sided;
  int direction;
} rates_in;

static int run_z_pooled(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena, (void)err;
  md_two_proportion_z_pooled(&((const rates_in *)in)->rates, out);
  return 0;
}

static const md_stats_field z_pooled_in[] = {MD_RATES(rates_in, 1), {0}};
static const md_stats_field z_pooled_out[] = {
    MD_OUT(md_z_pooled, diff, "share", "treatment minus control"),
    MD_OUT(md_z_pooled, z, "standard deviations", "of the difference, by the pooled variance"),
    MD_OUT(md_z_pooled, p_value, "probability", "two-sided"),
    MD_OUT(md_z_pooled, chi2, "square of z", "Pearson's chi-square, one degree of freedom"),
    {0}};

typedef struct pair_in {
  double x1, n1, x2, n2, level;
} pair_in;

static int run_newcombe(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena, (void)err;
  const pair_in *from = in;
  md_newcombe_diff(from->x1, from->n1, from->x2, from->n2, from->level, out);
  return 0;
}

static const md_stats_field newcombe_in[] = {
    MD_IN(pair_in, x1, COUNT, "subjects", "successes of the first", .at_most = "n1"),
    MD_IN(pair_in, n1, COUNT, "subjects", "of the first", MD_FROM(1)),
    MD_IN(pair_in, x2, COUNT, "subjects", "successes of the second", .at_most = "n2"),
    MD_IN(pair_in, n2, COUNT, "subjects", "of the second", MD_FROM(1)),
    MD_LEVEL(pair_in),
    {0}};
static const md_stats_field newcombe_out[] = {MD_OUT(md_diff_interval, diff, "share", "first minus second"),
                                              MD_OUT(md_diff_interval, lower, "share", "limit of the difference"),
                                              MD_OUT(md_diff_interval, upper, "share", "limit of the difference"),
                                              {0}};

typedef struct one_in {
  double x, n, level;
} one_in;

static int run_wilson(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena, (void)err;
  const one_in *from = in;
  md_wilson_interval(from->x, from->n, from->level, out);
  return 0;
}

static const md_stats_field wilson_in[] = {MD_IN(one_in, x, COUNT, "subjects", "successes", .at_most = "n"),
                                           MD_IN(one_in, n, COUNT, "subjects", "all", MD_FROM(1)),
                                           MD_LEVEL(one_in),
                                           {0}};
static const md_stats_field wilson_out[] = {MD_OUT(md_interval, lower, "share", "limit of the share"),
                                            MD_OUT(md_interval, upper, "share", "limit of the share"),
                                            {0}};

static int run_lift(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena, (void)err;
  const rates_in *from = in;
  md_relative_lift(&from->rates, from->level, out);
  return 0;
}

static const md_stats_field lift_in[] = {MD_RATES(rates_in, 1), MD_LEVEL(rates_in), {0}};
static const md_stats_field lift_out[] = {
    MD_AS("lift", md_effect, effect, REAL, "of the control", "treatment over control, less 1"),
    MD_OUT(md_effect, se, "of the control", "standard error of the lift"),
    MD_OUT(md_effect, df, "degrees of freedom", "Welch and Satterthwaite's"),
    MD_OUT(md_effect, lower, "of the control", "limit of the lift"),
    MD_OUT(md_effect, upper, "of the control", "limit of the lift"),
    MD_OUT(md_effect, p_value, "probability", "two-sided"),
    {0}};

typedef struct many_in {
  md_stats_list x, n;
} many_in;

static int run_homogeneity(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena, (void)err;
  const many_in *from = in;
  md_k_proportions_chi2(from->x.at, from->n.at, from->x.count, out);
  return 0;
}

static const md_stats_field homogeneity_in[] = {
    MD_IN_LIST(many_in, x, COUNT, "subjects", "successes of each arm", .at_most = "n", .shortest = 2, .longest = 1000),
    MD_IN_LIST(many_in, n, COUNT, "subjects", "of each arm", .as_many_as = "x", MD_FROM(1), .longest = 1000),
    {0}};
static const md_stats_field homogeneity_out[] = {
    MD_OUT(md_chi2_test, chi2, "chi-square", "Pearson's"),
    MD_OUT(md_chi2_test, df, "degrees of freedom", "arms less one"),
    MD_OUT(md_chi2_test, p_value, "probability", "that equal arms differ as much"),
    {0}};

static int run_non_inferiority(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena, (void)err;
  const rates_in *from = in;
  md_non_inferiority_two_proportions(&from->rates, from->margin_absolute, from->alpha_one_sided, from->direction == 0,
                                     out);
  return 0;
}

static const char *const directions[] = {"higher_is_better", "lower_is_better", NULL};
static const md_stats_field non_inferiority_in[] = {
    MD_RATES(rates_in, 1),
    MD_IN(rates_in, margin_absolute, REAL, "share", "how much worse is still no harm", MD_SHARE),
    MD_IN(rates_in, alpha_one_sided, REAL, "probability", "of calling a harmful treatment harmless", MD_INSIDE),
    MD_IN(rates_in, direction, WORD, "word", "which way is good", .words = directions, .optional = true,
          .otherwise = "\"higher_is_better\""),
    {0}};
static const md_stats_field non_inferiority_out[] = {
    MD_OUT(md_non_inferiority, diff, "share", "treatment minus control"),
    MD_OUT(md_non_inferiority, se, "share", "standard error, unpooled"),
    MD_OUT(md_non_inferiority, z, "standard deviations", "of the benefit above -margin"),
    MD_OUT(md_non_inferiority, p_value, "probability", "one-sided"),
    MD_OUT(md_non_inferiority, lower_one_sided, "share", "limit of the benefit (diff, or -diff where lower is better)"),
    MD_IN(md_non_inferiority, non_inferior, BOOL, "yes or no", "the limit is above -margin"),
    {0}};

const md_stats_method md_stats_proportion_methods[] = {
    {"two_proportion_z_pooled", "Test whether two shares differ, by the pooled variance", "Fleiss 1981, equation 2.13",
     z_pooled_in, z_pooled_out, sizeof(rates_in), sizeof(md_z_pooled), run_z_pooled},
    {"newcombe_diff_ci", "Interval of the difference of two shares", "Newcombe 1998, method 10", newcombe_in,
     newcombe_out, sizeof(pair_in), sizeof(md_diff_interval), run_newcombe},
    {"wilson_interval", "Interval of one share", "Wilson 1927", wilson_in, wilson_out, sizeof(one_in),
     sizeof(md_interval), run_wilson},
    {"relative_lift_delta_binary", "Relative difference of two shares, with interval and test",
     "Deng, Knoblich, Lu 2018, section 2; Satterthwaite 1946", lift_in, lift_out, sizeof(rates_in), sizeof(md_effect),
     run_lift},
    {"k_proportions_chi2", "Test whether several shares differ", "Pearson 1900; Fleiss 1981, equation 9.4",
     homogeneity_in, homogeneity_out, sizeof(many_in), sizeof(md_chi2_test), run_homogeneity},
    {"non_inferiority_two_proportions", "Is the treatment worse by no more than a margin?", "Blackwelder 1982",
     non_inferiority_in, non_inferiority_out, sizeof(rates_in), sizeof(md_non_inferiority), run_non_inferiority},
    {0}};
