// SPDX-License-Identifier: Apache-2.0
// Memory that is given back all at once: a bump allocator over chunks. One thread at a time.
#pragma once
#include <stddef.h>

typedef struct md_arena md_arena;

// Returns owned; NULL when out of memory. `first_chunk` bytes are reserved with it (0: a default of 4 KiB).
md_arena *md_arena_new(size_t first_chunk);
void md_arena_free(md_arena *arena);
// Forgets all that was allocated; keeps the largest chunk for reuse when it is at most 1 MiB.
void md_arena_reset(md_arena *arena);
// 16-byte aligned, not cleared. NULL when out of memory.
void *md_arena_alloc(md_arena *arena, size_t size);
void *md_arena_alloc_zero(md_arena *arena, size_t size);
char *md_arena_strdup(md_arena *arena, const char *text); // NULL in, NULL out
char *md_arena_strndup(md_arena *arena, const char *text, size_t len);
char *md_arena_printf(md_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
size_t md_arena_used(const md_arena *arena);
