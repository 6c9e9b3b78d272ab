// SPDX-License-Identifier: Apache-2.0
// Checks a plan's declaration field by field and builds it. Pure.
#include "script/plan_read.h"
#include "base/suggest.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_MAX_BYTES = 200, TYPE_MAX_BYTES = 200 };

typedef struct reader {
  md_plan *plan;
  md_error *err;
} reader;

// Where a message speaks of: "events.order.placed.typed".
typedef struct field {
  char text[300];
} field;

static field inside(const char *up, const char *name) {
  field made;
  snprintf(made.text, sizeof made.text, "%.140s%s%.140s", up, *up ? "." : "", name);
  return made;
}

static int no_memory(reader *r) {
  return md_error_set(r->err, MD_ENOMEM, "out of memory for the plan");
}

static int by_bytes(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// The names of an object in byte order, so that the first error is the same each time; NULL-terminated.
static const char **names_of(reader *r, const json_t *object) {
  json_t *source = (json_t *)object; // jansson's iterators take no const, and change nothing
  size_t count = 0;
  const char **names = md_arena_alloc(r->plan->arena, (json_object_size(object) + 1) * sizeof *names);
  if (!names) {
    no_memory(r);
    return NULL;
  }
  for (void *at = json_object_iter(source); at; at = json_object_iter_next(source, at))
    names[count++] = json_object_iter_key(at);
  qsort(names, count, sizeof *names, by_bytes);
  names[count] = NULL;
  return names;
}

static int check_names(reader *r, const json_t *object, const char *where, const char *const *known) {
  if (!json_is_object(object)) return md_error_set(r->err, MD_EINVAL, "%s must be a table with names", where);
  const char **names = names_of(r, object);
  for (int i = 0; names && names[i]; i++) {
    bool found = false;
    for (int k = 0; known[k] && !found; k++)
      found = strcmp(known[k], names[i]) == 0;
    if (found) continue;
    const char *near = md_suggest(names[i], known);
    return md_error_set(r->err, MD_EINVAL, "%s has no field '%s'%s%s%s", where, names[i],
                        near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
  }
  return names ? 0 : MD_ENOMEM;
}

static const char *keep(reader *r, const char *text) {
  return md_arena_strdup(r->plan->arena, text);
}

static bool is_path(const char *path) {
  bool in_name = false;
  for (const char *at = path; *at; at++) {
    bool dot = *at == '.';
    if (dot && (!in_name || !at[1])) return false;
    if (!dot && !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", *at)) return false;
    in_name = !dot;
  }
  return in_name && strlen(path) <= PATH_MAX_BYTES;
}

// A path into an event: "data.order_id", or "subject".
static int read_path(reader *r, const json_t *value, const char *where, const char **out) {
  const char *path = json_string_value(value);
  if (!path || !is_path(path) || (strcmp(path, "subject") != 0 && strncmp(path, "data.", 5) != 0))
    return md_error_set(r->err, MD_EINVAL, "%s must be a path such as \"data.order_id\", or \"subject\"%s%s%s", where,
                        path ? ", not \"" : "", path ? path : "", path ? "\"" : "");
  *out = keep(r, path);
  return *out ? 0 : no_memory(r);
}

static bool contains(const char *const *list, const char *path) {
  for (; *list; list++)
    if (strcmp(*list, path) == 0) return true;
  return false;
}

static int named_twice(reader *r, const char *path, const char *where) {
  return md_error_set(r->err, MD_EINVAL, "%s names the path %s a second time: name it once", where, path);
}

// A path or a list of paths, none of them twice. An absent or empty one gives the empty list.
static int read_paths(reader *r, const json_t *value, const char *where, const char *const **out) {
  bool one = json_is_string(value), none = !value || (json_is_object(value) && json_object_size(value) == 0);
  if (!one && !none && !json_is_array(value))
    return md_error_set(r->err, MD_EINVAL, "%s must be a path or a list of paths", where);
  int count = one ? 1 : none ? 0 : (int)json_array_size(value);
  const char **paths = md_arena_alloc_zero(r->plan->arena, ((size_t)count + 1) * sizeof *paths);
  if (!paths) return no_memory(r);
  for (int i = 0; i < count; i++) {
    const char *path = NULL;
    int code = read_path(r, one ? value : json_array_get(value, (size_t)i), where, &path);
    if (code || !path) return code;
    if (contains(paths, path)) return named_twice(r, path, where);
    paths[i] = path;
  }
  *out = paths;
  return 0;
}

static int read_data_paths(reader *r, const json_t *value, const char *where, const char *const **out) {
  const char *const *paths;
  int code = read_paths(r, value, where, &paths);
  for (const char **at = (const char **)paths; !code && *at; at++) {
    if (strncmp(*at, "data.", 5) != 0)
      return md_error_set(r->err, MD_EINVAL, "%s: only what is in data can be named here, such as \"data.link\"",
                          where);
    *at += 5;
  }
  *out = code ? NULL : paths;
  return code;
}

static int read_person(reader *r, const json_t *person) {
  static const char *const known[] = {"strong", "weak", NULL};
  static const char *const standard[] = {"subject", "data.email", NULL};
  static const char *const none[] = {NULL};
  r->plan->strong = standard;
  r->plan->weak = none;
  if (!person) return 0;
  int code = check_names(r, person, "person", known);
  if (!code) code = read_paths(r, json_object_get(person, "strong"), "person.strong", &r->plan->strong);
  if (!code && !r->plan->strong[0])
    return md_error_set(r->err, MD_EINVAL, "person.strong must name at least one path, such as { \"subject\" }");
  if (!code) code = read_paths(r, json_object_get(person, "weak"), "person.weak", &r->plan->weak);
  for (int i = 0; !code && r->plan->weak[i]; i++)
    if (contains(r->plan->strong, r->plan->weak[i])) return named_twice(r, r->plan->weak[i], "person.weak");
  return code;
}

static bool is_kind(const char *kind) {
  size_t len = strlen(kind);
  return len > 0 && len <= 64 && strspn(kind, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static int read_thing(reader *r, const char *kind, const json_t *value, md_plan_thing *out) {
  static const char *const known[] = {"at", "of", NULL};
  field where = inside("things", kind);
  if (!is_kind(kind) || strcmp(kind, "person") == 0)
    return md_error_set(r->err, MD_EINVAL, "things: '%s' is no name for a thing: use a-z, 0-9 and _ (and not person)",
                        kind);
  int code = check_names(r, value, where.text, known);
  if (code) return code;
  const char *of = json_string_value(json_object_get(value, "of"));
  if (!of)
    return md_error_set(r->err, MD_EINVAL, "%s needs of: what it belongs to, \"person\" or another thing", where.text);
  *out = (md_plan_thing){.kind = keep(r, kind), .of = keep(r, of)};
  if (!out->kind || !out->of) return no_memory(r);
  const json_t *at = json_object_get(value, "at");
  return at ? read_path(r, at, inside(where.text, "at").text, &out->at) : 0;
}

static int check_parent(reader *r, const char *const *kinds, const md_plan_thing *thing) {
  if (strcmp(thing->of, "person") == 0) return 0;
  for (int i = 0; kinds[i]; i++)
    if (strcmp(kinds[i], thing->of) == 0) return 0;
  const char *near = md_suggest(thing->of, kinds);
  return md_error_set(r->err, MD_EINVAL, "things.%s.of: there is no thing '%s'%s%s%s: declare it, or write \"person\"",
                      thing->kind, thing->of, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

// Two kinds at one path, or a person's path, would make one value mean two things.
static int check_paths(reader *r) {
  const md_plan *plan = r->plan;
  for (int i = 0; i < plan->thing_count; i++) {
    const char *at = plan->things[i].at;
    if (!at) continue;
    bool taken = contains(plan->strong, at) || contains(plan->weak, at);
    for (int k = 0; k < i && !taken; k++)
      taken = plan->things[k].at && strcmp(plan->things[k].at, at) == 0;
    if (taken) return named_twice(r, at, inside(inside("things", plan->things[i].kind).text, "at").text);
  }
  return 0;
}

static bool placed(const md_plan *plan, int count, const char *kind) {
  bool found = strcmp(kind, "person") == 0;
  for (int i = 0; i < count && !found; i++)
    found = strcmp(plan->things[i].kind, kind) == 0;
  return found;
}

// Parents before children; what cannot be placed goes in a circle.
static int order_things(reader *r) {
  md_plan *plan = r->plan;
  for (int done = 0; done < plan->thing_count; done++) {
    int next = done;
    while (next < plan->thing_count && !placed(plan, done, plan->things[next].of))
      next++;
    if (next == plan->thing_count)
      return md_error_set(r->err, MD_EINVAL,
                          "things.%s.of: what it belongs to goes in a circle: one of them must belong to the person",
                          plan->things[done].kind);
    md_plan_thing thing = plan->things[next];
    memmove(&plan->things[done + 1], &plan->things[done], (size_t)(next - done) * sizeof thing);
    plan->things[done] = thing;
  }
  return 0;
}

static int read_things(reader *r, const json_t *things) {
  md_plan *plan = r->plan;
  if (!things) return 0;
  if (!json_is_object(things))
    return md_error_set(r->err, MD_EINVAL, "things must be a table such as { order = { of = \"person\", at = … } }");
  const char **kinds = names_of(r, things);
  plan->things = md_arena_alloc_zero(plan->arena, (json_object_size(things) + 1) * sizeof *plan->things);
  if (!kinds || !plan->things) return no_memory(r);
  int code = 0;
  for (; !code && kinds[plan->thing_count]; plan->thing_count++) {
    const char *kind = kinds[plan->thing_count];
    code = read_thing(r, kind, json_object_get(things, kind), &plan->things[plan->thing_count]);
  }
  for (int i = 0; !code && i < plan->thing_count; i++)
    code = check_parent(r, kinds, &plan->things[i]);
  if (!code) code = check_paths(r);
  return code ? code : order_things(r);
}

static int check_about_path(reader *r, const md_plan_event *event, int at, const char *where) {
  const char *path = event->about[at].path;
  bool taken = contains(r->plan->strong, path);
  for (int i = 0; i < at && !taken; i++)
    taken = strcmp(event->about[i].path, path) == 0;
  return taken ? named_twice(r, path, where) : 0;
}

static int read_about(reader *r, const json_t *about, const char *where, md_plan_event *event) {
  if (!about) return 0;
  if (!json_is_object(about))
    return md_error_set(r->err, MD_EINVAL, "%s must be a table such as { parcel = \"data.tracking.number\" }", where);
  const char **kinds = names_of(r, about);
  md_plan_about *list = md_arena_alloc_zero(r->plan->arena, (json_object_size(about) + 1) * sizeof *list);
  if (!kinds || !list) return no_memory(r);
  event->about = list;
  for (int i = 0; kinds[i]; i++) {
    field here = inside(where, kinds[i]);
    const md_plan_thing *thing = md_plan_thing_of(r->plan, kinds[i]);
    if (!thing)
      return md_error_set(r->err, MD_EINVAL, "%s: there is no such thing: declare it under things", here.text);
    list[i].kind = thing->kind;
    int code = read_path(r, json_object_get(about, kinds[i]), here.text, &list[i].path);
    if (!code) code = check_about_path(r, event, i, here.text);
    if (code) return code;
    event->about_count = i + 1;
  }
  return 0;
}

// typed = { ["data.total"] = "money" }: the paths of one type, as a list without "data.".
static int read_typed(reader *r, const json_t *typed, const char *where, const char *type, const char *const **out) {
  static const char *const known[] = {"money", "name", "text", "time", NULL};
  const char **names = names_of(r, typed);
  json_t *chosen = json_array();
  if (!names || !chosen) return no_memory(r);
  for (int i = 0; names[i]; i++) {
    const char *value = json_string_value(json_object_get(typed, names[i]));
    bool found = false;
    for (int k = 0; value && known[k] && !found; k++)
      found = strcmp(known[k], value) == 0;
    if (!found)
      return md_error_set(r->err, MD_EINVAL, "%s: the type of %s must be one of: money name text time", where,
                          names[i]);
    if (strcmp(value, type) == 0 && json_array_append_new(chosen, json_string(names[i]))) return no_memory(r);
  }
  return read_data_paths(r, chosen, where, out);
}

static int read_types(reader *r, const json_t *typed, const char *where, md_plan_event *event) {
  json_t *none = json_object();
  if (!none) return no_memory(r);
  if (typed && !json_is_object(typed))
    return md_error_set(r->err, MD_EINVAL, "%s must be a table such as { [\"data.total\"] = \"money\" }", where);
  typed = typed ? typed : none;
  int code = read_typed(r, typed, where, "money", &event->money_paths);
  if (!code) code = read_typed(r, typed, where, "name", &event->name_paths);
  if (!code) code = read_typed(r, typed, where, "text", &event->text_paths);
  return code ? code : read_typed(r, typed, where, "time", &event->time_paths);
}

static int read_address(reader *r, const json_t *address, const char *where, md_plan_event *event) {
  static const char *const known[] = {"email", "sms", NULL};
  int code = address ? check_names(r, address, where, known) : 0;
  if (!code)
    code = read_paths(r, json_object_get(address, "email"), inside(where, "email").text, &event->address_email);
  return code ? code : read_paths(r, json_object_get(address, "sms"), inside(where, "sms").text, &event->address_sms);
}

static int read_means(reader *r, const json_t *means, const char *where, md_plan_event *event) {
  if (!means) return 0;
  if (!json_is_string(means)) return md_error_set(r->err, MD_EINVAL, "%s must be a sentence", where);
  event->means = keep(r, json_string_value(means));
  return event->means ? 0 : no_memory(r);
}

static bool is_within(const char *path, const char *other) {
  size_t len = strlen(other);
  return strncmp(path, other, len) == 0 && (path[len] == '\0' || path[len] == '.');
}

// The path of the list that is a secret too, is within one, or has one within it; or NULL.
static const char *shares(const char *const *list, const char *secret) {
  for (; *list; list++) {
    const char *path = strncmp(*list, "data.", 5) == 0 ? *list + 5 : *list;
    if (is_within(path, secret) || is_within(secret, path)) return *list;
  }
  return NULL;
}

// X1: what is declared for something else is stored readable.
static int check_secret(reader *r, const md_plan_event *event, const char *secret, const char *where) {
  const md_plan *plan = r->plan;
  const char *const *const lists[] = {plan->strong,       plan->weak,        event->address_email, event->address_sms,
                                      event->money_paths, event->name_paths, event->text_paths,    event->time_paths};
  const char *also = NULL;
  for (size_t i = 0; i < sizeof lists / sizeof lists[0] && !also; i++)
    also = shares(lists[i], secret);
  for (int i = 0; i < plan->thing_count && !also; i++) {
    const char *at[] = {plan->things[i].at, NULL};
    also = shares(at, secret);
  }
  for (int i = 0; i < event->about_count && !also; i++) {
    const char *at[] = {event->about[i].path, NULL};
    also = shares(at, secret);
  }
  if (!also) return 0;
  return md_error_set(r->err, MD_EINVAL, "%s: data.%s cannot be a secret, as %s is declared for something else", where,
                      secret, also);
}

// The host itself reads the data of these.
static bool is_built_in(const char *type) {
  return strncmp(type, "profile.", 8) == 0 || strncmp(type, "consent.", 8) == 0;
}

static int check_secrets(reader *r, const md_plan_event *event, const char *where) {
  int code = 0;
  if (event->secret_paths[0] && is_built_in(event->type))
    return md_error_set(r->err, MD_EINVAL, "%s: events of momentd's own types have no secrets", where);
  for (const char *const *path = event->secret_paths; !code && *path; path++)
    code = check_secret(r, event, *path, where);
  return code;
}

static bool is_event_type(const char *type) {
  size_t len = strlen(type);
  const char *allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:";
  return len > 0 && len <= TYPE_MAX_BYTES && strspn(type, allowed) == len;
}

static int read_event_fields(reader *r, const json_t *value, const char *where, md_plan_event *event) {
  int code = read_means(r, json_object_get(value, "means"), inside(where, "means").text, event);
  if (!code) code = read_about(r, json_object_get(value, "about"), inside(where, "about").text, event);
  if (!code) code = read_types(r, json_object_get(value, "typed"), inside(where, "typed").text, event);
  if (!code)
    code = read_data_paths(r, json_object_get(value, "secret"), inside(where, "secret").text, &event->secret_paths);
  if (!code) code = read_address(r, json_object_get(value, "address"), inside(where, "address").text, event);
  return code ? code : check_secrets(r, event, inside(where, "secret").text);
}

static int read_event(reader *r, const char *type, const json_t *value, const md_plan_event **out) {
  static const char *const known[] = {"about", "address", "means", "secret", "typed", NULL};
  field where = inside("events", type);
  if (!is_event_type(type))
    return md_error_set(r->err, MD_EINVAL, "events: '%s' is no event type: write one such as [\"order.placed\"]", type);
  int code = check_names(r, value, where.text, known);
  if (code) return code;
  md_plan_event *event = md_arena_alloc_zero(r->plan->arena, sizeof *event);
  if (!event || !(event->type = keep(r, type))) return no_memory(r);
  *out = event;
  return read_event_fields(r, value, where.text, event);
}

static int read_events(reader *r, const json_t *events) {
  md_plan *plan = r->plan;
  if (!events) return 0;
  if (!json_is_object(events))
    return md_error_set(r->err, MD_EINVAL, "events must be a table such as { [\"order.placed\"] = { means = … } }");
  const char **types = names_of(r, events);
  plan->events = md_arena_alloc_zero(plan->arena, (json_object_size(events) + 1) * sizeof *plan->events);
  if (!types || !plan->events) return no_memory(r);
  for (int i = 0; types[i]; i++) {
    int code = read_event(r, types[i], json_object_get(events, types[i]), &plan->events[i]);
    if (code) return code;
    plan->event_count++;
  }
  return 0;
}

int md_plan_read(md_plan *plan, const json_t *declaration, md_error *err) {
  static const char *const known[] = {"events", "person", "things", NULL};
  reader r = {.plan = plan, .err = err};
  if (!declaration) return no_memory(&r);
  int code = check_names(&r, declaration, "plan.define", known);
  if (!code) code = read_person(&r, json_object_get(declaration, "person"));
  if (!code) code = read_things(&r, json_object_get(declaration, "things"));
  return code ? code : read_events(&r, json_object_get(declaration, "events"));
}
