// SPDX-License-Identifier: Apache-2.0
// Reads a plan's event types: what they are about, and what their paths hold. Pure.
#include "script/plan_fields.h"
#include <string.h>

enum { TYPE_MAX_BYTES = 200 };

static int check_about_path(md_plan_reader *r, const md_plan_event *event, int at, const char *where) {
  const char *path = event->about[at].path;
  bool taken = md_plan_contains(r->plan->strong, path);
  for (int i = 0; i < at && !taken; i++)
    taken = strcmp(event->about[i].path, path) == 0;
  return taken ? md_plan_named_twice(r, path, where) : 0;
}

static int read_about(md_plan_reader *r, const json_t *about, const char *where, md_plan_event *event) {
  if (!about) return 0;
  if (!json_is_object(about))
    return md_plan_fail(r, where, "%s must be a table such as { parcel = \"data.tracking.number\" }", where);
  const char **kinds = md_plan_names(r, about);
  md_plan_about *list = md_arena_alloc_zero(r->plan->arena, (json_object_size(about) + 1) * sizeof *list);
  if (!kinds || !list) return md_plan_no_memory(r);
  event->about = list;
  for (int i = 0; kinds[i]; i++) {
    md_plan_field here = md_plan_inside(where, kinds[i]);
    const md_plan_thing *thing = md_plan_thing_of(r->plan, kinds[i]);
    if (!thing) return md_plan_fail(r, here.text, "%s: there is no such thing: declare it under things", here.text);
    list[i].kind = thing->kind;
    int code = md_plan_read_path(r, json_object_get(about, kinds[i]), here.text, &list[i].path);
    if (!code) code = check_about_path(r, event, i, here.text);
    if (code) return code;
    event->about_count = i + 1;
  }
  return 0;
}

// typed = { ["data.total"] = "money" }: the paths of one type, as a list without "data.".
static int read_typed(md_plan_reader *r, const json_t *typed, const char *where, const char *type,
                      const char *const **out) {
  static const char *const known[] = {"money", "name", "text", "time", NULL};
  const char **names = md_plan_names(r, typed);
  json_t *chosen = json_array();
  if (!names || !chosen) return md_plan_no_memory(r);
  for (int i = 0; names[i]; i++) {
    const char *value = json_string_value(json_object_get(typed, names[i]));
    bool found = false;
    for (int k = 0; value && known[k] && !found; k++)
      found = strcmp(known[k], value) == 0;
    if (!found)
      return md_plan_fail(r, md_plan_inside(where, names[i]).text,
                          "%s: the type of %s must be one of: money name text time", where, names[i]);
    if (strcmp(value, type) == 0 && json_array_append_new(chosen, json_string(names[i]))) return md_plan_no_memory(r);
  }
  return md_plan_read_data_paths(r, chosen, where, out);
}

static int read_types(md_plan_reader *r, const json_t *typed, const char *where, md_plan_event *event) {
  json_t *none = json_object();
  if (!none) return md_plan_no_memory(r);
  if (typed && !json_is_object(typed))
    return md_plan_fail(r, where, "%s must be a table such as { [\"data.total\"] = \"money\" }", where);
  typed = typed ? typed : none;
  int code = read_typed(r, typed, where, "money", &event->money_paths);
  if (!code) code = read_typed(r, typed, where, "name", &event->name_paths);
  if (!code) code = read_typed(r, typed, where, "text", &event->text_paths);
  return code ? code : read_typed(r, typed, where, "time", &event->time_paths);
}

static int read_address(md_plan_reader *r, const json_t *address, const char *where, md_plan_event *event) {
  static const char *const known[] = {"email", "sms", NULL};
  int code = address ? md_plan_check_names(r, address, where, known) : 0;
  if (!code)
    code = md_plan_read_paths(r, json_object_get(address, "email"), md_plan_inside(where, "email").text,
                              &event->address_email);
  return code ? code
              : md_plan_read_paths(r, json_object_get(address, "sms"), md_plan_inside(where, "sms").text,
                                   &event->address_sms);
}

static int read_means(md_plan_reader *r, const json_t *means, const char *where, md_plan_event *event) {
  if (!means) return 0;
  if (!json_is_string(means)) return md_plan_fail(r, where, "%s must be a sentence", where);
  event->means = md_plan_keep(r, json_string_value(means));
  return event->means ? 0 : md_plan_no_memory(r);
}

static bool is_event_type(const char *type) {
  size_t len = strlen(type);
  const char *allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:";
  return len > 0 && len <= TYPE_MAX_BYTES && strspn(type, allowed) == len;
}

static int read_event_fields(md_plan_reader *r, const json_t *value, const char *where, md_plan_event *event) {
  int code = read_means(r, json_object_get(value, "means"), md_plan_inside(where, "means").text, event);
  if (!code) code = read_about(r, json_object_get(value, "about"), md_plan_inside(where, "about").text, event);
  if (!code) code = read_types(r, json_object_get(value, "typed"), md_plan_inside(where, "typed").text, event);
  if (!code)
    code = md_plan_read_data_paths(r, json_object_get(value, "secret"), md_plan_inside(where, "secret").text,
                                   &event->secret_paths);
  if (!code) code = read_address(r, json_object_get(value, "address"), md_plan_inside(where, "address").text, event);
  return code ? code : md_plan_check_secrets(r, event, md_plan_inside(where, "secret").text);
}

static int read_event(md_plan_reader *r, const char *type, const json_t *value, const md_plan_event **out) {
  static const char *const known[] = {"about", "address", "means", "secret", "typed", NULL};
  md_plan_field where = md_plan_inside("events", type);
  if (!is_event_type(type))
    return md_plan_fail(r, where.text, "events: '%s' is no event type: write one such as [\"order.placed\"]", type);
  int code = md_plan_check_names(r, value, where.text, known);
  if (code) return code;
  md_plan_event *event = md_arena_alloc_zero(r->plan->arena, sizeof *event);
  if (!event || !(event->type = md_plan_keep(r, type))) return md_plan_no_memory(r);
  *out = event;
  return read_event_fields(r, value, where.text, event);
}

int md_plan_read_events(md_plan_reader *r, const json_t *events) {
  md_plan *plan = r->plan;
  if (!events) return 0;
  if (!json_is_object(events))
    return md_plan_fail(r, "events", "events must be a table such as { [\"order.placed\"] = { means = … } }");
  const char **types = md_plan_names(r, events);
  plan->events = md_arena_alloc_zero(plan->arena, (json_object_size(events) + 1) * sizeof *plan->events);
  if (!types || !plan->events) return md_plan_no_memory(r);
  for (int i = 0; types[i]; i++) {
    int code = read_event(r, types[i], json_object_get(events, types[i]), &plan->events[i]);
    if (code) return code;
    plan->event_count++;
  }
  return 0;
}
