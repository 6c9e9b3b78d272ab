// SPDX-License-Identifier: Apache-2.0
// Small blocks by size class, for Lua's many short-lived objects: no lock, no header. What was once taken from the
// system is kept until deinit. One thread at a time.
#pragma once
#include <stddef.h>

enum { MD_POOL_STEP = 16, MD_POOL_CLASSES = 32 }; // blocks up to 512 bytes; larger ones are the system's

typedef struct md_pool {
  struct md_pool_block *free[MD_POOL_CLASSES];
  struct md_pool_slab *slabs;
  char *next;
  size_t left;  // at `next`
  size_t held;  // bytes of all slabs
  size_t small; // bytes given out of them, as they were asked for
} md_pool;

// A zeroed md_pool is empty and ready.
void md_pool_deinit(md_pool *pool);
// As realloc with the old size known (0 with a NULL `old`): NULL when out of memory, and `old` stays. `size` > 0.
void *md_pool_resize(md_pool *pool, void *old, size_t old_size, size_t size);
void md_pool_free(md_pool *pool, void *block, size_t size);
