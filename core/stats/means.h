// SPDX-License-Identifier: Apache-2.0
// Means of two arms, absolute and relative, and the cap that tames heavy tails. Pure; any thread.
#pragma once
#include "stats/moments.h"
#include "stats/proportions.h"
#include <stddef.h>

typedef struct md_welch {
  const char *why;
  double diff, se, t, df, p_value, lower, upper;
} md_welch;

typedef struct md_sample {
  double mean, sd, n;
} md_sample;

// Welch's t-test of two means: t = diff/√(a + b), a and b the s²/n of the arms (Welch 1947), with (a + b)²/(a²/(n - 1)
// + b²/(m - 1)) degrees of freedom (Satterthwaite 1946).
void md_welch_t(const md_sample *control, const md_sample *treatment, double level, md_welch *out);

// Welch's test from sums: effect = mean T - mean C. (Welch 1947; Satterthwaite 1946.)
void md_effect_absolute(const md_arm *control, const md_arm *treatment, double level, md_effect *out);

// Lift T/C - 1; variance s²T/(nT C²) + s²C T²/(nC C⁴) by the delta method; t with Welch and Satterthwaite's df of the
// arms' own s²/n, as for the absolute difference. (Deng, Knoblich, Lu 2018, section 2; df as GrowthBook's gbstats.)
void md_effect_relative(const md_arm *control, const md_arm *treatment, double level, md_effect *out);

// The lift and its variance alone; NaN where the control's mean is 0 or a variance does not exist. (Deng, Knoblich, Lu
// 2018, section 2: the delta method for a ratio of independent means.)
void md_lift(const md_arm *control, const md_arm *treatment, double *lift, double *variance);

typedef struct md_winsorised {
  const char *why;
  double cap, mean, sample_variance, raw_mean, raw_sample_variance;
} md_winsorised;

// Caps values at their quantile `upper` (0 to 1, type 7 of Hyndman, Fan 1996); one cap for all arms, so give all their
// values together. `values` (count >= 1) is reordered and then capped in place.
void md_winsorise_upper(double *values, size_t count, double upper, md_winsorised *out);
