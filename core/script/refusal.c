// SPDX-License-Identifier: Apache-2.0
// What of a script tree cannot be used. Pure data; any thread.
#include "script/refusal.h"
#include <string.h>

int md_refusal_add(md_refusal **list, md_arena *arena, const char *path, const char *why, md_error *err) {
  md_refusal *refusal = md_arena_alloc_zero(arena, sizeof *refusal);
  if (refusal) refusal->path = md_arena_strdup(arena, path);
  if (refusal) refusal->why = md_arena_strdup(arena, why);
  if (!refusal || !refusal->path || !refusal->why) return md_error_set(err, MD_ENOMEM, "out of memory for the scripts");
  while (*list && strcmp((*list)->path, path) <= 0)
    list = &(*list)->next;
  refusal->next = *list;
  *list = refusal;
  return 0;
}

// "cart" holds "cart" and "cart/photo.jpg".
static bool holds(const char *folder, const char *path) {
  size_t len = strlen(folder);
  return strncmp(folder, path, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

const md_refusal *md_refusal_of_folder(const md_refusal *list, const char *folder) {
  for (; list; list = list->next)
    if (holds(folder, list->path)) return list;
  return NULL;
}

const md_refusal *md_refusal_of_path(const md_refusal *list, const char *path) {
  for (; list; list = list->next)
    if (holds(list->path, path)) return list;
  return NULL;
}

// "shared/view.lua": a module is right in the folder.
static bool is_module(const char *path) {
  const char *name = path + strlen("shared/"), *dot = strrchr(name, '.');
  return !strchr(name, '/') && dot && strcmp(dot, ".lua") == 0;
}

const md_refusal *md_refusal_of_all(const md_refusal *list) {
  for (; list; list = list->next)
    if (strcmp(list->path, "shared") == 0 || (strncmp(list->path, "shared/", 7) == 0 && !is_module(list->path)))
      return list;
  return NULL;
}
