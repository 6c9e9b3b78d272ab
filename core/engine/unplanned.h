// SPDX-License-Identifier: Apache-2.0
// Event types that come from outside though the plan declares none such: a slip of the pen starts nothing, and is seen
// here. Counted since the start, in memory; the engine's thread.
#pragma once
#include "script/plan.h"

enum { MD_UNPLANNED_TYPES = 64 };

typedef struct md_unplanned {
  char *types[MD_UNPLANNED_TYPES];
  int64_t counts[MD_UNPLANNED_TYPES];
  int count; // further types are not looked at
} md_unplanned;

void md_unplanned_deinit(md_unplanned *all);
// Counts an event of this type, and logs the first of each. Nothing is unplanned where the plan declares no types, nor
// are the built-in ones. Out of memory: it is not counted.
void md_unplanned_see(md_unplanned *all, const md_plan *plan, const char *type);
// Tells `each` those that the plan does not declare now, in the order in which they came first; `nearest` (or NULL) is
// a type that it declares.
void md_unplanned_each(const md_unplanned *all, const md_plan *plan,
                       void (*each)(void *context, const char *type, int64_t count, const char *nearest),
                       void *context);
