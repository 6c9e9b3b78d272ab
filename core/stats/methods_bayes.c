// SPDX-License-Identifier: Apache-2.0
// The methods of bayes.h.
#include "stats/bayes.h"
#include "stats/families.h"
#include "stats/means.h"

static int no_memory(md_error *err) {
  return md_error_set(err, MD_ENOMEM, "out of memory");
}

typedef struct chance_in {
  md_two_rates rates;
  double prior_alpha, prior_beta;
} chance_in;

static int run_chance(const void *in, void *out, md_arena *arena, md_error *err) {
  const chance_in *from = in;
  return md_beta_chance_to_win(&from->rates, from->prior_alpha, from->prior_beta, out, arena) ? no_memory(err) : 0;
}

#define PRIOR(in)                                                                                                      \
  MD_IN(in, prior_alpha, REAL, "subjects", "successes that the prior stands for", MD_PRIOR),                           \
      MD_IN(in, prior_beta, REAL, "subjects", "failures that the prior stands for", MD_PRIOR)

static const md_stats_field chance_fields[] = {MD_RATES(chance_in, 0), PRIOR(chance_in), {0}};
static const md_stats_field chance_out[] = {
    MD_OUT(md_chance, prob_treatment_beats_control, "probability", "that the treatment's share is the higher"),
    MD_OUT(md_chance, expected_loss_choose_treatment, "share", "lost on average by choosing the treatment"),
    MD_OUT(md_chance, expected_loss_choose_control, "share", "lost on average by choosing the control"),
    MD_OUT(md_chance, posterior_mean_control, "share", "of the control"),
    MD_OUT(md_chance, posterior_mean_treatment, "share", "of the treatment"),
    {0}};

typedef struct days_in {
  double x_before, n_before, x_after, n_after, prior_alpha, prior_beta;
} days_in;

typedef struct days_out {
  const char *why;
  double prob_after_greater;
} days_out;

static int run_before_after(const void *in, void *out, md_arena *arena, md_error *err) {
  const days_in *from = in;
  md_two_rates rates = {from->x_before, from->n_before, from->x_after, from->n_after};
  md_chance chance;
  if (md_beta_chance_to_win(&rates, from->prior_alpha, from->prior_beta, &chance, arena)) return no_memory(err);
  ((days_out *)out)->prob_after_greater = chance.prob_treatment_beats_control;
  return 0;
}

static const md_stats_field before_after_fields[] = {
    MD_IN(days_in, x_before, COUNT, "subjects", "successes before", .at_most = "n_before"),
    MD_IN(days_in, n_before, COUNT, "subjects", "before", MD_FROM(0)),
    MD_IN(days_in, x_after, COUNT, "subjects", "successes after", .at_most = "n_after"),
    MD_IN(days_in, n_after, COUNT, "subjects", "after", MD_FROM(0)),
    PRIOR(days_in),
    {0}};
static const md_stats_field before_after_out[] = {
    MD_OUT(days_out, prob_after_greater, "probability", "that the share is higher after the change"), {0}};

typedef struct multi_in {
  md_stats_list x, n;
  double prior_alpha, prior_beta;
} multi_in;

typedef struct multi_out {
  const char *why;
  md_stats_list values;
} multi_out;

static int run_multi(const multi_in *from, multi_out *out, bool want_loss, md_arena *arena, md_error *err) {
  size_t arms = from->x.count;
  md_beta posteriors[MD_BAYES_ARMS_MAX];
  double *values = md_arena_alloc(arena, arms * sizeof *values);
  if (!values) return no_memory(err);
  for (size_t i = 0; i < arms; i++)
    posteriors[i] = (md_beta){from->prior_alpha + from->x.at[i], from->prior_beta + (from->n.at[i] - from->x.at[i])};
  if (md_beta_best(posteriors, arms, want_loss ? NULL : values, want_loss ? values : NULL, arena))
    return no_memory(err);
  out->values = (md_stats_list){values, arms};
  return 0;
}

