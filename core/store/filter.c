// SPDX-License-Identifier: Apache-2.0
// A Bloom filter a stripe: three bits a hash, by double hashing (Kirsch and Mitzenmacher, 2006).
#include "store/filter.h"
#include "base/alloc.h"

// 12 bits a hash when it is made, 8 when it is full: 1 and 3 in a hundred wrong guesses. 8 KiB a stripe at most, which
// is enough for a million events; beyond, it slowly knows less.
enum { BITS_A_HASH = 12, PROBES = 3, BITS_MIN = 512, BITS_MAX = 65536 };

bool md_filter_init(md_filter *filter, size_t count) {
  size_t bits = count * BITS_A_HASH;
  bits = bits < BITS_MIN ? BITS_MIN : bits > BITS_MAX ? BITS_MAX : (bits + 63) / 64 * 64;
  *filter = (md_filter){.words = md_alloc_zero(bits / 8), .bits = (uint32_t)bits};
  filter->capacity = bits == BITS_MAX ? UINT32_MAX : (uint32_t)bits / 8;
  return filter->words != NULL;
}

void md_filter_deinit(md_filter *filter) {
  md_free(filter->words);
  *filter = (md_filter){0};
}

bool md_filter_is_full(const md_filter *filter) {
  return !filter->words || filter->count >= filter->capacity;
}

static uint32_t probe(const md_filter *filter, uint64_t mixed, uint32_t n) {
  uint32_t at = (uint32_t)(mixed >> 32) + n * ((uint32_t)mixed | 1);
  return (uint32_t)((uint64_t)at * filter->bits >> 32);
}

void md_filter_add(md_filter *filter, uint64_t hash) {
  uint64_t mixed = hash * 0x9e3779b97f4a7c15u;
  if (!filter->words) return;
  for (uint32_t n = 0; n < PROBES; n++) {
    uint32_t bit = probe(filter, mixed, n);
    filter->words[bit / 64] |= (uint64_t)1 << bit % 64;
  }
  filter->count++;
}

bool md_filter_may_have(const md_filter *filter, uint64_t hash) {
  uint64_t mixed = hash * 0x9e3779b97f4a7c15u;
  if (!filter->words) return true;
  for (uint32_t n = 0; n < PROBES; n++) {
    uint32_t bit = probe(filter, mixed, n);
    if (!(filter->words[bit / 64] >> bit % 64 & 1)) return false;
  }
  return true;
}
