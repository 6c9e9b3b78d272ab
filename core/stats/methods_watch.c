// SPDX-License-Identifier: Apache-2.0
// The methods of cusum.h and before_after.h.
#include "stats/before_after.h"
#include "stats/cusum.h"
#include "stats/families.h"

enum { SEQUENCE_MAX = 100000, H_MAX = 1000, RATES_MAX = 20, DAYS_MAX = 10000, VALUES_MAX = 10000, LAG_MAX = 100 };

static int no_memory(md_error *err) {
  return md_error_set(err, MD_ENOMEM, "out of memory");
}

static double index_or_none(size_t index) {
  return index ? (double)index : NAN;
}

typedef struct path_in {
  md_stats_list sequence;
  double p0, p1, threshold;
} path_in;

typedef struct path_out {
  const char *why;
  double increment_success, increment_failure;
  md_stats_list path;
  double first_alarm;
} path_out;

static const char no_alarm[] = "the path raises no alarm";

static int run_path(const void *in, void *out, md_arena *arena, md_error *err) {
  const path_in *from = in;
  path_out *to = out;
  double *path = md_arena_alloc(arena, from->sequence.count * sizeof *path);
  if (!path) return no_memory(err);
  md_cusum_increments(from->p0, from->p1, &to->increment_success, &to->increment_failure);
  size_t alarm =
      md_bernoulli_cusum_path(from->sequence.at, from->sequence.count, from->p0, from->p1, from->threshold, path);
  to->path = (md_stats_list){path, from->sequence.count};
  to->first_alarm = index_or_none(alarm);
  if (!alarm) to->why = no_alarm;
  return 0;
}

#define PATH                                                                                                           \
  MD_IN_LIST(path_in, sequence, COUNT, "0 or 1", "failures and successes as they came", MD_SHARE,                      \
             .longest = SEQUENCE_MAX),                                                                                 \
      MD_IN(path_in, p0, REAL, "share", "while all is well", MD_INSIDE),                                               \
      MD_IN(path_in, p1, REAL, "share", "that is to be noticed", MD_INSIDE)

static const md_stats_field path_fields[] = {
    PATH, MD_IN(path_in, threshold, REAL, "natural logarithm", "alarm at or above it", MD_POSITIVE), {0}};
static const md_stats_field path_result[] = {
    MD_OUT(path_out, increment_success, "natural logarithm", "what a success adds"),
    MD_OUT(path_out, increment_failure, "natural logarithm", "what a failure adds"),
    MD_IN_LIST(path_out, path, REAL, "natural logarithm", "W after each"),
    MD_AS("first_alarm_index_1based", path_out, first_alarm, REAL, "place, from 1", "null: no alarm"),
    {0}};

typedef struct arl_in {
  double m, H;
  md_stats_list true_p;
} arl_in;

typedef struct arl_out {
  const char *why;
  md_stats_list arl;
} arl_out;

static int run_arl(const void *in, void *out, md_arena *arena, md_error *err) {
  const arl_in *from = in;
  arl_out *to = out;
  size_t H = (size_t)from->H, m = (size_t)from->m, count = from->true_p.count;
  double *scratch = md_arena_alloc(arena, 2 * H * sizeof *scratch), *arl = md_arena_alloc(arena, count * sizeof *arl);
  if (!scratch || !arl) return no_memory(err);
  for (size_t i = 0; i < count; i++) {
    arl[i] = md_bernoulli_cusum_arl(m, H, from->true_p.at[i], scratch);
    if (isinf(arl[i])) to->why = "no alarm ever comes, or none within the numbers that a computer holds";
  }
  to->arl = (md_stats_list){arl, count};
  return 0;
}

static const md_stats_field arl_fields[] = {
    MD_IN(arl_in, m, COUNT, "steps", "that a success adds; each subject takes one", .least = 1, .most = 1000000),
    MD_IN(arl_in, H, COUNT, "steps", "alarm at or above it", .least = 1, .most = H_MAX),
    MD_IN_LIST(arl_in, true_p, REAL, "share", "of successes, as it truly is", MD_SHARE, .longest = RATES_MAX),
    {0}};
