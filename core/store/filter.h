// SPDX-License-Identifier: Apache-2.0
// What the table of the lazy index surely does not hold: a Bloom filter (Bloom, 1970) a stripe, made from the table
// when the stripe is sorted. Most lookups are for what is new; without it each would read a page. Memory only.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct md_filter {
  uint64_t *words; // NULL: nothing is known, everything may be there
  uint32_t bits;
  uint32_t count, capacity; // hashes in it, and how many before it is to be made again, larger
} md_filter;

// Makes an empty one for about `count` hashes. False when out of memory: then nothing is known.
bool md_filter_init(md_filter *filter, size_t count);
void md_filter_deinit(md_filter *filter);
bool md_filter_is_full(const md_filter *filter); // also when there is none
void md_filter_add(md_filter *filter, uint64_t hash);
bool md_filter_may_have(const md_filter *filter, uint64_t hash);
