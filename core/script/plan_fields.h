// SPDX-License-Identifier: Apache-2.0
// What the readers of a plan's parts share: fields by name, paths, errors that know where they are. Pure; private to
// core/script.
#pragma once
#include "script/plan_read.h"

typedef struct md_plan_reader {
  md_plan *plan;
  md_error *err;
  md_plan_field *where; // of the error; may be NULL
} md_plan_reader;

md_plan_field md_plan_inside(const char *up, const char *name); // "events" and "order.placed": "events.order.placed"

// Sets the error and where it is; returns MD_EINVAL.
int md_plan_fail(md_plan_reader *r, const char *where, const char *format, ...) __attribute__((format(printf, 3, 4)));
int md_plan_no_memory(md_plan_reader *r); // MD_ENOMEM
int md_plan_named_twice(md_plan_reader *r, const char *path, const char *where);

const char *md_plan_keep(md_plan_reader *r, const char *text); // in the plan's arena, or NULL
bool md_plan_contains(const char *const *list, const char *path);

// The names of an object in byte order, so that the first error is the same each time; NULL-terminated, or NULL.
const char **md_plan_names(md_plan_reader *r, const json_t *object);
// Refuses what is no object, and names that are not `known`.
int md_plan_check_names(md_plan_reader *r, const json_t *object, const char *where, const char *const *known);

// A path into an event: "data.order_id", or "subject".
int md_plan_read_path(md_plan_reader *r, const json_t *value, const char *where, const char **out);
// A path or a list of paths, none of them twice. An absent or empty one gives the empty list.
int md_plan_read_paths(md_plan_reader *r, const json_t *value, const char *where, const char *const **out);
// The same of paths in data, which lose their "data.".
int md_plan_read_data_paths(md_plan_reader *r, const json_t *value, const char *where, const char *const **out);

// The parts: plan_things.c, plan_events.c, plan_secrets.c.
int md_plan_read_things(md_plan_reader *r, const json_t *things);
int md_plan_read_events(md_plan_reader *r, const json_t *events);
int md_plan_check_secrets(md_plan_reader *r, const md_plan_event *event, const char *where);
