// SPDX-License-Identifier: Apache-2.0
// A bump allocator over chunks whose memory is given back all at once. One thread at a time.
#include "base/arena.h"
#include "base/alloc.h"
#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS
#endif
#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(memory, size) ((void)(memory), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(memory, size) ((void)(memory), (void)(size))
#endif

enum { ALIGNMENT = 16, DEFAULT_CHUNK = 4096, LARGEST_STEP = 256 * 1024, LARGEST_KEPT = 1024 * 1024 };

typedef struct chunk {
  alignas(ALIGNMENT) struct chunk *next;
  size_t size;
  size_t used;
} chunk;

struct md_arena {
  chunk *chunks; // the first is the one that is bumped
  size_t used;
};

static char *bytes_of(chunk *part) {
  return (char *)(part + 1);
}

static chunk *chunk_new(size_t size) {
  if (size > SIZE_MAX - sizeof(chunk)) return NULL;
  chunk *part = md_alloc(sizeof(chunk) + size);
  if (!part) return NULL;
  *part = (chunk){.size = size};
  ASAN_POISON_MEMORY_REGION(bytes_of(part), size);
  return part;
}

static void chunk_free(chunk *part) {
  ASAN_UNPOISON_MEMORY_REGION(bytes_of(part), part->size);
  md_free(part);
}

static size_t rounded(size_t size) {
  return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

md_arena *md_arena_new(size_t first_chunk) {
  if (first_chunk > SIZE_MAX / 2) return NULL;
  md_arena *arena = md_alloc_zero(sizeof *arena);
  if (!arena) return NULL;
  arena->chunks = chunk_new(rounded(first_chunk ? first_chunk : DEFAULT_CHUNK));
  if (!arena->chunks) {
    md_free(arena);
    return NULL;
  }
  return arena;
}

void md_arena_free(md_arena *arena) {
  if (!arena) return;
  for (chunk *part = arena->chunks, *next; part; part = next) {
    next = part->next;
    chunk_free(part);
  }
  md_free(arena);
}

void md_arena_reset(md_arena *arena) {
  chunk *kept = NULL;
  for (chunk *part = arena->chunks, *next; part; part = next) {
    next = part->next;
    chunk *loser = part;
    if (part->size <= LARGEST_KEPT && (!kept || part->size > kept->size)) {
      loser = kept;
      kept = part;
    }
    if (loser) chunk_free(loser);
  }
  if (kept) {
    kept->next = NULL;
    kept->used = 0;
    ASAN_POISON_MEMORY_REGION(bytes_of(kept), kept->size);
  }
  arena->chunks = kept;
  arena->used = 0;
}

// A chunk with room for `size`. One made for a single large piece goes behind the first, whose room stays in use.
static chunk *chunk_for(md_arena *arena, size_t size) {
  chunk *first = arena->chunks;
  if (first && first->size - first->used >= size) return first;
  size_t step = first ? first->size * 2 : DEFAULT_CHUNK;
  if (step > LARGEST_STEP) step = LARGEST_STEP;
  chunk *part = chunk_new(size > step ? size : step);
  if (!part) return NULL;
  if (first && size > step) {
    part->next = first->next;
    first->next = part;
  } else {
    part->next = first;
    arena->chunks = part;
  }
  return part;
}

void *md_arena_alloc(md_arena *arena, size_t size) {
  if (size > SIZE_MAX / 2) return NULL;
  size_t taken = rounded(size ? size : 1);
  chunk *part = chunk_for(arena, taken);
  if (!part) return NULL;
  void *memory = bytes_of(part) + part->used;
  part->used += taken;
  arena->used += taken;
  ASAN_UNPOISON_MEMORY_REGION(memory, size);
  return memory;
}

void *md_arena_alloc_zero(md_arena *arena, size_t size) {
  void *memory = md_arena_alloc(arena, size);
  return memory ? memset(memory, 0, size) : NULL;
}

char *md_arena_strdup(md_arena *arena, const char *text) {
  return text ? md_arena_strndup(arena, text, strlen(text)) : NULL;
}

char *md_arena_strndup(md_arena *arena, const char *text, size_t len) {
  if (!text || len == SIZE_MAX) return NULL;
  char *copy = md_arena_alloc(arena, len + 1);
  if (!copy) return NULL;
  memcpy(copy, text, len);
  copy[len] = '\0';
  return copy;
}

char *md_arena_printf(md_arena *arena, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int len = vsnprintf(NULL, 0, format, args);
  va_end(args);
  char *text = len < 0 ? NULL : md_arena_alloc(arena, (size_t)len + 1);
  if (text) vsnprintf(text, (size_t)len + 1, format, again);
  va_end(again);
  return text;
}

size_t md_arena_used(const md_arena *arena) {
  return arena->used;
}
