// SPDX-License-Identifier: Apache-2.0
// Watching a share for a change, subject by subject. Pure; any thread. Allocates nothing.
#pragma once
#include <stddef.h>

// Log-likelihood ratios of p1 against p0 for a success, ln(p1/p0), and for a failure, ln((1 - p1)/(1 - p0)): the scores
// of Page's sum, which restarts at 0. (Page 1954.)
void md_cusum_increments(double p0, double p1, double *success, double *failure);

// W = max(0, W + increment) after each of `sequence` (0 or 1). Answers the first index, from 1, with W >= threshold; 0:
// none. The path goes on after it.
size_t md_bernoulli_cusum_path(const double *sequence, size_t count, double p0, double p1, double threshold,
                               double *path);

// Average number of subjects until the alarm S >= H of S = max(0, S + m x - 1), from S = 0, exactly: the Markov chain
// (Reynolds, Stoumbos 1999) solved from the top state down, without a subtraction, so that long runs keep their digits.
// Infinity where no alarm can come. `scratch` holds 2 * H numbers.
double md_bernoulli_cusum_arl(size_t m, size_t H, double true_p, double *scratch);

// E-detectors with the baseline e = (p1/p0)^x ((1-p1)/(1-p0))^(1-x): Shiryaev-Roberts M = (M + 1) e and CUSUM
// M = max(M, 1) e, from 0. Answers in `alarm_*` the first index, from 1, with M >= threshold; 0: none. Values beyond
// what a double holds are infinite. (Shin, Ramdas, Rinaldo 2024.)
void md_e_detector_path(const double *sequence, size_t count, double p0, double p1, double threshold, double *sr,
                        double *cusum, size_t *alarm_sr, size_t *alarm_cusum);
