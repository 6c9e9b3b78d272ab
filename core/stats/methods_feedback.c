// SPDX-License-Identifier: Apache-2.0
// The methods of nps.h, funnel.h and stratified.h.
#include "stats/families.h"
#include "stats/funnel.h"
#include "stats/nps.h"
#include "stats/stratified.h"

typedef struct answers_in {
  md_answers answers;
  double level;
} answers_in;

static int check_answers(const md_answers *answers, const char *field, md_error *err) {
  if (answers->promoters + answers->passives + answers->detractors > 0) return 0;
  return md_error_set(err, MD_EINVAL, "%spromoters: must not be 0 where passives and detractors are", field);
}

static int run_interval(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena;
  const answers_in *from = in;
  int code = check_answers(&from->answers, "", err);
  if (!code) md_nps_interval(&from->answers, from->level, out);
  return code;
}

static const md_stats_field interval_fields[] = {
    MD_AS("promoters", answers_in, answers.promoters, COUNT, "answers", "9 or 10"),
    MD_AS("passives", answers_in, answers.passives, COUNT, "answers", "7 or 8"),
    MD_AS("detractors", answers_in, answers.detractors, COUNT, "answers", "0 to 6"),
    MD_LEVEL(answers_in),
    {0}};
static const md_stats_field interval_out[] = {
    MD_OUT(md_nps, nps, "points, -100 to 100", "percentage of promoters less that of detractors"),
    MD_OUT(md_nps, se, "points", "its standard error"),
    MD_OUT(md_nps, lower_wald, "points", "limit by Wald; may pass 100 either way, where it means no more than 100"),
    MD_OUT(md_nps, upper_wald, "points", "limit by Wald; may pass 100 either way, where it means no more than 100"),
    MD_OUT(md_nps, adj_wald_center, "points", "after 3/4, 3/2 and 3/4 answers more"),
    MD_OUT(md_nps, adj_wald_lower, "points", "limit with these, the one to show where answers are few; may pass 100"),
    MD_OUT(md_nps, adj_wald_upper, "points", "limit with these; may pass 100"),
    {0}};

typedef struct scores_in {
  md_answers control, treatment;
} scores_in;

static int run_difference(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena;
  const scores_in *from = in;
  int code = check_answers(&from->control, "control.", err);
  if (!code) code = check_answers(&from->treatment, "treatment.", err);
  if (!code) md_nps_difference(&from->control, &from->treatment, out);
  return code;
}

static const md_stats_field answers_members[] = {MD_IN(md_answers, promoters, COUNT, "answers", "9 or 10"),
                                                 MD_IN(md_answers, passives, COUNT, "answers", "7 or 8"),
                                                 MD_IN(md_answers, detractors, COUNT, "answers", "0 to 6"),
                                                 {0}};
static const md_stats_field difference_fields[] = {MD_IN(scores_in, control, OBJECT, "answers", "of the control",
                                                         .members = answers_members, .size = sizeof(md_answers)),
                                                   MD_IN(scores_in, treatment, OBJECT, "answers", "of the treatment",
                                                         .members = answers_members, .size = sizeof(md_answers)),
                                                   {0}};
static const md_stats_field difference_out[] = {MD_OUT(md_nps_diff, diff, "points", "treatment minus control"),
                                                MD_OUT(md_nps_diff, se, "points", "its standard error"),
                                                MD_OUT(md_nps_diff, z, "standard errors", "the difference"),
                                                MD_OUT(md_nps_diff, p_value, "probability", "two-sided"),
                                                {0}};

typedef struct funnel_in {
  md_stats_list step_counts;
  double level;
} funnel_in;

typedef struct funnel_out {
  md_funnel funnel;
  md_stats_rows steps;
} funnel_out;

static int run_funnel(const void *in, void *out, md_arena *arena, md_error *err) {
  const funnel_in *from = in;
  funnel_out *to = out;
  const md_stats_list *counts = &from->step_counts;
  for (size_t i = 1; i < counts->count; i++)
    if (counts->at[i] > counts->at[i - 1])
      return md_error_set(err, MD_EINVAL, "step_counts[%zu]: must be at most the step before: %.17g is more than %.17g",
                          i, counts->at[i], counts->at[i - 1]);
  md_funnel_step *steps = md_arena_alloc(arena, (counts->count - 1) * sizeof *steps);
  if (!steps) return md_error_set(err, MD_ENOMEM, "out of memory");
  md_funnel_dropoff(counts->at, counts->count, from->level, steps, &to->funnel);
  to->steps = (md_stats_rows){steps, counts->count - 1};
  return 0;
}

