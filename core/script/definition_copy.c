// SPDX-License-Identifier: Apache-2.0
// A definition that outlives its VM. Pure; any thread.
#include "script/vm.h"
#include <string.h>

// NULL-terminated. `*failed`: out of memory.
static const char *const *copy_list(const char *const *list, md_arena *arena, bool *failed) {
  size_t count = 0;
  while (list[count])
    count++;
  const char **copy = md_arena_alloc_zero(arena, (count + 1) * sizeof *copy);
  for (size_t i = 0; copy && i < count; i++) {
    copy[i] = md_arena_strdup(arena, list[i]);
    *failed = *failed || !copy[i];
  }
  *failed = *failed || !copy;
  return copy;
}

static const char *copy_text(const char *text, md_arena *arena, bool *failed) {
  const char *copy = md_arena_strdup(arena, text);
  *failed = *failed || (text && !copy);
  return copy;
}

static const md_schedule *copy_schedules(const md_definition *from, md_arena *arena, bool *failed) {
  md_schedule *copy = md_arena_alloc_zero(arena, (size_t)(from->schedule_count + 1) * sizeof *copy);
  *failed = *failed || !copy;
  for (int i = 0; copy && i < from->schedule_count; i++)
    copy[i] = (md_schedule){copy_text(from->schedules[i].expression, arena, failed),
                            copy_text(from->schedules[i].zone, arena, failed)};
  return copy;
}

const md_definition *md_definition_copy(const md_definition *from, md_arena *arena) {
  bool failed = false;
  md_definition *copy = md_arena_alloc(arena, sizeof *copy);
  if (!copy) return NULL;
  *copy = *from; // class_name and goal_from are words of the program
  copy->moment = copy_text(from->moment, arena, &failed);
  copy->title = copy_text(from->title, arena, &failed);
  copy->about = copy_text(from->about, arena, &failed);
  copy->goal_event = copy_text(from->goal_event, arena, &failed);
  copy->on = copy_list(from->on, arena, &failed);
  copy->templates = copy_list(from->templates, arena, &failed);
  copy->schedules = copy_schedules(from, arena, &failed);
  return failed ? NULL : copy;
}