static const md_stats_field arl_result[] = {
    MD_IN_LIST(arl_out, arl, REAL, "subjects", "until the alarm, on average; null: it never comes"), {0}};

typedef struct detector_out {
  const char *why;
  md_stats_list e_sr, e_cusum;
  double alarm_sr, alarm_cusum;
} detector_out;

static int run_detector(const void *in, void *out, md_arena *arena, md_error *err) {
  const path_in *from = in;
  detector_out *to = out;
  size_t count = from->sequence.count, sr_alarm, cusum_alarm;
  double *sr = md_arena_alloc(arena, count * sizeof *sr), *cusum = md_arena_alloc(arena, count * sizeof *cusum);
  if (!sr || !cusum) return no_memory(err);
  md_e_detector_path(from->sequence.at, count, from->p0, from->p1, from->threshold, sr, cusum, &sr_alarm, &cusum_alarm);
  to->e_sr = (md_stats_list){sr, count};
  to->e_cusum = (md_stats_list){cusum, count};
  to->alarm_sr = index_or_none(sr_alarm);
  to->alarm_cusum = index_or_none(cusum_alarm);
  if (!sr_alarm || !cusum_alarm) to->why = "a path raises no alarm";
  return 0;
}

static const md_stats_field detector_fields[] = {
    PATH, MD_IN(path_in, threshold, REAL, "evidence", "alarm at or above it: 1/alpha", MD_POSITIVE), {0}};
static const md_stats_field detector_result[] = {
    MD_IN_LIST(detector_out, e_sr, REAL, "evidence", "Shiryaev and Roberts's, after each"),
    MD_IN_LIST(detector_out, e_cusum, REAL, "evidence", "CUSUM's, after each"),
    MD_OUT(detector_out, alarm_sr, "place, from 1", "null: no alarm"),
    MD_OUT(detector_out, alarm_cusum, "place, from 1", "null: no alarm"),
    {0}};

typedef struct sides_in {
  md_stats_list x_before, n_before, x_after, n_after;
  double level;
} sides_in;

static int run_quasibinomial(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena, (void)err;
  const sides_in *from = in;
  md_days before = {from->x_before.at, from->n_before.at, from->x_before.count};
  md_days after = {from->x_after.at, from->n_after.at, from->x_after.count};
  md_before_after_quasibinomial(&before, &after, from->level, out);
  return 0;
}

static const md_stats_field quasibinomial_fields[] = {
    MD_IN_LIST(sides_in, x_before, COUNT, "subjects a day", "successes before", .at_most = "n_before",
               .longest = DAYS_MAX),
    MD_IN_LIST(sides_in, n_before, COUNT, "subjects a day", "before", .as_many_as = "x_before", .longest = DAYS_MAX),
    MD_IN_LIST(sides_in, x_after, COUNT, "subjects a day", "successes after", .at_most = "n_after",
               .longest = DAYS_MAX),
    MD_IN_LIST(sides_in, n_after, COUNT, "subjects a day", "after", .as_many_as = "x_after", .longest = DAYS_MAX),
    MD_LEVEL(sides_in),
    {0}};
static const md_stats_field quasibinomial_out[] = {
    MD_OUT(md_quasibinomial, log_odds_ratio, "natural logarithm", "after over before"),
    MD_OUT(md_quasibinomial, se_binomial, "natural logarithm", "standard error if days differed by chance only"),
    MD_OUT(md_quasibinomial, dispersion, "times", "how much more they differ"),
    MD_OUT(md_quasibinomial, se_quasi, "natural logarithm", "standard error with that"),
    MD_OUT(md_quasibinomial, t, "standard errors", "the log odds ratio"),
    MD_OUT(md_quasibinomial, df, "degrees of freedom", "days with subjects, less 2"),
    MD_OUT(md_quasibinomial, p_value, "probability", "two-sided"),
    MD_OUT(md_quasibinomial, lower, "natural logarithm", "limit of the log odds ratio"),
    MD_OUT(md_quasibinomial, upper, "natural logarithm", "limit of the log odds ratio"),
    {0}};

