// SPDX-License-Identifier: Apache-2.0
// The event types that a script tree knows: those of its plan, those that its scripts emit, and the host's own.
#pragma once
#include "script/plan.h"

typedef struct md_known_types {
  const char **types; // of plan and scripts, NULL-terminated
  int count, room;
  int planned; // how many are the plan's; with none nothing is unknown
  md_arena *arena;
  bool failed; // out of memory
} md_known_types;

// Whether a path is a script: Lua, and no spec.
bool md_is_script(const char *path);

int md_known_types_read(md_known_types *known, const md_plan *plan, const md_source *source, md_arena *arena);
// Whether no event of this type, or family ("order.*"), is known to come; then `advice` says what to do. The context is
// an md_known_types.
bool md_known_types_unknown(void *context, const char *type, char *advice, size_t room);
