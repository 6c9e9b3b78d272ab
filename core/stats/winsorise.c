// SPDX-License-Identifier: Apache-2.0
// Capping at a quantile, which is selected, not sorted for.
#include "stats/means.h"
#include <math.h>
#include <stdint.h>

static void swap(double *a, double *b) {
  double kept = *a;
  *a = *b;
  *b = kept;
}

// Rearranges so that values[k] is the one that sorting would put there, none before it greater. (Hoare 1961.) The pivot
// is picked by a hash of the bounds: no order of the data is a bad one by nature.
static void select_kth(double *values, size_t count, size_t k) {
  size_t low = 0, high = count - 1;
  while (low < high) {
    uint64_t hash = (low + 1) * 0x9E3779B97F4A7C15U ^ high * 0xC2B2AE3D27D4EB4FU;
    swap(&values[low], &values[low + (hash >> 17) % (high - low)]);
    double pivot = values[low];
    size_t i = low, j = high;
    for (;; i++, j--) {
      while (values[i] < pivot)
        i++;
      while (values[j] > pivot)
        j--;
      if (i >= j) break;
      swap(&values[i], &values[j]);
    }
    if (k <= j)
      high = j;
    else
      low = j + 1;
  }
}

static double quantile(double *values, size_t count, double p) {
  double at = (double)(count - 1) * p, whole = floor(at);
  size_t k = (size_t)whole;
  select_kth(values, count, k);
  if (at == whole) return values[k];
  double next = values[k + 1];
  for (size_t i = k + 2; i < count; i++)
    next = fmin(next, values[i]);
  return values[k] + (at - whole) * (next - values[k]);
}

// Around the mean, in two passes: values far from 0 lose nothing.
static void moments(const double *values, size_t count, double *mean, double *variance) {
  double sum = 0, squares = 0, rest = 0, first = values[0];
  for (size_t i = 0; i < count; i++)
    sum += values[i] - first;
  double centre = sum / (double)count;
  for (size_t i = 0; i < count; i++) {
    double deviation = values[i] - first - centre;
    squares += deviation * deviation;
    rest += deviation;
  }
  *mean = first + centre;
  *variance = count > 1 ? (squares - rest * rest / (double)count) / (double)(count - 1) : NAN;
}

void md_winsorise_upper(double *values, size_t count, double upper, md_winsorised *out) {
  *out = (md_winsorised){.why = count > 1 ? NULL : "there is one value only: a variance needs two"};
  moments(values, count, &out->raw_mean, &out->raw_sample_variance);
  out->cap = quantile(values, count, upper);
  for (size_t i = 0; i < count; i++)
    values[i] = fmin(values[i], out->cap);
  moments(values, count, &out->mean, &out->sample_variance);
}
