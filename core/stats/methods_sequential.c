// SPDX-License-Identifier: Apache-2.0
// The methods of sequential.h.
#include "stats/families.h"
#include "stats/sequential.h"

typedef struct rho_in {
  double alpha, tuning_n;
  bool two_sided;
} rho_in;

typedef struct rho_out {
  const char *why;
  double rho;
} rho_out;

static int run_rho(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena, (void)err;
  const rho_in *from = in;
  rho_out *to = out;
  to->rho = md_asympcs_rho(from->alpha, from->tuning_n, from->two_sided);
  if (isnan(to->rho)) to->why = "one-sided, alpha must be below one half";
  return 0;
}

#define ALPHA(in) MD_IN(in, alpha, REAL, "probability", "of an interval that ever misses", MD_INSIDE)
#define TUNING(in) MD_IN(in, tuning_n, REAL, "subjects", "of both arms, at which it is to be tightest", MD_POSITIVE)

static const md_stats_field rho_fields[] = {
    ALPHA(rho_in), TUNING(rho_in), MD_IN(rho_in, two_sided, BOOL, "yes or no", "both limits, or one"), {0}};
static const md_stats_field rho_result[] = {MD_OUT(rho_out, rho, "per root of subjects", "the tuning"), {0}};

typedef struct asympcs_in {
  md_arm control, treatment;
  int difference;
  double alpha, tuning_n;
} asympcs_in;

static int run_asympcs(const void *in, void *out, bool binary, md_error *err) {
  asympcs_in from = *(const asympcs_in *)in;
  from.control.binary = from.treatment.binary = binary;
  int code = binary ? md_stats_check_binary(&from.control, "control", err) : 0;
  if (binary && !code) code = md_stats_check_binary(&from.treatment, "treatment", err);
  if (code) return code;
  md_asympcs_effect(&from.control, &from.treatment, from.difference == 0, from.alpha, from.tuning_n, out);
  return 0;
}

static int run_mean(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena;
  return run_asympcs(in, out, false, err);
}

static int run_binary(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena;
  return run_asympcs(in, out, true, err);
}

static const char *const differences[] = {"relative", "absolute", NULL};
static const md_stats_field asympcs_fields[] = {
    MD_IN(asympcs_in, control, ARM, "sums", "the control"),
    MD_IN(asympcs_in, treatment, ARM, "sums", "the treatment"),
    MD_IN(asympcs_in, difference, WORD, "word", "which difference", .words = differences),
    ALPHA(asympcs_in),
    TUNING(asympcs_in),
    {0}};
static const md_stats_field asympcs_out[] = {
    MD_OUT(md_asympcs, effect, "as measured, or of the control", "the difference"),
    MD_OUT(md_asympcs, se, "as the effect", "its standard error"),
    MD_OUT(md_asympcs, lower, "as the effect", "limit that holds at every look"),
    MD_OUT(md_asympcs, upper, "as the effect", "limit that holds at every look"),
    MD_OUT(md_asympcs, p_value, "probability", "two-sided, valid at every look"),
    {0}};

typedef struct spending_in {
  double alpha_two_sided;
  md_stats_list information_fractions;
} spending_in;

typedef struct spending_out {
  const char *why;
  md_stats_list z_bounds, cumulative_alpha;
} spending_out;

static int check_fractions(const md_stats_list *fractions, md_error *err) {
  for (size_t i = 1; i < fractions->count; i++)
    if (fractions->at[i] - fractions->at[i - 1] < 0.001 - 1e-12)
      return md_error_set(err, MD_EINVAL,
                          "information_fractions[%zu]: must be more than the one before, by 0.001 at least", i);
  return 0;
}

static int run_spending(const void *in, void *out, md_arena *arena, md_error *err) {
  const spending_in *from = in;
  spending_out *to = out;
  size_t looks = from->information_fractions.count;
  int code = check_fractions(&from->information_fractions, err);
  if (code) return code;
  double *bounds = md_arena_alloc(arena, looks * sizeof *bounds), *spent = md_arena_alloc(arena, looks * sizeof *spent);
  if (!bounds || !spent) return md_error_set(err, MD_ENOMEM, "out of memory");
  md_lan_demets_obf(from->alpha_two_sided, from->information_fractions.at, looks, bounds, spent);
  *to = (spending_out){NULL, {bounds, looks}, {spent, looks}};
  for (size_t i = 0; i < looks; i++)
    if (isinf(bounds[i])) to->why = "a look spends less than 1e-250: its bound is beyond 33 standard deviations";
  return 0;
}

static const md_stats_field spending_fields[] = {
    MD_IN(spending_in, alpha_two_sided, REAL, "probability", "of a false alarm at any look", MD_INSIDE),
    MD_IN_LIST(spending_in, information_fractions, REAL, "share", "of the final information at each look, rising",
               .least = 0.001, .most = 1, .longest = MD_LOOKS_MAX),
    {0}};
static const md_stats_field spending_result[] = {
    MD_IN_LIST(spending_out, z_bounds, REAL, "standard deviations", "stop where |z| is at least this"),
    MD_IN_LIST(spending_out, cumulative_alpha, REAL, "probability", "spent so far, two-sided"),
    {0}};

typedef struct share_in {
  double successes, n, prior_a, prior_b, alpha;
} share_in;

static int run_share(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena, (void)err;
  const share_in *from = in;
  md_bernoulli_sequence(from->successes, from->n, from->prior_a, from->prior_b, from->alpha, out);
  return 0;
}

static const md_stats_field share_fields[] = {
    MD_IN(share_in, successes, COUNT, "subjects", "so far", .at_most = "n"),
    MD_IN(share_in, n, COUNT, "subjects", "so far", MD_FROM(0)),
    MD_IN(share_in, prior_a, REAL, "subjects", "successes that the mixture expects", MD_PRIOR),
    MD_IN(share_in, prior_b, REAL, "subjects", "failures that the mixture expects", MD_PRIOR),
    ALPHA(share_in),
    {0}};
static const md_stats_field share_result[] = {MD_OUT(md_interval, lower, "share", "limit that holds at every look"),
                                              MD_OUT(md_interval, upper, "share", "limit that holds at every look"),
                                              {0}};

static const char waudby_smith[] = "Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas 2023, arXiv 2103.06476v7, equation 9";

const md_stats_method md_stats_sequential_methods[] = {
    {"asympcs_rho", "The tuning of an asymptotic confidence sequence", "Waudby-Smith et al. 2023, equation 161",
     rho_fields, rho_result, sizeof(rho_in), sizeof(rho_out), run_rho},
    {"asympcs_mean", "Difference of two means that may be looked at every day", waudby_smith, asympcs_fields,
     asympcs_out, sizeof(asympcs_in), sizeof(md_asympcs), run_mean},
    {"asympcs_binary", "Difference of two shares that may be looked at every day", waudby_smith, asympcs_fields,
     asympcs_out, sizeof(asympcs_in), sizeof(md_asympcs), run_binary},
    {"group_sequential_lan_demets_obf", "Bounds for a few planned looks",
     "Lan, DeMets 1983; O'Brien, Fleming 1979; Armitage, McPherson, Rowe 1969", spending_fields, spending_result,
     sizeof(spending_in), sizeof(spending_out), run_spending},
    {"bernoulli_confidence_sequence_beta_mixture", "Interval of one share that may be looked at after every subject",
     "Robbins 1970", share_fields, share_result, sizeof(share_in), sizeof(md_interval), run_share},
    {0}};
