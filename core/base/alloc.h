// SPDX-License-Identifier: Apache-2.0
// The host's allocator: malloc with a switch by which tests fail the Nth allocation. Any thread.
#pragma once
#include <stddef.h>

// As malloc, calloc, realloc, strdup, free; NULL when out of memory (or when a test says so).
void *md_alloc(size_t size);
void *md_alloc_zero(size_t size);
void *md_realloc(void *old, size_t size);
char *md_strdup(const char *text);
void md_free(void *memory);

// Tests only: the `countdown`-th allocation from now fails (1 = the next), once or, with `forever`, all from then on.
// 0 switches it off. Returns how many allocations were made since the last call.
long md_alloc_fail_after(long countdown, int forever);