static int run_best(const void *in, void *out, md_arena *arena, md_error *err) {
  return run_multi(in, out, false, arena, err);
}

static int run_loss(const void *in, void *out, md_arena *arena, md_error *err) {
  return run_multi(in, out, true, arena, err);
}

static const md_stats_field multi_fields[] = {
    MD_IN_LIST(multi_in, x, COUNT, "subjects", "successes of each arm", .at_most = "n", .longest = MD_BAYES_ARMS_MAX),
    MD_IN_LIST(multi_in, n, COUNT, "subjects", "of each arm", .as_many_as = "x", .longest = MD_BAYES_ARMS_MAX),
    PRIOR(multi_in),
    {0}};
static const md_stats_field best_out[] = {
    MD_AS("prob_best", multi_out, values, REAL, "probability", "that the arm has the highest share", .list = true),
    {0}};
static const md_stats_field loss_out[] = {
    MD_AS("expected_loss", multi_out, values, REAL, "share", "lost on average by choosing the arm", .list = true), {0}};

typedef struct lift_in {
  md_arm control, treatment;
  md_prior prior;
  int metric;
  double level;
} lift_in;

static int check_prior(const md_prior *prior, md_error *err) {
  if (!prior->proper || prior->variance > 0) return 0;
  return md_error_set(err, MD_EINVAL, "prior.variance: must be given and more than 0 where the prior is proper");
}

static int run_lift(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena;
  lift_in from = *(const lift_in *)in;
  md_posterior *to = out;
  double lift, variance;
  int code = check_prior(&from.prior, err);
  from.control.binary = from.treatment.binary = from.metric == 0;
  if (!code && from.metric == 0) code = md_stats_check_binary(&from.control, "control", err);
  if (!code && from.metric == 0) code = md_stats_check_binary(&from.treatment, "treatment", err);
  if (code) return code;
  md_lift(&from.control, &from.treatment, &lift, &variance);
  md_gaussian_lift(lift, variance, &from.prior, from.level, to);
  if (isnan(lift))
    to->why = "the control's mean is 0: a lift is relative to it";
  else if (isnan(variance))
    to->why = "an arm has one subject only: a variance needs two";
  else if (!(variance > 0))
    to->why = "no value differs from the others of its arm: nothing varies, so there is no uncertainty to weigh";
  return 0;
}

static const char *const metrics[] = {"binary", "mean", NULL};
static const md_stats_field prior_members[] = {
    MD_IN(md_prior, proper, BOOL, "yes or no", "without one, the data speak alone"),
    MD_IN(md_prior, mean, REAL, "of the control", "of the lift", .optional = true, .otherwise = "0"),
    MD_IN(md_prior, variance, REAL, "of the control, squared", "of the lift; needed where the prior is proper",
          MD_FROM(0), .optional = true, .otherwise = "none"),
    {0}};
static const md_stats_field lift_fields[] = {MD_IN(lift_in, control, ARM, "sums", "the control"),
                                             MD_IN(lift_in, treatment, ARM, "sums", "the treatment"),
                                             MD_IN(lift_in, prior, OBJECT, "prior", "what is known of such lifts",
                                                   .members = prior_members, .size = sizeof(md_prior)),
                                             MD_IN(lift_in, metric, WORD, "word", "shares, or means", .words = metrics),
                                             MD_LEVEL(lift_in),
                                             {0}};
static const md_stats_field lift_out[] = {
    MD_OUT(md_posterior, posterior_mean, "of the control", "of the lift"),
    MD_OUT(md_posterior, posterior_sd, "of the control", "of the lift"),
    MD_OUT(md_posterior, chance_to_win, "probability", "that the lift is above 0"),
    MD_OUT(md_posterior, risk_control, "of the control", "lost on average by choosing the control"),
    MD_OUT(md_posterior, risk_treatment, "of the control", "lost on average by choosing the treatment"),
    MD_OUT(md_posterior, lower, "of the control", "limit of the lift"),
    MD_OUT(md_posterior, upper, "of the control", "limit of the lift"),
    {0}};

