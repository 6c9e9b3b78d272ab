// SPDX-License-Identifier: Apache-2.0
// A hash set with open addressing, at most half full.
#include "base/idset.h"
#include "base/alloc.h"
#include "base/error.h"

void md_idset_deinit(md_idset *set) {
  md_free(set->slots);
  *set = (md_idset){0};
}

// Where the id is, or the empty slot where it would be. Fibonacci hashing: ids are given out in order.
static size_t place_of(const md_idset *set, int64_t id) {
  size_t at = (size_t)((uint64_t)id * 0x9e3779b97f4a7c15u >> 20) & (set->capacity - 1);
  while (set->slots[at] && set->slots[at] != id)
    at = (at + 1) & (set->capacity - 1);
  return at;
}

static int grow(md_idset *set) {
  md_idset larger = {.capacity = set->capacity ? 2 * set->capacity : 64, .count = set->count};
  larger.slots = md_alloc_zero(larger.capacity * sizeof *larger.slots);
  if (!larger.slots) return MD_ENOMEM;
  for (size_t i = 0; i < set->capacity; i++)
    if (set->slots[i]) larger.slots[place_of(&larger, set->slots[i])] = set->slots[i];
  md_free(set->slots);
  *set = larger;
  return 0;
}

int md_idset_add(md_idset *set, int64_t id) {
  if (md_idset_has(set, id)) return 0;
  if (2 * (set->count + 1) > set->capacity && grow(set)) return MD_ENOMEM;
  set->slots[place_of(set, id)] = id;
  set->count++;
  return 0;
}

bool md_idset_has(const md_idset *set, int64_t id) {
  return set->count && set->slots[place_of(set, id)] == id;
}
