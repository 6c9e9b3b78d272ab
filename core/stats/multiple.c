// SPDX-License-Identifier: Apache-2.0
// Adjustments for many p-values, as R's p.adjust.
#include "stats/multiple.h"
#include <math.h>
#include <stdlib.h>

static int by_p(const void *a, const void *b, void *context) {
  const double *p = context;
  double left = p[*(const size_t *)a], right = p[*(const size_t *)b];
  return (left > right) - (left < right);
}

void md_adjust_order(const double *p, size_t count, size_t *order) {
  for (size_t i = 0; i < count; i++)
    order[i] = i;
  qsort_r(order, count, sizeof *order, by_p, (void *)p);
}

void md_adjust_bonferroni(const double *p, size_t count, double *out) {
  for (size_t i = 0; i < count; i++)
    out[i] = fmin(1, (double)count * p[i]);
}

void md_adjust_holm(const double *p, size_t count, const size_t *order, double *out) {
  double highest = 0;
  for (size_t i = 0; i < count; i++) {
    highest = fmax(highest, (double)(count - i) * p[order[i]]);
    out[order[i]] = fmin(1, highest);
  }
}

void md_adjust_bh(const double *p, size_t count, const size_t *order, double *out) {
  double lowest = 1;
  for (size_t i = count; i-- > 0;) {
    lowest = fmin(lowest, (double)count / (double)(i + 1) * p[order[i]]);
    out[order[i]] = lowest;
  }
}
