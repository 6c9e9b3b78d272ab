// SPDX-License-Identifier: Apache-2.0
// From a person to an arm: hashing into [0, 1) and the ranges that arms own there, as GrowthBook's SDKs do it, so that
// assignments agree with theirs. Pure; any thread. Allocates nothing.
#pragma once
#include <stddef.h>
#include <stdint.h>

// FNV-1a, 32 bits (Fowler, Noll, Vo 1991; offset basis 2166136261, prime 16777619), over bytes: text is its UTF-8.
uint32_t md_fnv1a_32(const void *bytes, size_t len);
// Goes on with more bytes from the hash of those before.
uint32_t md_fnv1a_32_more(uint32_t hash, const void *bytes, size_t len);

// The bucket of `value` under `seed`, in [0, 1). Version 2: fnv1a32(decimal(fnv1a32(seed + value))) mod 10000 / 10000;
// version 1: fnv1a32(value + seed) mod 1000 / 1000; another version: NaN. (GrowthBook SDK specification, "Hashing".)
double md_growthbook_bucket(const char *seed, size_t seed_len, const char *value, size_t value_len, int version);

typedef struct md_bucket_range {
  double from, to; // [from, to)
} md_bucket_range;

// Writes `n` ranges: arm i owns [c, c + coverage * w_i), c the sum of the weights before it, so that raising the
// coverage moves nobody from one arm to another. Weights that cannot be meant fall back to 1/n: not `n` of them
// (`weights` may be NULL), one negative or no number, or a sum outside 0.99 to 1.01. Coverage is held within 0 and 1.
// (GrowthBook SDK specification, "getBucketRanges".)
void md_bucket_ranges(size_t n, double coverage, const double *weights, size_t weight_count, md_bucket_range *out);

// The arm whose range holds `bucket`, or -1: not in the experiment.
int md_bucket_arm(double bucket, const md_bucket_range *ranges, size_t n);
