// SPDX-License-Identifier: Apache-2.0
// Which moments an event starts: type, max_age, about, where, again, in this order (T1–T4).
#include "base/duration.h"
#include "base/log.h"
#include "engine/state.h"
#include "store/paused.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse(md_engine *engine, const md_event *event, const md_moment *moment, const char *reason,
                  const char *detail, md_error *err) {
  return md_unmatched_insert(engine->store, event->seq, moment->name, reason, detail, engine->now, err);
}

// The trigger is kept: what decides about it is asked when the moment is resumed. Of one schedule only the last is
// (T7).
static int keep_for_later(md_engine *engine, const md_event *event, const md_moment *moment, const char *schedule,
                          md_error *err) {
  int rc = schedule ? md_paused_trigger_forget(engine->store, moment->name, schedule, err) : 0;
  return rc ? rc : refuse(engine, event, moment, "paused", schedule, err);
}

static bool wanted(const md_definition *definition, const char *type) {
  for (const char *const *on = definition->on; *on; on++)
    if (md_type_matches(*on, type)) return true;
  return false;
}

static md_micros max_age(const md_engine *engine, const md_definition *definition) {
  if (definition->max_age >= 0) return definition->max_age;
  return engine->options.trigger_age_max ? engine->options.trigger_age_max : MD_DAY;
}

// How old the event is, and by which limit that is too old.
static int refuse_old(md_engine *engine, const md_event *event, const md_moment *moment,
                      const md_definition *definition, md_error *err) {
  char age[24], limit[24];
  const char *from = definition->max_age >= 0          ? "the moment's max_age"
                     : engine->options.trigger_age_max ? "the setting max_age"
                                                       : "the default of max_age";
  md_micros old = engine->now - event->time;
  md_duration_format(old - old % MD_SECOND, age);
  md_duration_format(max_age(engine, definition), limit);
  const char *detail = md_arena_printf(engine->arena, "it was %s old, the limit is %s by %s", age, limit, from);
  return detail ? refuse(engine, event, moment, "max_age", detail, err) : MD_ENOMEM;
}

static int refuse_about(md_engine *engine, const md_event *event, const md_moment *moment,
                        const md_definition *definition, md_error *err) {
  if (!definition->about || strcmp(definition->about, "person") == 0)
    return refuse(engine, event, moment, "about", "it names no person", err);
  const char *detail = md_arena_printf(engine->arena, "it names no %s", definition->about);
  return detail ? refuse(engine, event, moment, "about", detail, err) : MD_ENOMEM;
}

// What a run would be about: the event's thing of the moment's kind, else its person.
static bool about_key(md_engine *engine, const md_event *event, const md_definition *definition, md_key *out) {
  if (!definition->about && md_alarm_is(event)) {
    *out = event->keys[0];
    return true;
  }
  if (!definition->about || strcmp(definition->about, "person") == 0) {
    *out = (md_key){"person", md_arena_strdup(engine->arena, md_log_int(event->person))};
    return event->person != 0;
  }
  for (int i = 0; i < event->key_count; i++)
    if (strcmp(event->keys[i].kind, definition->about) == 0) {
      *out = event->keys[i];
      return true;
    }
  return false;
}

// The live runs of one moment and key: the one that holds the key (after a join there may be two: the newer, P3), and
// how many are queued behind it.
typedef struct holders {
  md_run holder; // id 0: the key is free
  md_run next_queued;
  int queued;
} holders;

static bool is_queued(const md_run *run) {
  return run->state == MD_RUN_QUEUED && run->started_at == 0;
}

static void add_holder(const md_run *run, holders *out) {
  if (is_queued(run)) {
    if (out->queued++ == 0 || run->id < out->next_queued.id) out->next_queued = *run;
  } else if (run->id > out->holder.id) {
    out->holder = *run;
  }
}

// Whose key is looked for.
typedef struct sought {
  const char *moment;
  md_key about;
  bool of_nobody; // only runs without a person
} sought;

// `filed`: the key that the runs are looked for under.
static int add_holders(md_engine *engine, const sought *key, md_key filed, holders *out, md_error *err) {
  md_run run;
  for (int64_t after = 0;; after = run.id) {
    int rc = md_runs_next_live(engine->store, filed, after, INT64_MAX, engine->arena, &run, err);
    if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
    bool same = strcmp(run.moment, key->moment) == 0 && strcmp(run.about.kind, key->about.kind) == 0 &&
                strcmp(run.about.value, key->about.value) == 0 && !(key->of_nobody && run.person);
    if (same) add_holder(&run, out);
  }
}

// A person's key is that of all rows joined to them (P3). Of a thing that people share, each has a key of their own
// (T3).
static int find_holders(md_engine *engine, const char *moment, md_key about, int64_t person, holders *out,
                        md_error *err) {
  md_members rows;
  memset(out, 0, sizeof *out);
  bool own = strcmp(about.kind, "person") == 0, shared = md_plan_is_shared(engine->plan, about.kind);
  sought key = {moment, about, shared && !person};
  if (!own && !(shared && person)) return add_holders(engine, &key, about, out, err);
  int rc = md_people_rows(engine->store, own ? atoll(about.value) : person, engine->arena, &rows, err);
  for (int i = 0; rc == 0 && i < rows.count; i++) {
    char value[24];
    snprintf(value, sizeof value, "%lld", (long long)rows.ids[i]);
    md_key filed = {"person", value};
    if (own) key.about = filed;
    rc = add_holders(engine, &key, filed, out, err);
  }
  return rc;
}

