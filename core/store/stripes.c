// SPDX-License-Identifier: Apache-2.0
// Sorted arrays of (hash, row) pairs by hash prefix. A stripe holds some hundred entries, so that moving the tail of
// its array costs less than any pointer structure would, ties are in order, and a flush needs no sort.
#include "store/stripes.h"
#include "base/alloc.h"
#include "base/error.h"
#include <string.h>

enum { FIRST_STEP = 8 };

void md_stripes_deinit(md_stripes *set) {
  for (unsigned i = 0; i < MD_STRIPES; i++)
    md_stripes_clear(set, i);
}

void md_stripes_clear(md_stripes *set, unsigned stripe) {
  set->count -= set->stripes[stripe].count;
  md_free(set->stripes[stripe].entries);
  set->stripes[stripe] = (md_stripe){0};
}

// Never fails: where memory cannot be made smaller, it stays.
void md_stripes_cut(md_stripes *set, unsigned number, uint32_t count) {
  md_stripe *stripe = &set->stripes[number];
  if (!count) {
    md_stripes_clear(set, number);
    return;
  }
  set->count -= stripe->count - count;
  stripe->count = count;
  if (stripe->capacity <= 2 * count + 8) return;
  md_stripe_entry *entries = md_realloc(stripe->entries, (count + 8) * sizeof *entries);
  if (!entries) return;
  stripe->entries = entries;
  stripe->capacity = count + 8;
}

static md_stripe_entry pack(uint64_t hash, int64_t row) {
  uint64_t rest = hash & (((uint64_t)1 << MD_STRIPE_HASH_BITS) - 1);
  return (md_stripe_entry){(uint32_t)(rest >> (64 - MD_ROW_BITS)), rest << MD_ROW_BITS | (uint64_t)row};
}

// Bounds may be any row; those kept are below 2^59.
static int64_t clamp(int64_t row) {
  int64_t max = ((int64_t)1 << MD_ROW_BITS) - 1;
  return row < 0 ? 0 : row > max ? max : row;
}

static bool is_before(md_stripe_entry a, md_stripe_entry b) {
  return a.high < b.high || (a.high == b.high && a.low < b.low);
}

static uint32_t bisect(const md_stripe *stripe, md_stripe_entry wanted, uint32_t from, uint32_t to) {
  uint32_t count = to - from;
  while (count) {
    uint32_t half = count / 2;
    bool before = is_before(stripe->entries[from + half], wanted);
    from = before ? from + half + 1 : from;
    count = before ? count - half - 1 : half;
  }
  return from;
}

// The position of the first entry that is not before `wanted`. Hashes lie evenly, so it is guessed, and sought around
// there in steps that double: most of them stay in a cache line or two.
static uint32_t first_from(const md_stripe *stripe, md_stripe_entry wanted) {
  if (!stripe->count) return 0;
  uint32_t guess = (uint32_t)((uint64_t)wanted.high * stripe->count >> 32), from = guess, to = guess, step = FIRST_STEP;
  if (is_before(stripe->entries[guess], wanted)) {
    for (; from < stripe->count && is_before(stripe->entries[from], wanted); step *= 2) {
      to = from + 1;
      from = stripe->count - from > step ? from + step : stripe->count;
    }
    return bisect(stripe, wanted, to, from);
  }
  for (; to > 0 && !is_before(stripe->entries[to - 1], wanted); step *= 2) {
    from = to - 1;
    to = to > step ? to - step : 0;
  }
  return bisect(stripe, wanted, to, from);
}

static uint32_t lower_bound(const md_stripe *stripe, uint64_t hash, int64_t row) {
  return first_from(stripe, pack(hash, clamp(row)));
}

uint32_t md_stripes_after(const md_stripe *stripe, md_stripe_entry entry) {
  uint32_t at = first_from(stripe, entry);
  bool there = at < stripe->count && stripe->entries[at].high == entry.high && stripe->entries[at].low == entry.low;
  return there ? at + 1 : at;
}

static bool is_at(const md_stripe *stripe, uint32_t at, uint64_t hash, int64_t row) {
  md_stripe_entry wanted = pack(hash, row);
  return at < stripe->count && stripe->entries[at].high == wanted.high && stripe->entries[at].low == wanted.low;
}

// The row at a position if it lies under the hash, else 0.
static int64_t row_at(const md_stripe *stripe, uint32_t at, uint64_t hash) {
  if (at >= stripe->count || md_stripe_hash(md_stripe_of(hash), stripe->entries[at]) != hash) return 0;
  return md_stripe_row(stripe->entries[at]);
}

static int grow(md_stripe *stripe) {
  uint32_t capacity = stripe->capacity + stripe->capacity / 4 + 8;
  md_stripe_entry *entries = md_realloc(stripe->entries, capacity * sizeof *entries);
  if (!entries) return MD_ENOMEM;
  stripe->entries = entries;
  stripe->capacity = capacity;
  return 0;
}

int md_stripes_put(md_stripes *set, uint64_t hash, int64_t row) {
  md_stripe *stripe = &set->stripes[md_stripe_of(hash)];
  uint32_t at = lower_bound(stripe, hash, row);
  if (is_at(stripe, at, hash, row)) return MD_EEXISTS;
  if (stripe->count == stripe->capacity && grow(stripe)) return MD_ENOMEM;
  memmove(&stripe->entries[at + 1], &stripe->entries[at], (stripe->count - at) * sizeof *stripe->entries);
  stripe->entries[at] = pack(hash, row);
  stripe->count++;
  set->count++;
  return 0;
}

bool md_stripes_has(const md_stripes *set, uint64_t hash, int64_t row) {
  const md_stripe *stripe = &set->stripes[md_stripe_of(hash)];
  return is_at(stripe, lower_bound(stripe, hash, row), hash, row);
}

bool md_stripes_take(md_stripes *set, uint64_t hash, int64_t row) {
  md_stripe *stripe = &set->stripes[md_stripe_of(hash)];
  uint32_t at = lower_bound(stripe, hash, row);
  if (!is_at(stripe, at, hash, row)) return false;
  stripe->count--;
  set->count--;
  memmove(&stripe->entries[at], &stripe->entries[at + 1], (stripe->count - at) * sizeof *stripe->entries);
  return true;
}

int64_t md_stripes_next(const md_stripes *set, uint64_t hash, int64_t after) {
  const md_stripe *stripe = &set->stripes[md_stripe_of(hash)];
  return after == INT64_MAX ? 0 : row_at(stripe, lower_bound(stripe, hash, after + 1), hash);
}

int64_t md_stripes_last(const md_stripes *set, uint64_t hash, int64_t before) {
  const md_stripe *stripe = &set->stripes[md_stripe_of(hash)];
  uint32_t at = lower_bound(stripe, hash, before);
  return at ? row_at(stripe, at - 1, hash) : 0;
}
