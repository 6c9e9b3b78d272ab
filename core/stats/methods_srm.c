// SPDX-License-Identifier: Apache-2.0
// The methods of srm.h.
#include "stats/families.h"
#include "stats/srm.h"

typedef struct srm_in {
  md_stats_list observed, weights, dirichlet_prior;
  double threshold;
} srm_in;

static int check_weights(const srm_in *from, md_error *err) {
  double sum = 0;
  for (size_t i = 0; i < from->weights.count; i++)
    sum += from->weights.at[i];
  if (!(sum > 0)) return md_error_set(err, MD_EINVAL, "weights: must not sum to 0");
  return isfinite(sum) ? 0 : md_error_set(err, MD_EINVAL, "weights: their sum is too large");
}

static int run_chi_square(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena;
  const srm_in *from = in;
  int code = check_weights(from, err);
  if (!code) md_srm_chi_square(from->observed.at, from->weights.at, from->observed.count, from->threshold, out);
  return code;
}

static int run_sequential(const void *in, void *out, md_arena *arena, md_error *err) {
  (void)arena;
  const srm_in *from = in;
  int code = check_weights(from, err);
  if (!code)
    md_srm_sequential_multinomial(from->observed.at, from->weights.at, from->dirichlet_prior.at, from->observed.count,
                                  out);
  return code;
}

#define ARMS                                                                                                           \
  MD_IN_LIST(srm_in, observed, COUNT, "subjects", "of each arm", .longest = MD_SRM_ARMS_MAX),                          \
      MD_IN_LIST(srm_in, weights, REAL, "any", "of each arm; scaled to sum to 1", .as_many_as = "observed",            \
                 .longest = MD_SRM_ARMS_MAX, MD_FROM(0))

static const md_stats_field chi_square_in[] = {ARMS,
                                               MD_IN(srm_in, threshold, REAL, "probability",
                                                     "a smaller p is a mismatch", MD_SHARE, .optional = true,
                                                     .otherwise = "0.001"),
                                               {0}};
static const md_stats_field chi_square_out[] = {
    MD_OUT(md_srm, chi2, "chi-square", "Pearson's, over arms with a weight"),
    MD_OUT(md_srm, df, "degrees of freedom", "arms with a weight, less one"),
    MD_OUT(md_srm, p_value, "probability", "that so uneven arms come by chance"),
    MD_IN(md_srm, mismatch, BOOL, "yes or no", "p below the threshold, or subjects in an arm of weight 0", ),
    {0}};
static const md_stats_field sequential_in[] = {
    ARMS,
    MD_IN_LIST(srm_in, dirichlet_prior, REAL, "subjects", "the prior's concentration on each arm",
               .as_many_as = "observed", .longest = MD_SRM_ARMS_MAX, MD_PRIOR),
    {0}};
static const md_stats_field sequential_out[] = {
    MD_OUT(md_srm_sequential, log_bayes_factor, "natural logarithm", "of the evidence against the weights"),
    MD_OUT(md_srm_sequential, p_value_at_this_look, "probability", "valid at every look"),
    {0}};

const md_stats_method md_stats_srm_methods[] = {
    {"srm_chi_square", "Do the arms hold as many subjects as they should?", "Fabijan et al. 2019; Pearson 1900",
     chi_square_in, chi_square_out, sizeof(srm_in), sizeof(md_srm), run_chi_square},
    {"srm_sequential_multinomial_bayes_factor", "The same, looked at as often as one likes", "Lindon, Malek 2022",
     sequential_in, sequential_out, sizeof(srm_in), sizeof(md_srm_sequential), run_sequential},
    {0}};
