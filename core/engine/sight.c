// SPDX-License-Identifier: Apache-2.0
// What a run sees of the stream: which events are about it, and where they are filed (P5, P6).
#include "engine/sight.h"
#include "base/log.h"
#include <string.h>

static const char *value_of(const md_key *keys, int count, const char *kind) {
  for (int i = 0; i < count; i++)
    if (strcmp(keys[i].kind, kind) == 0) return keys[i].value;
  return NULL;
}

static bool is_person(const char *kind) {
  return strcmp(kind, "person") == 0;
}

int64_t md_wait_start(const md_run *run, const md_wait *wait) {
  return wait->after > run->trigger_seq ? wait->after : run->trigger_seq;
}

// Whether the event may answer the wait, whomever it is about.
static bool fits(const md_run *run, const md_wait *wait, const md_event *event) {
  return !(event->flags & MD_EVENT_HISTORY) && event->seq > md_wait_start(run, wait) &&
         event->received_at <= wait->deadline && md_wait_wants(wait, event->type);
}

int md_sight_sees(const md_sight *sight, const md_event *event, bool *sees, md_error *err) {
  md_engine *engine = sight->engine;
  const md_run *run = sight->run;
  *sees = false;
  bool same = false;
  if (sight->wait && !fits(run, sight->wait, event)) return 0;
  if (event->emitter_run == run->id && event->emitter_run != 0) // T4
    return 0;
  int rc = md_same_person(engine, run->person, event->person, &same, err);
  if (rc || (!same && run->person != 0 && event->person != 0)) // P6
    return rc;
  same &= run->person != 0;
  const char *value = is_person(sight->kind) ? NULL : value_of(event->keys, event->key_count, sight->kind);
  if (is_person(sight->kind))
    *sees = same;
  else if (value)
    *sees = sight->value && strcmp(value, sight->value) == 0;
  else
    *sees = same && !md_plan_carries(engine->plan, event->type, sight->kind);
  if (*sees && sight->wait) *sees = !md_journal_consumed(run->journal, run->journal_len, event->seq);
  return 0;
}

static int add_person(md_sight *sight, md_error *err) {
  md_engine *engine = sight->engine;
  md_members rows;
  int rc = md_people_rows(engine->store, sight->run->person, engine->arena, &rows, err);
  md_key *keys = rc ? NULL : md_arena_alloc(engine->arena, ((size_t)rows.count + 1) * sizeof *keys);
  if (!keys) return rc ? rc : md_error_set(err, MD_ENOMEM, "out of memory while a run's events were looked for");
  if (sight->key_count) keys[0] = sight->keys[0];
  for (int i = 0; i < rows.count; i++) {
    const char *value = md_arena_strdup(engine->arena, md_log_int(rows.ids[i]));
    if (!value) return md_error_set(err, MD_ENOMEM, "out of memory while a run's events were looked for");
    keys[sight->key_count++] = (md_key){"person", value};
  }
  sight->keys = keys;
  return 0;
}

void md_sight_init(md_sight *sight, md_engine *engine, const md_run *run, const char *by, const char *by_value) {
  *sight = (md_sight){.engine = engine, .run = run, .kind = run->about.kind, .value = run->about.value};
  if (by) sight->kind = by, sight->value = by_value;
}

void md_sight_of_wait(md_sight *sight, md_engine *engine, const md_run *run, const md_wait *wait) {
  const char *value = wait->by_value;
  if (wait->by && !value) value = value_of(run->keys, run->key_count, wait->by); // a link that came since (P4)
  md_sight_init(sight, engine, run, wait->by, value);
  sight->wait = wait;
}

int md_sight_open(md_sight *sight, md_error *err) {
  sight->key_count = 0;
  if (!is_person(sight->kind) && sight->value) {
    sight->thing = (md_key){sight->kind, sight->value};
    sight->keys = &sight->thing;
    sight->key_count = 1;
  }
  return sight->run->person ? add_person(sight, err) : 0;
}

// The nearest event under one key past `from`; `order` 1 goes to newer ones, -1 to older ones.
static int walk(const md_sight *sight, md_key key, int64_t from, int order, md_event *best, md_error *err) {
  md_engine *engine = sight->engine;
  for (md_event event;; from = event.seq) {
    bool sees = false;
    int rc = order > 0 ? md_events_next_about(engine->store, key, from, engine->arena, &event, err)
                       : md_events_last_about(engine->store, key, from, engine->arena, &event, err);
    if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
    if (best->seq != 0 && (event.seq - best->seq) * order >= 0) return 0;
    rc = md_sight_sees(sight, &event, &sees, err);
    if (rc) return rc;
    if (!sees) continue;
    *best = event;
    return 0;
  }
}

static int nearest(const md_sight *sight, int64_t from, int order, md_event *out, md_error *err) {
  out->seq = 0;
  for (int i = 0; i < sight->key_count; i++) {
    int rc = walk(sight, sight->keys[i], from, order, out, err);
    if (rc) return rc;
  }
  return out->seq ? 0 : MD_ENOTFOUND;
}

int md_sight_next(const md_sight *sight, int64_t after, md_event *out, md_error *err) {
  return nearest(sight, after, 1, out, err);
}

int md_sight_last(const md_sight *sight, int64_t before, md_event *out, md_error *err) {
  return nearest(sight, before, -1, out, err);
}

int md_sight_value(md_engine *engine, const md_run *run, const md_event *trigger, const char *kind, const char **out,
                   md_error *err) {
  md_key above[MD_KEYS_MAX];
  int count = 0;
  int64_t person = 0;
  *out = strcmp(run->about.kind, kind) == 0 ? run->about.value : value_of(run->keys, run->key_count, kind);
  if (*out || is_person(kind)) return 0;
  int rc = md_ancestors(engine, run->about, above, &count, &person, err); // a link may have come since the run began
  if (rc) return rc;
  *out = value_of(above, count, kind);
  if (!*out) *out = value_of(trigger->keys, trigger->key_count, kind);
  return 0;
}
