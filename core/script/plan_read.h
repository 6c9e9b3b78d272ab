// SPDX-License-Identifier: Apache-2.0
// A tracking plan's declaration, as data, read into its structures. Pure; private to core/script.
#pragma once
#include "script/plan.h"

struct md_plan {
  md_arena *arena;
  const char *const *strong;
  const char *const *weak;
  md_plan_thing *things; // parents before children
  int thing_count;
  const md_plan_event **events; // sorted by type
  int event_count;
  bool defined; // plan.define was called
  const md_source_file *file;
};

// Where a message speaks of: "events.order.placed.typed".
typedef struct md_plan_field {
  char text[500];
} md_plan_field;

// Reads `declaration` ({ person, things, events }) into an empty plan; everything it keeps is in plan->arena. MD_EINVAL
// with the field's path, in `where` too (may be NULL), and what to write, or MD_ENOMEM.
int md_plan_read(md_plan *plan, const json_t *declaration, md_plan_field *where, md_error *err);

// The line of events.lua on which the field is written, as far as the table of plan.define shows it; 0 where that is
// not written out.
int md_plan_line(const char *text, size_t len, const md_plan_field *where, md_arena *arena);

// Reads a part of a plan ({ things, events } and what else it has): identities are not in it.
int md_plan_read_part(md_plan *plan, const json_t *part, md_error *err);