// The run's things above what it is about, and its person where only they lead to one.
static int place_above(md_engine *engine, md_run *run, const md_event *event, md_error *err) {
  int64_t person = 0;
  if (strcmp(run->about.kind, MD_ABOUT_SCHEDULE) == 0) return 0;
  if (strcmp(run->about.kind, "person") == 0) {
    run->person = event->person;
    return 0;
  }
  const md_plan_thing *kind = md_plan_thing_of(engine->plan, run->about.kind);
  if (event->person && kind && strcmp(kind->of, "person") == 0) {
    run->person = event->person;
    return 0;
  }
  int rc = md_ancestors(engine, run->about, run->keys, &run->key_count, &person, err);
  run->person = event->person ? event->person : person;
  return rc;
}

// What its trigger carries of things that people share leads to no person: events about them reach the run by this
// alone.
static void place_beside(const md_engine *engine, md_run *run, const md_event *event) {
  for (int i = 0; i < event->key_count && run->key_count < MD_KEYS_MAX; i++) {
    bool known = strcmp(run->about.kind, event->keys[i].kind) == 0;
    for (int k = 0; k < run->key_count && !known; k++)
      known = strcmp(run->keys[k].kind, event->keys[i].kind) == 0;
    if (!known && md_plan_is_shared(engine->plan, event->keys[i].kind)) run->keys[run->key_count++] = event->keys[i];
  }
}

static int place(md_engine *engine, md_run *run, const md_event *event, md_error *err) {
  int rc = place_above(engine, run, event, err);
  if (rc == 0) place_beside(engine, run, event);
  return rc;
}

static int start(md_engine *engine, const md_event *event, const md_moment *moment, md_key about, bool queued,
                 md_error *err) {
  md_run run = {.id = md_runs_last_id(engine->store) + 1,
                .moment = moment->name,
                .version = moment->live->version,
                .state = MD_RUN_QUEUED,
                .about = about,
                .trigger_seq = event->seq,
                .started_at = queued ? 0 : engine->now,
                .turn_at = engine->now,
                .depth = event->depth};
  int rc = place(engine, &run, event, err);
  if (rc) return rc;
  return queued ? md_save_run(engine, &run, err) : md_advance(engine, &run, NULL, 0, err);
}

static int again(md_engine *engine, const md_event *event, const md_moment *moment, md_key about, md_error *err) {
  const md_definition *definition = moment->live->definition;
  if (definition->again == MD_AGAIN_PARALLEL) return start(engine, event, moment, about, false, err);
  holders holders;
  int rc = find_holders(engine, moment->name, about, event->person, &holders, err);
  if (rc) return rc;
  if (holders.holder.id == 0 && holders.queued == 0) return start(engine, event, moment, about, false, err);
  bool own = event->emitter_run != 0 && event->emitter_run == holders.holder.id; // T4
  if (definition->again == MD_AGAIN_SKIP || own)
    return refuse(engine, event, moment, "again", own ? "emitted by the run itself" : NULL, err);
  if (definition->again == MD_AGAIN_QUEUE) {
    if (holders.queued >= MD_QUEUE_PER_KEY)
      return refuse(engine, event, moment, "again", "100 are queued for this key already", err);
    return start(engine, event, moment, about, true, err);
  }
  rc = md_engine_cancel_run(engine, holders.holder.id, "restarted", err);
  return rc ? rc : start(engine, event, moment, about, false, err);
}

// A definition outlives its VM: most events are no trigger, and need none.
static int know(md_engine *engine, md_loaded *live, md_error *err) {
  return live->definition ? 0 : md_loaded_use(engine, live, err);
}

static int check_where(md_engine *engine, const md_event *event, md_moment *moment, bool *pass, md_error *err) {
  *pass = true;
  if (!moment->live->definition->has_where) return 0;
  md_event_view view;
  const md_plan *plan = NULL;
  int rc = md_loaded_plan(engine, moment->live, &plan, err);
  if (rc == 0) rc = md_view(engine, plan, event, &view, err);
  if (rc) return rc;
  md_error why = {0};
  bool held = false;
  rc = md_quarantine_holds(engine, moment->live->version, 0, &held, err);
  if (rc == 0 && !held) rc = md_loaded_use(engine, moment->live, err);
  *pass = false;
  if (md_is_fault_of_version(rc)) return refuse(engine, event, moment, "error", err->text, err);
  if (rc || held) return rc ? rc : refuse(engine, event, moment, "error", md_quarantine_reason(), err);
  md_watch_begin(engine->options.watch, md_quarantine_event(engine), 0, moment->live->version, moment->name, event->id);
  rc = md_vm_where(moment->live->vm, &view, pass, &why);
  md_watch_end(engine->options.watch);
  if (rc == 0) return *pass ? 0 : refuse(engine, event, moment, "where", NULL, err);
  *pass = false;
  md_log(MD_LOG_ERROR, "engine", "where failed", "moment", moment->name, "event", event->id, "error", why.text, NULL);
  rc = refuse(engine, event, moment, "error", why.text, err);
  return rc ? rc : md_quarantine_count_where(engine, moment, why.text, err);
}

