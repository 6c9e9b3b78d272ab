// SPDX-License-Identifier: Apache-2.0
// Sorted sets of (hash, row) pairs in memory, in 1,024 stripes by hash prefix: what the lazy index has not put into its
// table yet. Memory only; used by index.c. One thread.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A hash has 47 bits: SQLite then stores it in six bytes, and its value is never negative. Ten of them are the stripe.
enum { MD_STRIPES = 1024, MD_HASH_BITS = 47, MD_STRIPE_HASH_BITS = MD_HASH_BITS - 10, MD_ROW_BITS = 59 };

// The 37 bits of the hash that are not the stripe, then the 59 of the row, in 12 bytes.
typedef struct __attribute__((packed)) md_stripe_entry {
  uint32_t high;
  uint64_t low;
} md_stripe_entry;

typedef struct md_stripe {
  md_stripe_entry *entries; // by hash, then row
  uint32_t count, capacity;
} md_stripe;

typedef struct md_stripes {
  md_stripe stripes[MD_STRIPES];
  size_t count;
} md_stripes;

static inline unsigned md_stripe_of(uint64_t hash) {
  return (unsigned)(hash >> MD_STRIPE_HASH_BITS);
}

static inline uint64_t md_stripe_hash(unsigned stripe, md_stripe_entry entry) {
  return (uint64_t)stripe << MD_STRIPE_HASH_BITS | (uint64_t)entry.high << (64 - MD_ROW_BITS) |
         entry.low >> MD_ROW_BITS;
}

static inline int64_t md_stripe_row(md_stripe_entry entry) {
  return (int64_t)(entry.low & (((uint64_t)1 << MD_ROW_BITS) - 1));
}

void md_stripes_deinit(md_stripes *set);
// MD_EEXISTS when it is there; MD_ENOMEM. After a take in the same state of the set a put never fails.
int md_stripes_put(md_stripes *set, uint64_t hash, int64_t row);
bool md_stripes_has(const md_stripes *set, uint64_t hash, int64_t row);
bool md_stripes_take(md_stripes *set, uint64_t hash, int64_t row); // false when it was not there
// The smallest row > after, or the largest < before, under `hash`; 0 when there is none.
int64_t md_stripes_next(const md_stripes *set, uint64_t hash, int64_t after);
int64_t md_stripes_last(const md_stripes *set, uint64_t hash, int64_t before);
// The position in its stripe of the first entry past this one.
uint32_t md_stripes_after(const md_stripe *stripe, md_stripe_entry entry);
// Keeps the first `count` entries of one stripe and gives memory back.
void md_stripes_cut(md_stripes *set, unsigned number, uint32_t count);
// Forgets one stripe and gives its memory back.
void md_stripes_clear(md_stripes *set, unsigned stripe);
