// SPDX-License-Identifier: Apache-2.0
// A set of row ids above 0, in memory. One thread.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct md_idset {
  int64_t *slots; // 0: empty
  size_t count, capacity;
} md_idset;

void md_idset_deinit(md_idset *set);         // leaves it empty, to be used again
int md_idset_add(md_idset *set, int64_t id); // 0 (also when it is there), or MD_ENOMEM
bool md_idset_has(const md_idset *set, int64_t id);