static int emitted_too_much(md_engine *engine, const md_event *event, const md_moment *moment, bool *stop,
                            md_error *err) {
  const char *reason = NULL;
  if (event->depth >= MD_EMIT_DEPTH)
    reason = "depth";
  else if (event->emitter_run && !md_rate_allow(&engine->rate, moment->name, event->person, engine->now))
    reason = "rate";
  *stop = reason != NULL;
  if (!reason) return 0;
  md_log(MD_LOG_ERROR, "engine", "emitted events start no more runs", "moment", moment->name, "event", event->id,
         "reason", reason, NULL);
  return refuse(engine, event, moment, reason, NULL, err);
}

static int consider(md_engine *engine, const md_event *event, md_moment *moment, md_error *err) {
  int rc = know(engine, moment->live, err);
  if (md_is_fault_of_version(rc)) return refuse(engine, event, moment, "error", err->text, err);
  if (rc) return rc;
  const md_definition *definition = moment->live->definition;
  if (!wanted(definition, event->type)) return 0;
  if (moment->paused) return keep_for_later(engine, event, moment, NULL, err);
  bool stopped = false;
  rc = md_quarantine_stopped(engine, moment->live->version, &stopped, err);
  if (rc || stopped) return rc ? rc : refuse(engine, event, moment, "error", "the version is stopped (S6)", err);
  if (event->time < engine->now - max_age(engine, definition))
    return refuse_old(engine, event, moment, definition, err);
  md_key about;
  if (!about_key(engine, event, definition, &about)) return refuse_about(engine, event, moment, definition, err);
  bool pass = false, stop = false;
  rc = check_where(engine, event, moment, &pass, err);
  if (rc || !pass) return rc;
  rc = emitted_too_much(engine, event, moment, &stop, err);
  return rc || stop ? rc : again(engine, event, moment, about, err);
}

// The default max_age is for what people did: a report that was missed over a weekend is still wanted.
int md_trigger_scheduled(md_engine *engine, const md_event *event, md_moment *moment, md_key about, md_error *err) {
  bool pass = false;
  if (moment->paused) return keep_for_later(engine, event, moment, about.value, err);
  int rc = know(engine, moment->live, err);
  if (md_is_fault_of_version(rc)) return refuse(engine, event, moment, "error", err->text, err);
  if (rc) return rc;
  const md_definition *definition = moment->live->definition;
  if (definition->max_age >= 0 && event->time < engine->now - definition->max_age)
    return refuse_old(engine, event, moment, definition, err);
  bool stopped = false;
  rc = md_quarantine_stopped(engine, moment->live->version, &stopped, err);
  if (rc || stopped) return rc ? rc : refuse(engine, event, moment, "error", "the version is stopped (S6)", err);
  rc = check_where(engine, event, moment, &pass, err);
  return rc || !pass ? rc : again(engine, event, moment, about, err);
}

int md_trigger_moment(md_engine *engine, const md_event *event, md_moment *moment, md_error *err) {
  return consider(engine, event, moment, err);
}

int md_trigger(md_engine *engine, const md_event *event, md_error *err) {
  for (int i = 0; i < engine->moment_count; i++) {
    int rc = engine->moments[i].live ? consider(engine, event, &engine->moments[i], err) : 0;
    if (rc) return rc;
  }
  return 0;
}

static int start_queued(md_engine *engine, md_run *run, const md_definition *definition, bool *started, md_error *err) {
  md_event event;
  int rc = md_events_get(engine->store, run->trigger_seq, engine->arena, &event, err);
  if (rc) return rc;
  *started = event.time >= engine->now - max_age(engine, definition);
  if (!*started) {
    run->state = MD_RUN_CANCELLED;
    run->reason = "max_age";
    run->ended_at = engine->now;
    return md_save_run(engine, run, err);
  }
  run->started_at = run->turn_at = engine->now;
  return md_advance(engine, run, NULL, 0, err);
}

int md_trigger_next(md_engine *engine, const md_run *ended, md_error *err) {
  md_moment *moment = md_moment_find(engine, ended->moment);
  if (!moment || !moment->live || moment->paused) return 0;
  int rc = know(engine, moment->live, err);
  const md_definition *definition = rc ? NULL : moment->live->definition;
  if (!definition || definition->again != MD_AGAIN_QUEUE) return 0;
  holders holders;
  bool started = false;
  while (!started) {
    rc = find_holders(engine, ended->moment, ended->about, ended->person, &holders, err);
    if (rc || holders.holder.id != 0 || holders.queued == 0) return rc;
    holders.next_queued.version = moment->live->version;
    rc = start_queued(engine, &holders.next_queued, definition, &started, err);
    if (rc) return rc;
  }
  return 0;
}
