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
};

// Reads `declaration` ({ person, things, events }) into an empty plan; everything it keeps is in plan->arena. MD_EINVAL
// with the field's path and what to write, or MD_ENOMEM.
int md_plan_read(md_plan *plan, const json_t *declaration, md_error *err);
