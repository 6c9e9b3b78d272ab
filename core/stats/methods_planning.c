// SPDX-License-Identifier: Apache-2.0
// The methods of multiple.h and power.h.
#include "stats/families.h"
#include "stats/multiple.h"
#include "stats/power.h"

typedef struct adjust_in {
  md_stats_list p_values;
} adjust_in;

typedef struct adjust_out {
  const char *why;
  md_stats_list holm, bh, bonferroni;
} adjust_out;

static int run_adjust(const void *in, void *out, md_arena *arena, md_error *err) {
  const md_stats_list *p = &((const adjust_in *)in)->p_values;
  double *all = md_arena_alloc(arena, 3 * p->count * sizeof *all);
  size_t *order = md_arena_alloc(arena, p->count * sizeof *order);
  if (!all || !order) return md_error_set(err, MD_ENOMEM, "out of memory");
  md_adjust_order(p->at, p->count, order);
  md_adjust_holm(p->at, p->count, order, all);
  md_adjust_bh(p->at, p->count, order, all + p->count);
  md_adjust_bonferroni(p->at, p->count, all + 2 * p->count);
  *(adjust_out *)out = (adjust_out){NULL, {all, p->count}, {all + p->count, p->count}, {all + 2 * p->count, p->count}};
  return 0;
}

static const md_stats_field adjust_fields[] = {
    MD_IN_LIST(adjust_in, p_values, REAL, "probability", "of each test", MD_SHARE, .longest = 20000), {0}};
static const md_stats_field adjust_result[] = {
    MD_IN_LIST(adjust_out, holm, REAL, "probability", "adjusted: no test at all is wrong (Holm)"),
    MD_IN_LIST(adjust_out, bh, REAL, "probability", "adjusted: few of those found are wrong (Benjamini, Hochberg)"),
    MD_IN_LIST(adjust_out, bonferroni, REAL, "probability", "adjusted: no test at all is wrong, the blunt way"),
    {0}};

#define ALPHA(in) MD_IN(in, alpha_two_sided, REAL, "probability", "of finding what is not there", MD_INSIDE)
#define POWER(in)                                                                                                      \
  MD_IN(in, power, REAL, "probability", "of finding what is there; more than alpha_two_sided / 2", MD_INSIDE)

// As often as that, a test finds something where there is nothing: no size is too small.
static int check_power(double power, double alpha, md_error *err) {
  if (power > alpha / 2) return 0;
  return md_error_set(err, MD_EINVAL, "power: must be more than alpha_two_sided / 2, which chance alone gives: %.17g",
                      alpha / 2);
}

typedef struct shares_in {
  double p_control, p_treatment, n_per_arm, alpha_two_sided, power;
} shares_in;

static int run_size_shares(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena;
  const shares_in *from = in;
  int code = check_power(from->power, from->alpha_two_sided, err);
  if (!code)
    md_sample_size_two_proportions(from->p_control, from->p_treatment, from->alpha_two_sided, from->power, out);
  return code;
}

static const md_stats_field size_shares_fields[] = {
    MD_IN(shares_in, p_control, REAL, "share", "expected of the control", MD_SHARE),
    MD_IN(shares_in, p_treatment, REAL, "share", "that the treatment is to be found at", MD_SHARE),
    ALPHA(shares_in),
    POWER(shares_in),
    {0}};
static const md_stats_field size_shares_out[] = {MD_OUT(md_sample_size, n_per_arm, "subjects", "that each arm needs"),
                                                 {0}};

typedef struct means_in {
  double delta, sd, alpha_two_sided, power;
} means_in;

static int run_size_means(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena;
  const means_in *from = in;
  int code = check_power(from->power, from->alpha_two_sided, err);
  if (!code) md_sample_size_two_means(from->delta, from->sd, from->alpha_two_sided, from->power, out);
  return code;
}

static const md_stats_field size_means_fields[] = {
    MD_IN(means_in, delta, REAL, "as measured", "the difference that is to be found"),
    MD_IN(means_in, sd, REAL, "as measured", "standard deviation of the subjects", MD_POSITIVE),
    ALPHA(means_in),
    POWER(means_in),
    {0}};
static const md_stats_field size_means_out[] = {
    MD_OUT(md_sample_size_means, n_per_arm_t, "subjects", "that each arm needs, for the t-test"),
    MD_OUT(md_sample_size_means, n_per_arm_normal, "subjects", "the same by the normal distribution"),
    {0}};

static int run_mde(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena;
  const shares_in *from = in;
  int code = check_power(from->power, from->alpha_two_sided, err);
  if (!code) md_mde_two_proportions(from->p_control, from->n_per_arm, from->alpha_two_sided, from->power, out);
  return code;
}

static const md_stats_field mde_fields[] = {
    MD_IN(shares_in, p_control, REAL, "share", "expected of the control", MD_SHARE),
    MD_IN(shares_in, n_per_arm, COUNT, "subjects", "that each arm will have", MD_FROM(1)),
    ALPHA(shares_in),
    POWER(shares_in),
    {0}};
static const md_stats_field mde_out[] = {
    MD_OUT(md_mde, mde_absolute, "share", "the least rise that can be found"),
    MD_OUT(md_mde, mde_relative, "of the control", "the same, over the control's share"),
    {0}};

typedef struct truth_in {
  double true_effect, se, alpha_two_sided;
} truth_in;

static int run_type_s_m(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena, (void)err;
  const truth_in *from = in;
  md_type_s_type_m(from->true_effect, from->se, from->alpha_two_sided, out);
  return 0;
}

static const md_stats_field type_s_m_fields[] = {
    MD_IN(truth_in, true_effect, REAL, "as measured", "what the effect plausibly is"),
    MD_IN(truth_in, se, REAL, "as measured", "standard error of the estimate", MD_POSITIVE),
    ALPHA(truth_in),
    {0}};
static const md_stats_field type_s_m_out[] = {
    MD_OUT(md_type_s_m, power, "probability", "that the estimate is significant"),
    MD_OUT(md_type_s_m, type_s, "probability", "that a significant estimate has the wrong sign"),
    MD_OUT(md_type_s_m, exaggeration_ratio, "times", "how much too large a significant estimate is on average"),
    {0}};

const md_stats_method md_stats_planning_methods[] = {
    {"multiple_testing_adjust", "Adjust p-values for their number", "Holm 1979; Benjamini, Hochberg 1995",
     adjust_fields, adjust_result, sizeof(adjust_in), sizeof(adjust_out), run_adjust},
    {"sample_size_two_proportions", "How many subjects the difference of two shares needs",
     "Fleiss 1981, equation 3.14 without continuity correction", size_shares_fields, size_shares_out, sizeof(shares_in),
     sizeof(md_sample_size), run_size_shares},
    {"sample_size_two_means", "How many subjects the difference of two means needs", "Cohen 1988; Owen 1965",
     size_means_fields, size_means_out, sizeof(means_in), sizeof(md_sample_size_means), run_size_means},
    {"mde_two_proportions_absolute", "Which rise of a share so many subjects can show",
     "Fleiss 1981, equation 3.14, solved for the difference", mde_fields, mde_out, sizeof(shares_in), sizeof(md_mde),
     run_mde},
    {"type_s_type_m_error", "How wrong a significant result may be", "Gelman, Carlin 2014; Lu, Qiu, Deng 2019",
     type_s_m_fields, type_s_m_out, sizeof(truth_in), sizeof(md_type_s_m), run_type_s_m},
    {0}};
