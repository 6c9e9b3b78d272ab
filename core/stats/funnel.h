// SPDX-License-Identifier: Apache-2.0
// Where people leave on their way through steps. Pure; any thread.
#pragma once
#include <stddef.h>

typedef struct md_funnel_step {
  double conversion, dropoff, conv_lower, conv_upper, drop_lower, drop_upper;
} md_funnel_step;

typedef struct md_funnel {
  const char *why;
  double overall, overall_lower, overall_upper, worst_step_1based;
} md_funnel;

// `counts` (at least 2, none greater than the one before) gives count - 1 steps, each with Wilson's interval (Wilson
// 1927); the worst has the largest drop-off, the first of equals. A step that nobody reached is NaN.
void md_funnel_dropoff(const double *counts, size_t count, double level, md_funnel_step *steps, md_funnel *out);
