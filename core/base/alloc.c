// SPDX-License-Identifier: Apache-2.0
// The host's allocator over malloc, with the switch that makes the Nth allocation fail. Any thread.
#include "base/alloc.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// Process-wide like malloc itself, which they switch.
static atomic_long made;
static atomic_long countdown; // 0: off; 1: the next one fails
static atomic_bool fail_forever;

static bool refused(void) {
  atomic_fetch_add_explicit(&made, 1, memory_order_relaxed);
  long left = atomic_load_explicit(&countdown, memory_order_relaxed);
  while (left > 0) {
    long next = left == 1 && atomic_load(&fail_forever) ? 1 : left - 1;
    if (atomic_compare_exchange_weak(&countdown, &left, next)) return left == 1;
  }
  return false;
}

// A size of 0 gives a pointer too, so that NULL always means out of memory.
void *md_alloc(size_t size) {
  return refused() ? NULL : malloc(size ? size : 1);
}

void *md_alloc_zero(size_t size) {
  return refused() ? NULL : calloc(1, size ? size : 1);
}

void *md_realloc(void *old, size_t size) {
  return refused() ? NULL : realloc(old, size ? size : 1);
}

char *md_strdup(const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = md_alloc(size);
  return copy ? memcpy(copy, text, size) : NULL;
}

void md_free(void *memory) {
  free(memory);
}

long md_alloc_fail_after(long count, int forever) {
  atomic_store(&countdown, 0);
  atomic_store(&fail_forever, forever != 0);
  atomic_store(&countdown, count);
  return atomic_exchange(&made, 0);
}
