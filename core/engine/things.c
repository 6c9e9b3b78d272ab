// SPDX-License-Identifier: Apache-2.0
// Finds what an event is about: the things it carries, what those belong to, the person at the end (P4).
#include "base/log.h"
#include "engine/identity.h"
#include "engine/state.h"
#include <stdlib.h>
#include <string.h>

static bool has_key(const md_event *event, const char *kind) {
  for (int i = 0; i < event->key_count; i++)
    if (strcmp(event->keys[i].kind, kind) == 0) return true;
  return false;
}

static void add_key(md_event *event, const char *kind, const char *value) {
  if (event->key_count < MD_KEYS_MAX && !has_key(event, kind)) event->keys[event->key_count++] = (md_key){kind, value};
}

static const char *carried(md_engine *engine, const md_event *event, const char *kind) {
  const char *path = md_plan_path(engine->plan, event->type, kind);
  return path ? md_identity_value(event, path, engine->arena) : NULL;
}

// What the event itself says that a thing belongs to, or NULL.
static const char *parent_said(md_engine *engine, const md_event *event, const md_plan_thing *thing) {
  if (strcmp(thing->of, "nobody") == 0) return NULL;
  if (strcmp(thing->of, "person") != 0) return carried(engine, event, thing->of);
  return event->person ? md_arena_strdup(engine->arena, md_log_int(event->person)) : NULL;
}

static int contradiction(md_engine *engine, md_event *event, const md_thing *thing, const char *said, md_error *err) {
  bool person = strcmp(thing->parent_kind, "person") == 0;
  if (person) {
    bool same = false;
    int rc = md_same_person(engine, atoll(thing->parent_value), atoll(said), &same, err);
    if (rc || same) return rc;
    event->flags |= MD_EVENT_CONFLICT;
  }
  const char *detail = md_arena_printf(engine->arena, "%s %s belongs to %s %s; an event says %s", thing->kind,
                                       thing->value, thing->parent_kind, thing->parent_value, said);
  const char *incident = person ? "identity_conflict" : "thing_conflict";
  md_log(MD_LOG_WARN, "engine", "an event contradicts what a thing belongs to: it is kept apart from its runs",
         "incident", incident, "event", event->id, "kind", thing->kind, "belongs_to", thing->parent_kind, NULL);
  return md_incidents_insert(engine->store, incident, event->seq, 0, detail, engine->now, err);
}

// Compares what the event says of a thing with what is stored, and stores it where nothing was (first wins, P4).
static int link(md_engine *engine, md_event *event, const md_plan_thing *kind, const char *value, md_error *err) {
  const char *said = parent_said(engine, event, kind);
  md_thing thing;
  int rc = md_things_get(engine->store, kind->kind, value, engine->arena, &thing, err);
  if (rc == MD_ENOTFOUND) {
    thing = (md_thing){.kind = kind->kind, .value = value, .first_seq = event->seq};
    if (said) thing.parent_kind = kind->of, thing.parent_value = said;
    return md_things_insert(engine->store, &thing, err);
  }
  if (rc || !said) return rc;
  if (!thing.parent_kind) {
    engine->linked[engine->linked_count++] = (md_key){kind->kind, value};
    return md_things_set_parent(engine->store, thing.id, kind->of, said, err);
  }
  if (strcmp(thing.parent_value, said) == 0 && strcmp(thing.parent_kind, kind->of) == 0) return 0;
  return contradiction(engine, event, &thing, said, err);
}

int md_ancestors(md_engine *engine, md_key key, md_key *out, int *count, int64_t *person, md_error *err) {
  *count = 0;
  *person = 0;
  for (int hops = 0; hops < MD_KEYS_MAX; hops++) {
    if (strcmp(key.kind, "person") == 0) return md_people_canonical(engine->store, atoll(key.value), person, err);
    const md_plan_thing *kind = md_plan_thing_of(engine->plan, key.kind);
    if (kind && strcmp(kind->of, "nobody") == 0) return 0; // whatever an older plan made it belong to
    md_thing thing;
    int rc = md_things_get(engine->store, key.kind, key.value, engine->arena, &thing, err);
    if (rc || !thing.parent_kind) return rc == MD_ENOTFOUND ? 0 : rc;
    key = (md_key){thing.parent_kind, thing.parent_value};
    if (strcmp(key.kind, "person") != 0 && *count < MD_KEYS_MAX) out[(*count)++] = key;
  }
  return 0;
}

static int add_ancestors(md_engine *engine, md_event *event, md_error *err) {
  int own = event->key_count;
  for (int i = 0; i < own; i++) {
    const md_plan_thing *kind = md_plan_thing_of(engine->plan, event->keys[i].kind);
    if (event->person && kind && strcmp(kind->of, "person") == 0) continue;
    md_key above[MD_KEYS_MAX];
    int count = 0;
    int64_t person = 0;
    int rc = md_ancestors(engine, event->keys[i], above, &count, &person, err);
    if (rc) return rc;
    for (int k = 0; k < count; k++)
      add_key(event, above[k].kind, above[k].value);
    if (event->person == 0) event->person = person;
  }
  return 0;
}

int md_relate(md_engine *engine, md_event *event, md_error *err) {
  int count = 0;
  engine->linked_count = 0; // at most one a key of the event
  const md_plan_thing *things = md_plan_things(engine->plan, &count);
  // Children before parents: what stands first in `keys` is nearest.
  for (int i = count - 1; i >= 0; i--) {
    const char *value = carried(engine, event, things[i].kind);
    if (value) add_key(event, things[i].kind, value);
  }
  for (int i = 0; i < event->key_count; i++) {
    int rc = link(engine, event, md_plan_thing_of(engine->plan, event->keys[i].kind), event->keys[i].value, err);
    if (rc) return rc;
  }
  return add_ancestors(engine, event, err);
}
