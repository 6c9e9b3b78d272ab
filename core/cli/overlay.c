// SPDX-License-Identifier: Apache-2.0
// Remembers what lay below.
#include "cli/overlay.h"
#include "store/shadowed.h"
#include <stdlib.h>
#include <string.h>

typedef struct known {
  char *path, *below, *above;
  struct known *next;
} known;

typedef struct comparing {
  md_arena *arena;
  known *rows;
} comparing;

static int note(void *context, const md_shadowed *row) {
  comparing *at = context;
  known *copy = md_arena_alloc(at->arena, sizeof *copy);
  if (!copy) return MD_ENOMEM;
  *copy = (known){md_arena_strdup(at->arena, row->path), md_arena_strdup(at->arena, row->below),
                  md_arena_strdup(at->arena, row->above), at->rows};
  at->rows = copy;
  return copy->path && copy->below && copy->above ? 0 : MD_ENOMEM;
}

static const known *find(const comparing *at, const char *path) {
  for (const known *row = at->rows; row; row = row->next)
    if (strcmp(row->path, path) == 0) return row;
  return NULL;
}

static int by_path(const void *key, const void *item) {
  return strcmp(key, ((const md_shadow *)item)->path);
}

static int forget_gone(md_store *store, const comparing *at, const md_shadows *shadows, md_error *err) {
  int code = 0;
  for (const known *row = at->rows; row && !code; row = row->next)
    if (!shadows->count || !bsearch(row->path, shadows->items, (size_t)shadows->count, sizeof *shadows->items, by_path))
      code = md_shadowed_delete(store, row->path, err);
  return code;
}

int md_overlay_compare(md_store *store, const md_shadows *shadows, void (*changed)(void *context, const md_shadow *at),
                       void *context, md_error *err) {
  comparing at = {.arena = md_arena_new(0)};
  if (!at.arena) return md_error_set(err, MD_ENOMEM, "out of memory");
  int code = md_shadowed_list(store, note, &at, err);
  for (int i = 0; i < shadows->count && !code; i++) {
    const md_shadow *shadow = &shadows->items[i];
    const known *row = find(&at, shadow->path);
    bool same_above = row && strcmp(row->above, shadow->above_digest) == 0;
    bool same_below = row && strcmp(row->below, shadow->below_digest) == 0;
    if (same_above && !same_below)
      changed(context, shadow);
    else if (!same_above)
      code = md_shadowed_put(store, &(md_shadowed){shadow->path, shadow->below_digest, shadow->above_digest}, err);
  }
  if (!code) code = forget_gone(store, &at, shadows, err);
  md_arena_free(at.arena);
  return code;
}
