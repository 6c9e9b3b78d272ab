// SPDX-License-Identifier: Apache-2.0
// Which arm of an experiment somebody gets. Pure; any thread.
#pragma once

// By GrowthBook's hash, version 2, of `seed` and `unit`, and its bucket ranges, in which raising the coverage moves
// nobody (stats/buckets.h). `weights` are `count` (16 at most), sum 1. The arm's index, or -1: outside the coverage.
int md_experiment_assign(const char *seed, double coverage, const double *weights, int count, const char *unit);