typedef struct thompson_in {
  md_stats_list posterior_mean, posterior_sd;
  double min_weight;
} thompson_in;

typedef struct thompson_out {
  const char *why;
  md_stats_list prob_best, prob_second, thompson_weights, top_two_weights;
} thompson_out;

static int run_thompson(const void *in, void *out, md_arena *arena, md_error *err) {
  const thompson_in *from = in;
  size_t arms = from->posterior_mean.count;
  if (from->min_weight * (double)arms > 1 + 1e-12)
    return md_error_set(err, MD_EINVAL, "min_weight: must be at most 1/%zu: %zu arms have it at least", arms, arms);
  double *all = md_arena_alloc(arena, 4 * arms * sizeof *all);
  if (!all || md_thompson_weights(from->posterior_mean.at, from->posterior_sd.at, arms, from->min_weight, all,
                                  all + arms, all + 2 * arms, all + 3 * arms, arena))
    return no_memory(err);
  *(thompson_out *)out = (thompson_out){arms == 1 ? "one arm only: there is no second" : NULL,
                                        {all, arms},
                                        {all + arms, arms},
                                        {all + 2 * arms, arms},
                                        {all + 3 * arms, arms}};
  return 0;
}

static const md_stats_field thompson_fields[] = {
    MD_IN_LIST(thompson_in, posterior_mean, REAL, "as measured", "of each arm; higher is better",
               .longest = MD_BAYES_ARMS_MAX),
    MD_IN_LIST(thompson_in, posterior_sd, REAL, "as measured", "of each arm", .as_many_as = "posterior_mean",
               .longest = MD_BAYES_ARMS_MAX, MD_POSITIVE),
    MD_IN(thompson_in, min_weight, REAL, "share", "that each arm gets at least; at most 1/arms", MD_SHARE),
    {0}};
static const md_stats_field thompson_result[] = {
    MD_IN_LIST(thompson_out, prob_best, REAL, "probability", "that the arm is the best"),
    MD_IN_LIST(thompson_out, prob_second, REAL, "probability", "that the arm is the second"),
    MD_IN_LIST(thompson_out, thompson_weights, REAL, "share", "of new subjects: prob_best, with the floor"),
    MD_IN_LIST(thompson_out, top_two_weights, REAL, "share", "of new subjects: (best + second)/2, with the floor"),
    {0}};

const md_stats_method md_stats_bayes_methods[] = {
    {"beta_binomial_chance_to_win", "Chance that the treatment's share is higher, and what a wrong choice loses",
     "Stucchio 2015; Miller 2014", chance_fields, chance_out, sizeof(chance_in), sizeof(md_chance), run_chance},
    {"beta_binomial_prob_best_multiarm", "Chance of each of several arms to have the highest share", "Stucchio 2015",
     multi_fields, best_out, sizeof(multi_in), sizeof(multi_out), run_best},
    {"beta_binomial_expected_loss_multiarm", "What choosing each of several arms loses on average", "Stucchio 2015",
     multi_fields, loss_out, sizeof(multi_in), sizeof(multi_out), run_loss},
    {"gaussian_posterior_relative_lift", "Posterior of the lift, with a normal prior", "GrowthBook, gbstats",
     lift_fields, lift_out, sizeof(lift_in), sizeof(md_posterior), run_lift},
    {"thompson_weights_gaussian", "How to divide new subjects among arms", "Thompson 1933; Russo 2016", thompson_fields,
     thompson_result, sizeof(thompson_in), sizeof(thompson_out), run_thompson},
    {"before_after_beta_binomial", "Chance that a share is higher after a change", "Stucchio 2015; Miller 2014",
     before_after_fields, before_after_out, sizeof(days_in), sizeof(days_out), run_before_after},
    {0}};
