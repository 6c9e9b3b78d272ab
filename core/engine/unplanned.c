// SPDX-License-Identifier: Apache-2.0
// Counts event types that the plan does not declare.
#include "engine/unplanned.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/suggest.h"
#include <string.h>

void md_unplanned_deinit(md_unplanned *all) {
  for (int i = 0; i < all->count; i++)
    md_free(all->types[i]);
  *all = (md_unplanned){0};
}

static bool is_planned(const md_plan *plan, const char *type) {
  static const char *const builtin[] = {"consent.given", "consent.withdrawn", "profile.updated"};
  int count = 0;
  md_plan_events(plan, &count);
  for (size_t i = 0; i < sizeof builtin / sizeof *builtin; i++)
    if (strcmp(builtin[i], type) == 0) return true;
  return count == 0 || md_plan_event_of(plan, type);
}

static const char *nearest_of(const md_plan *plan, const char *type) {
  int count = 0;
  const md_plan_event *const *events = md_plan_events(plan, &count);
  const char **known = md_alloc(((size_t)count + 1) * sizeof *known);
  if (!known) return NULL;
  for (int i = 0; i < count; i++)
    known[i] = events[i]->type;
  known[count] = NULL;
  const char *nearest = md_suggest(type, known);
  md_free(known);
  return nearest;
}

// A type is what a client wrote: it is logged as such, escaped like every value.
static void add(md_unplanned *all, const md_plan *plan, const char *type) {
  char *own = all->count < MD_UNPLANNED_TYPES ? md_strdup(type) : NULL;
  if (!own) return;
  all->types[all->count] = own;
  all->counts[all->count++] = 1;
  md_log(MD_LOG_WARN, "engine", "the plan declares no such event type", "type", type, "nearest", nearest_of(plan, type),
         NULL);
}

void md_unplanned_see(md_unplanned *all, const md_plan *plan, const char *type) {
  if (is_planned(plan, type)) return;
  for (int i = 0; i < all->count; i++) {
    if (strcmp(all->types[i], type) != 0) continue;
    all->counts[i]++;
    return;
  }
  add(all, plan, type);
}

void md_unplanned_each(const md_unplanned *all, const md_plan *plan,
                       void (*each)(void *context, const char *type, int64_t count, const char *nearest),
                       void *context) {
  for (int i = 0; i < all->count; i++)
    if (!is_planned(plan, all->types[i])) each(context, all->types[i], all->counts[i], nearest_of(plan, all->types[i]));
}
