// SPDX-License-Identifier: Apache-2.0
// Assignment to arms.
#include "experiment/assign.h"
#include "stats/buckets.h"
#include <string.h>

enum { ARMS_MAX = 16 };

int md_experiment_assign(const char *seed, double coverage, const double *weights, int count, const char *unit) {
  md_bucket_range ranges[ARMS_MAX];
  if (count < 1 || count > ARMS_MAX) return -1;
  md_bucket_ranges((size_t)count, coverage, weights, (size_t)count, ranges);
  return md_bucket_arm(md_growthbook_bucket(seed, strlen(seed), unit, strlen(unit), 2), ranges, (size_t)count);
}
