// SPDX-License-Identifier: Apache-2.0
// Gathers the event types of a script tree.
#include "cli/known_types.h"
#include "base/suggest.h"
#include "script/lint_calls.h"
#include <stdio.h>
#include <string.h>

static void add(void *context, const char *type) {
  md_known_types *known = context;
  if (known->count + 1 >= known->room) {
    int room = known->room ? 2 * known->room : 64;
    const char **types = md_arena_alloc_zero(known->arena, (size_t)room * sizeof *types);
    if (!types) {
      known->failed = true;
      return;
    }
    if (known->count) memcpy(types, known->types, (size_t)known->count * sizeof *types);
    known->types = types;
    known->room = room;
  }
  known->types[known->count++] = type;
  known->types[known->count] = NULL;
}

bool md_is_script(const char *path) {
  size_t len = strlen(path);
  bool lua = len > 4 && strcmp(path + len - 4, ".lua") == 0;
  return lua && !(len > 9 && strcmp(path + len - 9, "_spec.lua") == 0);
}

int md_known_types_read(md_known_types *known, const md_plan *plan, const md_source *source, md_arena *arena) {
  int count = 0, code = 0;
  const md_plan_event *const *events = md_plan_events(plan, &count);
  *known = (md_known_types){.arena = arena, .planned = count};
  for (int i = 0; i < count; i++)
    add(known, events[i]->type);
  for (int i = 0; i < source->count && !code; i++)
    if (md_is_script(source->files[i].path))
      code = md_lint_emitted(source->files[i].data, source->files[i].len, arena, add, known);
  return known->failed ? MD_ENOMEM : code;
}

static bool is_of_the_host(const char *type) {
  static const char *const begins[] = {"message.", "run.", "version.", "channel.", "consent.", "profile.", NULL};
  for (int i = 0; begins[i]; i++)
    if (strncmp(type, begins[i], strlen(begins[i])) == 0) return true;
  return strcmp(type, "schedule") == 0;
}

bool md_known_types_unknown(void *context, const char *type, char *advice, size_t room) {
  const md_known_types *known = context;
  size_t len = strlen(type);
  bool family = len > 2 && strcmp(type + len - 2, ".*") == 0;
  if (known->planned == 0 || is_of_the_host(type)) return false;
  for (int i = 0; i < known->count; i++)
    if (strcmp(known->types[i], type) == 0 || (family && strncmp(known->types[i], type, len - 1) == 0)) return false;
  const char *near = md_suggest(type, known->types);
  snprintf(advice, room, "the plan (events.lua) does not know it, and no script emits it; %s%s%s",
           near ? "did you mean '" : "declare it there, or take it out", near ? near : "", near ? "'?" : "");
  return true;
}
