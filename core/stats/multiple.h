// SPDX-License-Identifier: Apache-2.0
// Many p-values at once. Pure; any thread. Allocates nothing.
#pragma once
#include <stddef.h>

// Writes the places of `p` from the smallest to the largest into `order`, which Holm and BH go by. p within 0 and 1.
void md_adjust_order(const double *p, size_t count, size_t *order);

// Adjusted p-values, in the order in which they were given; p(1) <= … <= p(m) are those given, in order. Bonferroni: m
// p. Holm: the highest of (m - j + 1) p(j) over j <= i (the sequentially rejective test). BH: the lowest of m p(j)/j
// over j >= i (the paper's section 3.1). At most 1.
void md_adjust_bonferroni(const double *p, size_t count, double *out);                // Bonferroni 1936; Dunn 1961
void md_adjust_holm(const double *p, size_t count, const size_t *order, double *out); // Holm 1979
void md_adjust_bh(const double *p, size_t count, const size_t *order, double *out);   // Benjamini, Hochberg 1995
