// SPDX-License-Identifier: Apache-2.0
// Finds the person of an event by its identities, and joins those that turn out to be one (P2).
#include "base/log.h"
#include "engine/identity.h"
#include "engine/state.h"
#include <string.h>

enum { SEEN_MAX = MD_JOINED_MAX };

// One identity that the event carries, and the canonical person who has it (0: nobody yet).
typedef struct seen {
  md_identity identity;
  int64_t person;
} seen;

static int look_up(md_engine *engine, seen *one, md_error *err) {
  int64_t row = 0;
  int rc = md_people_find(engine->store, one->identity.kind, one->identity.value, &row, err);
  if (rc == MD_ENOTFOUND) return 0;
  return rc ? rc : md_people_canonical(engine->store, row, &one->person, err);
}

static int collect(md_engine *engine, const md_event *event, seen *all, int *count, md_error *err) {
  const char *const *lists[] = {md_plan_strong(engine->plan), md_plan_weak(engine->plan)};
  *count = 0;
  for (int weak = 0; weak < 2; weak++)
    for (const char *const *path = lists[weak]; *path && *count < SEEN_MAX; path++) {
      const char *value = md_identity_value(event, *path, engine->arena);
      if (!value) continue;
      all[*count] = (seen){.identity = {*path, value, !weak}};
      int rc = look_up(engine, &all[(*count)++], err);
      if (rc) return rc;
    }
  return 0;
}

static int conflict(md_engine *engine, md_event *event, const char *detail, md_error *err) {
  event->flags |= MD_EVENT_CONFLICT;
  md_log(MD_LOG_WARN, "engine", "identity_conflict", "event", event->id, "request", engine->request, NULL);
  return md_incidents_insert(engine->store, "identity_conflict", event->seq, 0, detail, engine->now, err);
}

// A strong identity of somebody else than `*person`: they are one, unless that gave one two values of the first kind.
static int meet_strong(md_engine *engine, const seen *one, int64_t *person, md_event *event, md_error *err) {
  const char *mine = NULL, *theirs = NULL;
  bool any = false;
  int rc = md_strong_of(engine, *person, &mine, &any, err);
  if (rc == 0) rc = md_strong_of(engine, one->person, &theirs, &any, err);
  if (rc) return rc;
  if (mine && theirs && strcmp(mine, theirs) != 0)
    return conflict(
        engine, event,
        md_arena_printf(
            engine->arena,
            "the event names two people: its %s is known as person %lld's, the rest of it as person %lld's; "
            "they were not joined",
            one->identity.kind, (long long)one->person, (long long)*person),
        err);
  return md_join(engine, person, one->person, event->seq, err);
}

// A weak identity of somebody else joins only a person who has no strong one (P2).
static int meet_weak(md_engine *engine, const seen *one, int64_t *person, md_event *event, md_error *err) {
  const char *first = NULL;
  bool any = false;
  int rc = md_strong_of(engine, one->person, &first, &any, err);
  return rc || any ? rc : md_join(engine, person, one->person, event->seq, err);
}

// An identity that nobody has yet. The first strong kind is given to a person once only.
static int attach(md_engine *engine, const seen *one, int64_t person, md_error *err) {
  int rc = md_people_add_identity(engine->store, person, one->identity, err);
  return rc == MD_EEXISTS || rc == MD_ETOOBIG ? 0 : rc;
}

// An event whose first strong identity is new, while another one is known: the known person gets it when they have none
// of that kind; otherwise they are two people, and the event belongs to a new one (P2).
static int owner_of_new_first(md_engine *engine, const seen *all, int count, int64_t *person, md_error *err) {
  *person = 0;
  for (int i = 1; i < count && *person == 0; i++) {
    if (!all[i].identity.strong || all[i].person == 0) continue;
    const char *first = NULL;
    bool any = false;
    int rc = md_strong_of(engine, all[i].person, &first, &any, err);
    if (rc) return rc;
    if (!first) *person = all[i].person;
  }
  return 0;
}

static int owner(md_engine *engine, const seen *all, int count, int64_t *person, md_error *err) {
  *person = all[0].person;
  if (*person != 0 || !all[0].identity.strong) return 0;
  if (strcmp(all[0].identity.kind, md_plan_strong(engine->plan)[0]) == 0)
    return owner_of_new_first(engine, all, count, person, err);
  for (int i = 1; i < count && *person == 0; i++)
    if (all[i].identity.strong) *person = all[i].person;
  return 0;
}

static int create(md_engine *engine, const seen *all, int count, int64_t *person, md_error *err) {
  md_identity fresh[SEEN_MAX];
  int fresh_count = 0;
  for (int i = 0; i < count; i++)
    if (all[i].person == 0) fresh[fresh_count++] = all[i].identity;
  return md_people_insert(engine->store, fresh, fresh_count, engine->now, person, err);
}

static int meet(md_engine *engine, const seen *one, md_event *event, bool created, md_error *err) {
  if (one->person == 0) return created ? 0 : attach(engine, one, event->person, err);
  int64_t other = 0;
  int rc = md_people_canonical(engine->store, one->person, &other, err);
  if (rc || other == event->person) return rc;
  seen now = {one->identity, other};
  return one->identity.strong ? meet_strong(engine, &now, &event->person, event, err)
                              : meet_weak(engine, &now, &event->person, event, err);
}

int md_identify(md_engine *engine, md_event *event, md_error *err) {
  seen all[SEEN_MAX];
  int count = 0;
  engine->joined_count = 0;
  int rc = collect(engine, event, all, &count, err);
  if (rc || count == 0) return rc;
  rc = owner(engine, all, count, &event->person, err);
  bool created = rc == 0 && event->person == 0;
  if (created) rc = create(engine, all, count, &event->person, err);
  for (int i = 0; rc == 0 && i < count; i++)
    rc = meet(engine, &all[i], event, created, err);
  return rc;
}

int md_same_person(md_engine *engine, int64_t a, int64_t b, bool *same, md_error *err) {
  *same = a == b;
  if (*same || a == 0 || b == 0) return 0;
  int64_t first = 0, second = 0;
  int rc = md_people_canonical(engine->store, a, &first, err);
  if (rc == 0) rc = md_people_canonical(engine->store, b, &second, err);
  *same = rc == 0 && first == second;
  return rc;
}
