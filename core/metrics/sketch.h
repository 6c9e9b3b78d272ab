// SPDX-License-Identifier: Apache-2.0
// A quantile sketch that merges exactly: DDSketch (Masson, Rim, Lee: "DDSketch: A fast and fully-mergeable quantile
// sketch with relative-error guarantees", VLDB 2019). Every quantile is within 1 % of the true value, as long as the
// values spread over less than MD_SKETCH_BINS buckets (a factor of 10^17); beyond, the smallest ones are taken
// together. Pure but for memory; one thread at a time.
#pragma once
#include "base/buffer.h"
#include <stdint.h>

enum { MD_SKETCH_BINS = 2048 };
#define MD_SKETCH_ERROR 0.01 // relative
#define MD_SKETCH_ZERO 1e-9  // what is nearer to 0 counts as 0

typedef struct md_sketch_bin {
  int32_t index;
  uint64_t count;
} md_sketch_bin;

// Bins of one sign, ascending by index.
typedef struct md_sketch_side {
  md_sketch_bin *bins;
  int count, room;
} md_sketch_side;

typedef struct md_sketch {
  md_sketch_side positive, negative;
  uint64_t zero;
  double min, max; // of all values
} md_sketch;

void md_sketch_init(md_sketch *sketch);
void md_sketch_deinit(md_sketch *sketch);
// `value` must be finite. MD_ENOMEM: nothing has changed.
int md_sketch_add(md_sketch *sketch, double value);
// As if all of `from` had been added to `into`. After MD_ENOMEM `into` is of no use.
int md_sketch_merge(md_sketch *into, const md_sketch *from);
uint64_t md_sketch_count(const md_sketch *sketch);
// The value of rank q * (n - 1), q in 0 … 1. The sketch must not be empty.
double md_sketch_quantile(const md_sketch *sketch, double q);

void md_sketch_pack(md_buffer *out, const md_sketch *sketch);
// Into an initialised sketch. MD_ECORRUPT, MD_ENOMEM; deinit is due either way.
int md_sketch_unpack(const void *blob, size_t len, md_sketch *out);