typedef struct series_in {
  md_stats_list y;
  double n_pre, lag;
} series_in;

typedef struct series_out {
  const char *why;
  md_stats_list coef, se_ols, se_newey_west;
  double r_squared, durbin_watson;
} series_out;

static int check_series(const series_in *from, md_error *err) {
  double n = (double)from->y.count;
  if (from->n_pre > n - 2) return md_error_set(err, MD_EINVAL, "n_pre: must leave two values of y after it at least");
  return from->lag < n ? 0 : md_error_set(err, MD_EINVAL, "lag: must be less than the number of values of y");
}

static int run_series(const void *in, void *out, md_arena *arena, md_error *err) {
  const series_in *from = in;
  series_out *to = out;
  size_t n = from->y.count;
  int code = check_series(from, err);
  if (code) return code;
  md_its *its = md_arena_alloc(arena, sizeof *its);
  double *scratch = md_arena_alloc(arena, 6 * n * sizeof *scratch);
  if (!its || !scratch) return no_memory(err);
  md_interrupted_time_series(from->y.at, n, (size_t)from->n_pre, (size_t)from->lag, scratch, its);
  *to = (series_out){its->why,
                     {its->coef, MD_ITS_COEFFICIENTS},
                     {its->se_ols, MD_ITS_COEFFICIENTS},
                     {its->se_newey_west, MD_ITS_COEFFICIENTS},
                     its->r_squared,
                     its->durbin_watson};
  return 0;
}

static const md_stats_field series_fields[] = {
    MD_IN_LIST(series_in, y, REAL, "as measured", "at equal distances in time", .shortest = 4, .longest = VALUES_MAX),
    MD_IN(series_in, n_pre, COUNT, "values", "before the change", .least = 2, .most = VALUES_MAX),
    MD_IN(series_in, lag, COUNT, "values", "that still depend on each other", .least = 0, .most = LAG_MAX,
          .optional = true, .otherwise = "2"),
    {0}};
static const md_stats_field series_result[] = {
    MD_IN_LIST(series_out, coef, REAL, "as measured", "level and slope before, change of level, change of slope"),
    MD_IN_LIST(series_out, se_ols, REAL, "as measured", "standard errors if values are independent"),
    MD_IN_LIST(series_out, se_newey_west, REAL, "as measured", "standard errors if neighbours are not"),
    MD_OUT(series_out, r_squared, "share", "of the variance that the lines explain"),
    MD_OUT(series_out, durbin_watson, "0 to 4", "about 2 where neighbours are independent"),
    {0}};

const md_stats_method md_stats_watch_methods[] = {
    {"bernoulli_cusum_llr_path", "Watch a share for a change", "Page 1954", path_fields, path_result, sizeof(path_in),
     sizeof(path_out), run_path},
    {"bernoulli_cusum_arl_exact", "How long until such a watch raises an alarm", "Reynolds, Stoumbos 1999", arl_fields,
     arl_result, sizeof(arl_in), sizeof(arl_out), run_arl},
    {"e_detector_bernoulli_path", "Watch a share for a change, with a bound on false alarms",
     "Shin, Ramdas, Rinaldo 2024", detector_fields, detector_result, sizeof(path_in), sizeof(detector_out),
     run_detector},
    {"before_after_quasibinomial", "Compare days before and after a change, which differ by more than chance",
     "McCullagh, Nelder 1989, section 4.5", quasibinomial_fields, quasibinomial_out, sizeof(sides_in),
     sizeof(md_quasibinomial), run_quasibinomial},
    {"interrupted_time_series_ols", "Level and slope before and after a change",
     "Wagner et al. 2002; Newey, West 1987; Durbin, Watson 1950", series_fields, series_result, sizeof(series_in),
     sizeof(series_out), run_series},
    {0}};
