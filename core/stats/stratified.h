// SPDX-License-Identifier: Apache-2.0
// Comparisons within strata (phases, countries), put together, and a warning where the total says the opposite. Pure.
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef struct md_stratum {
  double x_a, n_a, x_b, n_b; // successes of subjects of arms a and b; x at most n
} md_stratum;

typedef struct md_mantel_haenszel {
  const char *why;
  double pooled_rate_a, pooled_rate_b, pooled_diff, mh_risk_difference, mh_odds_ratio;
  bool sign_reversal; // the pooled difference and the one within strata have opposite signs (Simpson 1951)
} md_mantel_haenszel;

// Differences are a - b. Risk difference: weights n_a n_b/N a stratum (Greenland, Robins 1985); odds ratio:
// Σ x_a (n_b - x_b)/N over Σ x_b (n_a - x_a)/N (Mantel, Haenszel 1959). A stratum with an empty arm weighs nothing.
void md_mantel_haenszel_of(const md_stratum *strata, size_t count, md_mantel_haenszel *out);
