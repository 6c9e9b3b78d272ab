// SPDX-License-Identifier: Apache-2.0
// An arm of a comparison as a summary: how many subjects, their sum and their sum of squares. Pure; any thread.
#pragma once
#include <stdbool.h>

typedef struct md_arm {
  double n, sum, sum_squares;
  bool binary; // each value is 0 or 1: sum counts the successes
} md_arm;

double md_arm_mean(const md_arm *arm); // NaN without subjects
// Of a binary arm p(1 - p), else the sample variance (n Σx² - (Σx)²)/(n (n - 1)), whose difference is taken without the
// rounding of its products, so that it has all digits that the sums have; NaN with too few subjects, and never below 0.
double md_arm_variance(const md_arm *arm);