static const md_stats_field step_members[] = {
    MD_OUT(md_funnel_step, conversion, "share", "of those who reached the step before"),
    MD_OUT(md_funnel_step, dropoff, "share", "of those who reached the step before"),
    MD_OUT(md_funnel_step, conv_lower, "share", "limit of the conversion"),
    MD_OUT(md_funnel_step, conv_upper, "share", "limit of the conversion"),
    MD_OUT(md_funnel_step, drop_lower, "share", "limit of the drop-off"),
    MD_OUT(md_funnel_step, drop_upper, "share", "limit of the drop-off"),
    {0}};
static const md_stats_field funnel_fields[] = {MD_IN_LIST(funnel_in, step_counts, COUNT, "subjects",
                                                          "who reached each step; none more than the one before",
                                                          .shortest = 2, .longest = 10000),
                                               MD_LEVEL(funnel_in),
                                               {0}};
static const md_stats_field funnel_result[] = {
    MD_IN_LIST(funnel_out, steps, OBJECT, "steps", "from each step to the next", .members = step_members,
               .size = sizeof(md_funnel_step)),
    MD_AS("overall", funnel_out, funnel.overall, REAL, "share", "from the first step to the last"),
    MD_AS("overall_lower", funnel_out, funnel.overall_lower, REAL, "share", "limit of it"),
    MD_AS("overall_upper", funnel_out, funnel.overall_upper, REAL, "share", "limit of it"),
    MD_AS("worst_step_1based", funnel_out, funnel.worst_step_1based, REAL, "place, from 1",
          "the largest drop-off, the first of equals"),
    {0}};

typedef struct strata_in {
  md_stats_rows strata;
} strata_in;

static int run_strata(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena, (void)err;
  const strata_in *from = in;
  md_mantel_haenszel_of(from->strata.at, from->strata.count, out);
  return 0;
}

static const md_stats_field stratum_members[] = {
    MD_IN(md_stratum, x_a, COUNT, "subjects", "successes of a", .at_most = "n_a"),
    MD_IN(md_stratum, n_a, COUNT, "subjects", "of a"),
    MD_IN(md_stratum, x_b, COUNT, "subjects", "successes of b", .at_most = "n_b"),
    MD_IN(md_stratum, n_b, COUNT, "subjects", "of b"),
    {0}};
static const md_stats_field strata_fields[] = {MD_IN_LIST(strata_in, strata, OBJECT, "strata", "phases, countries",
                                                          .members = stratum_members, .size = sizeof(md_stratum),
                                                          .longest = 10000),
                                               {0}};
static const md_stats_field strata_out[] = {
    MD_OUT(md_mantel_haenszel, pooled_rate_a, "share", "of a, strata thrown together"),
    MD_OUT(md_mantel_haenszel, pooled_rate_b, "share", "of b, strata thrown together"),
    MD_OUT(md_mantel_haenszel, pooled_diff, "share", "a minus b, strata thrown together"),
    MD_OUT(md_mantel_haenszel, mh_risk_difference, "share", "a minus b within strata"),
    MD_OUT(md_mantel_haenszel, mh_odds_ratio, "ratio", "a over b within strata"),
    MD_IN(md_mantel_haenszel, sign_reversal, BOOL, "yes or no", "the two differences have opposite signs (Simpson)"),
    {0}};

const md_stats_method md_stats_feedback_methods[] = {
    {"nps_interval", "Net promoter score with intervals", "Rocks 2016", interval_fields, interval_out,
     sizeof(answers_in), sizeof(md_nps), run_interval},
    {"nps_difference", "Test whether two net promoter scores differ", "Rocks 2016", difference_fields, difference_out,
     sizeof(scores_in), sizeof(md_nps_diff), run_difference},
    {"funnel_dropoff_wilson", "Where people leave on their way through steps", "Wilson 1927", funnel_fields,
     funnel_result, sizeof(funnel_in), sizeof(funnel_out), run_funnel},
    {"mantel_haenszel_simpson", "Compare two arms within strata, and warn of Simpson's paradox",
     "Mantel, Haenszel 1959; Greenland, Robins 1985; Simpson 1951", strata_fields, strata_out, sizeof(strata_in),
     sizeof(md_mantel_haenszel), run_strata},
    {0}};
