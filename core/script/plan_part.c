// SPDX-License-Identifier: Apache-2.0
// Writes and reads a version's part of the plan. Its shape is a plan's declaration, with a format's number.
#include "script/plan_part.h"
#include "base/alloc.h"
#include "script/plan_read.h"
#include <string.h>

// A part in the making; everything is in the arena in scope.
typedef struct writer {
  const md_plan *plan;
  const md_needs *needs;
  md_arena *arena;
  json_t *things, *events;
  bool failed; // out of memory
} writer;

static void put(writer *w, json_t *object, const char *name, json_t *value) {
  if (!value || json_object_set_new(object, name, value) != 0) w->failed = true;
}

static bool lists(const char *const *names, const char *name) {
  for (; *names; names++)
    if (strcmp(*names, name) == 0) return true;
  return false;
}

static bool needs_type(const md_needs *needs, const char *type) {
  for (const char *const *at = needs->types; *at; at++)
    if (md_type_matches(*at, type)) return true;
  return needs->all_types;
}

// With all that it belongs to.
static void put_thing(writer *w, const char *kind) {
  const md_plan_thing *thing = md_plan_thing_of(w->plan, kind);
  if (!thing || json_object_get(w->things, kind)) return;
  json_t *value = json_object();
  put(w, value, "of", json_string(thing->of));
  if (thing->at) put(w, value, "at", json_string(thing->at));
  put(w, w->things, kind, value);
  put_thing(w, thing->of);
}

// `before`: what the declaration writes before each path. An empty list is left out.
static void put_paths(writer *w, json_t *object, const char *name, const char *before, const char *const *paths) {
  json_t *list = json_array();
  if (!paths || !paths[0]) return;
  for (; *paths; paths++) {
    const char *path = md_arena_printf(w->arena, "%s%s", before, *paths);
    if (!path || json_array_append_new(list, json_string(path)) != 0) w->failed = true;
  }
  put(w, object, name, list);
}

static void put_typed(writer *w, json_t *typed, const char *type, const char *const *paths) {
  for (; *paths; paths++) {
    const char *path = md_arena_printf(w->arena, "data.%s", *paths);
    if (path)
      put(w, typed, path, json_string(type));
    else
      w->failed = true;
  }
}

static void put_unless_empty(writer *w, json_t *object, const char *name, json_t *value) {
  if (!value || json_object_size(value)) put(w, object, name, value);
}

static void put_event(writer *w, const md_plan_event *event) {
  json_t *value = json_object(), *about = json_object(), *typed = json_object(), *address = json_object();
  for (int i = 0; i < event->about_count; i++) {
    put(w, about, event->about[i].kind, json_string(event->about[i].path));
    put_thing(w, event->about[i].kind);
  }
  put_typed(w, typed, "time", event->time_paths);
  put_typed(w, typed, "money", event->money_paths);
  put_typed(w, typed, "name", event->name_paths);
  put_typed(w, typed, "text", event->text_paths);
  put_paths(w, address, "email", "", event->address_email);
  put_paths(w, address, "sms", "", event->address_sms);
  put_unless_empty(w, value, "about", about);
  put_unless_empty(w, value, "typed", typed);
  put_unless_empty(w, value, "address", address);
  put_paths(w, value, "secret", "data.", event->secret_paths);
  put(w, w->events, event->type, value);
}

static void put_all(writer *w) {
  int count;
  const md_plan_event *const *events = md_plan_events(w->plan, &count);
  for (int i = 0; i < count; i++)
    if (needs_type(w->needs, events[i]->type)) put_event(w, events[i]);
  const md_plan_thing *things = md_plan_things(w->plan, &count);
  for (int i = 0; i < count; i++)
    if (w->needs->all_kinds || lists(w->needs->kinds, things[i].kind)) put_thing(w, things[i].kind);
}

static const char *write_part(writer *w) {
  md_buffer text;
  json_t *part = json_object();
  w->things = json_object();
  w->events = json_object();
  put_all(w);
  put(w, part, "format", json_integer(MD_PLAN_PART_FORMAT));
  put(w, part, "things", w->things);
  put(w, part, "events", w->events);
  md_buffer_init(&text);
  if (!w->failed) md_json_write(&text, part);
  const char *copy = !w->failed && md_buffer_ok(&text) ? md_arena_strndup(w->arena, text.data, text.len) : NULL;
  md_buffer_deinit(&text);
  return copy;
}

int md_plan_part_write(const md_plan *plan, const md_needs *needs, md_arena *arena, const char **text, md_error *err) {
  writer w = {.plan = plan, .needs = needs, .arena = arena};
  md_arena *before = md_json_scope(arena);
  *text = write_part(&w);
  md_json_scope(before);
  return *text ? 0 : md_error_set(err, MD_ENOMEM, "out of memory for a version's part of the plan");
}

static int corrupt(md_error *err, const char *why) {
  return md_error_set(err, MD_ECORRUPT, MD_PLAN_PART ": a version's part of the plan cannot be read: %s", why);
}

static int check_format(const json_t *part, md_error *err) {
  const json_t *number = json_object_get(part, "format");
  if (!json_is_integer(number)) return corrupt(err, "it has no format");
  long long format = json_integer_value(number);
  if (format == MD_PLAN_PART_FORMAT) return 0;
  return md_error_set(err, MD_EUNSUPPORTED,
                      "this version was stored by another momentd, in format %lld, and this one knows format %d: run "
                      "that momentd again, or migrate the run to a version of now",
                      format, MD_PLAN_PART_FORMAT);
}

static int read_part(md_plan *plan, const char *text, size_t len, md_error *err) {
  md_error why = {0};
  json_t *part = md_json_parse(text, len, false, &why);
  if (!part) return why.code == MD_ENOMEM ? md_error_set(err, MD_ENOMEM, "%s", why.text) : corrupt(err, why.text);
  int code = check_format(part, err);
  if (!code) code = md_plan_read_part(plan, part, &why);
  return code == MD_EINVAL ? corrupt(err, why.text) : code;
}

int md_plan_part_read(md_plan **out, const char *text, size_t len, md_error *err) {
  md_plan *plan = md_alloc_zero(sizeof *plan);
  if (plan) plan->arena = md_arena_new(0);
  if (!plan || !plan->arena) {
    md_plan_free(plan);
    return md_error_set(err, MD_ENOMEM, "out of memory for a version's part of the plan");
  }
  md_arena *before = md_json_scope(plan->arena);
  int code = read_part(plan, text, len, err);
  md_json_scope(before);
  if (code)
    md_plan_free(plan);
  else
    *out = plan;
  return code;
}
