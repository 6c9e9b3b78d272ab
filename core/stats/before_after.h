// SPDX-License-Identifier: Apache-2.0
// Before and after a change, without a control: overdispersed shares a day, and an interrupted time series. Pure; any
// thread. Weaker than an experiment: whatever else changed that day is in the difference.
#pragma once
#include <stddef.h>

typedef struct md_quasibinomial {
  const char *why;
  double log_odds_ratio, se_binomial, dispersion, se_quasi, t, df, p_value, lower, upper;
} md_quasibinomial;

// x of n, a number a day; x at most n. Days without subjects count for nothing, as in R's glm.
typedef struct md_days {
  const double *x, *n;
  size_t count;
} md_days;

// Logistic regression on one factor, its variance scaled by φ = Pearson's X²/df; t = log odds ratio / (SE √φ), p-value
// and interval by Student's t with that df. φ has no floor at 1, as in R's quasibinomial: it is an estimate, and t's df
// pay for its error where the days differ by chance alone. (McCullagh, Nelder 1989, section 4.5.)
void md_before_after_quasibinomial(const md_days *before, const md_days *after, double level, md_quasibinomial *out);

enum { MD_ITS_COEFFICIENTS = 4 };

typedef struct md_its {
  const char *why;
  double coef[MD_ITS_COEFFICIENTS], se_ols[MD_ITS_COEFFICIENTS], se_newey_west[MD_ITS_COEFFICIENTS];
  double r_squared, durbin_watson;
} md_its;

// Segmented regression of y on 1, t = 1…n, post and post (t - n_pre - 1), post from t = n_pre + 1 on; n_pre and n -
// n_pre at least 2. Newey and West's variance has Bartlett's kernel to `lag`, without a small-sample correction.
// It has no value where no residual bears on a coefficient: two values, or a line through all, before the change.
// r_squared and durbin_watson do not change with the unit of y. `scratch` holds 6 n numbers. (Wagner et al. 2002;
// Newey, West 1987; Durbin, Watson 1950.)
void md_interrupted_time_series(const double *y, size_t n, size_t n_pre, size_t lag, double *scratch, md_its *out);
