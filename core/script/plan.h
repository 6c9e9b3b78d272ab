// SPDX-License-Identifier: Apache-2.0
// The tracking plan as declared in events.lua: persons, things, event types (P1, P4, P5). Read-only data after loading.
#pragma once
#include "base/json.h"
#include "script/source.h"
#include <stdbool.h>

typedef struct md_plan_about {
  const char *kind; // of a thing
  const char *path; // "data.tracking.number"
} md_plan_about;

typedef struct md_plan_thing {
  const char *kind;
  const char *of; // "person", another kind, or "nobody"
  const char *at; // default path
} md_plan_thing;

typedef struct md_plan_event {
  const char *type;
  const char *means;          // or NULL
  const md_plan_about *about; // declared kinds with their paths, and count
  int about_count;
  const char *const *time_paths; // typed "time", without the leading "data."; NULL-terminated, never NULL
  const char *const *money_paths;
  const char *const *name_paths;
  const char *const *text_paths; // plain: what it is declared for is that it is no secret (X1)
  const char *const *secret_paths;
  const char *const *address_email; // paths as written ("data.email"), tried in order; NULL-terminated, never NULL
  const char *const *address_sms;
} md_plan_event;

typedef struct md_plan md_plan;

// Runs events.lua (NULL: the built-in plan, person = { strong = { "subject", "data.email" } }, no things). Wrong kinds,
// paths named twice, cycles of things, unknown fields: MD_EINVAL or MD_ESCRIPT naming file, line or field and what to
// write.
int md_plan_new(md_plan **out, const md_source_file *events_lua, md_error *err);
void md_plan_free(md_plan *plan);
const char *const *md_plan_strong(const md_plan *plan); // paths, NULL-terminated
const char *const *md_plan_weak(const md_plan *plan);
const md_plan_thing *md_plan_things(const md_plan *plan, int *count);         // parents before children
const md_plan_thing *md_plan_thing_of(const md_plan *plan, const char *kind); // or NULL
const md_plan_event *md_plan_event_of(const md_plan *plan, const char *type); // or NULL: not declared
const md_plan_event *const *md_plan_events(const md_plan *plan, int *count);
// X1: whether the type has secrets, and whether `path` (below data) is declared, so that it may be stored readable.
bool md_plan_has_secrets(const md_plan *plan, const char *type);
bool md_plan_declares(const md_plan *plan, const char *type, const char *path);
// Whether things of the kind belong to nobody, nor does what they belong to: many people share one (P4).
bool md_plan_is_shared(const md_plan *plan, const char *kind);
// Where an event of this type carries `kind`: its own `about`, else the thing's `at`.
const char *md_plan_path(const md_plan *plan, const char *type, const char *kind);
// P5: whether the type is declared to carry K.
bool md_plan_carries(const md_plan *plan, const char *type, const char *kind);
// Whether a type is `pattern`, or of the family that it is ("order.*").
bool md_type_matches(const char *pattern, const char *type);
