// SPDX-License-Identifier: Apache-2.0
// Turns and versions that are held back; redrive.c lets them go.
#include "engine/quarantine.h"
#include "base/alloc.h"
#include "base/digest.h"
#include "base/log.h"
#include "engine/state.h"
#include "engine/watch.h"
#include <string.h>

static const char held_reason[] =
    "quarantined: the process ended in this turn; after a fix: momentd quarantine redrive";

void md_held_deinit(md_held *held) {
  md_free(held->rows);
  *held = (md_held){0};
}

static int keep(void *context, const md_quarantine *row) {
  md_held *held = context;
  md_quarantine *grown = md_realloc(held->rows, ((size_t)held->count + 1) * sizeof *grown);
  if (!grown) return MD_ENOMEM;
  held->rows = grown;
  grown[held->count] = *row;
  grown[held->count].moment = grown[held->count].event_id = grown[held->count].detail = NULL;
  held->count++;
  return 0;
}

// Read anew after each change and each batch that was rolled back.
static int know(md_engine *engine, md_error *err) {
  if (engine->held.known) return 0;
  engine->held.count = 0;
  int rc = md_quarantine_list(engine->store, keep, &engine->held, err);
  engine->held.known = rc == 0;
  return rc;
}

uint64_t md_quarantine_event(const md_engine *engine) {
  const md_event *event = engine->current;
  if (!event) return 0;
  return md_hash64(md_hash64(1, event->source, strlen(event->source)), event->id, strlen(event->id));
}

int md_quarantine_holds(md_engine *engine, int64_t version, int64_t run, bool *held, md_error *err) {
  *held = false;
  int rc = know(engine, err);
  if (rc || engine->held.count == 0) return rc;
  int64_t event = (int64_t)md_quarantine_event(engine);
  for (int i = 0; i < engine->held.count && !*held; i++) {
    const md_quarantine *row = &engine->held.rows[i];
    *held = row->kind == MD_QUARANTINE_TURN && row->version == version && row->event == event && row->run == run;
  }
  return 0;
}

int md_quarantine_stopped(md_engine *engine, int64_t version, bool *stopped, md_error *err) {
  *stopped = false;
  int rc = know(engine, err);
  for (int i = 0; rc == 0 && i < engine->held.count && !*stopped; i++)
    *stopped = engine->held.rows[i].kind == MD_QUARANTINE_VERSION && engine->held.rows[i].version == version;
  return rc;
}

static int alarm(md_engine *engine, const md_quarantine *row, const char *cause, md_error *err) {
  md_loaded *loaded = NULL;
  if (md_loaded_get(engine, row->version, &loaded, NULL)) loaded = NULL;
  const char *type = row->kind == MD_QUARANTINE_TURN ? "run.quarantined" : "version.stopped";
  json_t *data = json_pack("{s:s, s:s*, s:s*, s:s*}", "moment", row->moment, "version", loaded ? loaded->digest : NULL,
                           "event", cause, "message", row->detail);
  if (data && row->run) json_object_set_new(data, "run", json_integer(row->run));
  return md_alarm(engine, type, row->moment, row->version, data, err);
}

static int hold(md_engine *engine, const md_watch_note *note, md_error *err) {
  const char *detail =
      note->run ? md_arena_printf(engine->arena, "the process ended in a turn of run %lld", (long long)note->run)
                : "the process ended in the first turn of a run, or in its trigger's where";
  if (!detail) return md_error_set(err, MD_ENOMEM, "out of memory");
  md_quarantine row = {.kind = MD_QUARANTINE_TURN,
                       .at = engine->timekeeper.at,
                       .event = (int64_t)note->event,
                       .run = note->run,
                       .version = note->version,
                       .moment = note->moment,
                       .event_id = note->event_id[0] ? note->event_id : NULL,
                       .detail = detail};
  int rc = md_quarantine_insert(engine->store, &row, err);
  if (rc == 0) rc = md_incidents_insert(engine->store, "quarantined", 0, note->run, note->moment, row.at, err);
  if (rc == 0) rc = alarm(engine, &row, row.event_id, err);
  return rc ? rc : md_store_emitted(engine, err);
}

int md_quarantine_start(md_engine *engine, md_error *err) {
  const md_watch_note *note = engine->options.watch ? md_watch_before(engine->options.watch) : NULL;
  if (!note) return 0;
  md_log(MD_LOG_ERROR, "engine", "the process before ended in a turn: it is held back", "moment", note->moment, "event",
         note->event_id, "run", md_log_int(note->run), NULL);
  int rc = md_store_begin(engine->store, err);
  if (rc) return rc;
  md_arena *scope = md_json_scope(engine->arena);
  engine->now = engine->timekeeper.at;
  rc = hold(engine, note, err);
  md_json_scope(scope);
  if (rc == 0) return md_store_commit(engine->store, err);
  md_store_rollback(engine->store);
  return rc;
}

static int stop(md_engine *engine, md_quarantine *row, md_error *err) {
  md_log(MD_LOG_ERROR, "engine", "a version starts no more runs: fix the script, or momentd quarantine redrive",
         "moment", row->moment, "why", row->detail, NULL);
  engine->held.known = false;
  int rc = md_quarantine_insert(engine->store, row, err);
  if (rc == 0)
    rc = md_incidents_insert(engine->store, "version_stopped", engine->current->seq, 0, row->detail, engine->now, err);
  return rc ? rc : alarm(engine, row, engine->current->type, err);
}

// `why`: of a run that was parked, or a trigger that failed; else NULL.
static int count(md_engine *engine, int64_t version, const char *moment, const char *why, md_error *err) {
  int touched = 0, parked = 0;
  bool stopped = false;
  if (!engine->current) return 0;
  int rc = md_strikes_add(engine, version, engine->current->type, why, &touched, &parked, err);
  if (rc || !why || parked < MD_STRIKES || parked * 2 <= touched) return rc;
  rc = md_quarantine_stopped(engine, version, &stopped, err);
  if (rc || stopped) return rc;
  const char *detail =
      md_arena_printf(engine->arena, "%d of %d runs that %s touched within an hour failed, the last by %s", parked,
                      touched, engine->current->type, why);
  if (!detail) return md_error_set(err, MD_ENOMEM, "out of memory");
  md_quarantine row = {
      .kind = MD_QUARANTINE_VERSION, .at = engine->now, .version = version, .moment = moment, .detail = detail};
  return stop(engine, &row, err);
}

int md_quarantine_count(md_engine *engine, const md_run *run, md_error *err) {
  bool parked = run->state == MD_RUN_PARKED;
  return count(engine, run->version, run->moment, parked ? run->reason ? run->reason : "an error" : NULL, err);
}

int md_quarantine_count_where(md_engine *engine, const md_moment *moment, const char *why, md_error *err) {
  return count(engine, moment->live->version, moment->name, why, err);
}

const char *md_quarantine_reason(void) {
  return held_reason;
}
