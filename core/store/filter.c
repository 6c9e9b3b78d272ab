// SPDX-License-Identifier: Apache-2.0
// A Bloom filter a stripe: three bits a hash, all in one word, so that a look touches one cache line (blocked filters:
// Putze, Sanders and Singler, 2007).
#include "store/filter.h"
#include "base/alloc.h"

// 12 bits a hash when it is made, 8 when it is full: 2 and 4 in a hundred wrong guesses. 8 KiB a stripe at most, which
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

// The upper half of the mixed hash names the word, six of the lower half each a bit of it.
static uint64_t *word_of(const md_filter *filter, uint64_t mixed) {
  return &filter->words[(mixed >> 32) * (filter->bits / 64) >> 32];
}

static uint64_t bits_of(uint64_t mixed) {
  uint64_t bits = 0;
  for (int n = 0; n < PROBES; n++)
    bits |= (uint64_t)1 << (mixed >> (14 + 6 * n) & 63);
  return bits;
}

void md_filter_add(md_filter *filter, uint64_t hash) {
  uint64_t mixed = hash * 0x9e3779b97f4a7c15u;
  if (!filter->words) return;
  *word_of(filter, mixed) |= bits_of(mixed);
  filter->count++;
}

bool md_filter_may_have(const md_filter *filter, uint64_t hash) {
  uint64_t mixed = hash * 0x9e3779b97f4a7c15u, bits = bits_of(mixed);
  return !filter->words || (*word_of(filter, mixed) & bits) == bits;
}
