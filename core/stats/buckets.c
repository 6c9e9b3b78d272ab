// SPDX-License-Identifier: Apache-2.0
// FNV-1a and GrowthBook's buckets and ranges.
#include "stats/buckets.h"
#include <math.h>
#include <stdbool.h>

static const uint32_t offset_basis = 2166136261U, prime = 16777619U;

uint32_t md_fnv1a_32_more(uint32_t hash, const void *bytes, size_t len) {
  for (const unsigned char *at = bytes, *end = at + len; at < end; at++)
    hash = (hash ^ *at) * prime;
  return hash;
}

uint32_t md_fnv1a_32(const void *bytes, size_t len) {
  return len ? md_fnv1a_32_more(offset_basis, bytes, len) : offset_basis;
}

static uint32_t of_decimal(uint32_t number) {
  char text[10], *end = text + sizeof text, *at = end;
  do
    *--at = (char)('0' + number % 10);
  while (number /= 10);
  return md_fnv1a_32(at, (size_t)(end - at));
}

double md_growthbook_bucket(const char *seed, size_t seed_len, const char *value, size_t value_len, int version) {
  switch (version) {
  case 1:
    return md_fnv1a_32_more(md_fnv1a_32(value, value_len), seed, seed_len) % 1000 / 1000.0;
  case 2:
    return of_decimal(md_fnv1a_32_more(md_fnv1a_32(seed, seed_len), value, value_len)) % 10000 / 10000.0;
  default:
    return NAN;
  }
}

static bool usable(size_t n, const double *weights, size_t weight_count) {
  if (!weights || weight_count != n) return false;
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    if (!(weights[i] >= 0)) return false;
    sum += weights[i];
  }
  return sum >= 0.99 && sum <= 1.01;
}

void md_bucket_ranges(size_t n, double coverage, const double *weights, size_t weight_count, md_bucket_range *out) {
  bool given = usable(n, weights, weight_count);
  double from = 0;
  coverage = fmin(fmax(coverage, 0), 1);
  for (size_t i = 0; i < n; i++) {
    double weight = given ? weights[i] : 1 / (double)n;
    out[i] = (md_bucket_range){from, from + coverage * weight};
    from += weight;
  }
}

int md_bucket_arm(double bucket, const md_bucket_range *ranges, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (bucket >= ranges[i].from && bucket < ranges[i].to) return (int)i;
  return -1;
}
