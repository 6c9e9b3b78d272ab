// SPDX-License-Identifier: Apache-2.0
// Turns and versions that are held back, and their release.
#include "engine/quarantine.h"
#include "base/alloc.h"
#include "base/digest.h"
#include "base/log.h"
#include "engine/secrets.h"
#include "engine/state.h"
#include "engine/watch.h"
#include <string.h>

static const char held_reason[] =
    "quarantined: the process ended in this turn; after a fix: momentd quarantine redrive";

void md_held_deinit(md_held *held) {
  md_free(held->rows);
  md_free(held->strikes);
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

static int hold(md_engine *engine, const md_watch_note *note, md_error *err) {
  md_quarantine row = {.kind = MD_QUARANTINE_TURN,
                       .at = engine->timekeeper.at,
                       .event = (int64_t)note->event,
                       .run = note->run,
                       .version = note->version,
                       .moment = note->moment,
                       .event_id = note->event_id[0] ? note->event_id : NULL,
                       .detail = "the process ended in this turn"};
  int rc = md_quarantine_insert(engine->store, &row, err);
  if (rc == 0) rc = md_incidents_insert(engine->store, "quarantined", 0, note->run, note->moment, row.at, err);
  return rc;
}

int md_quarantine_start(md_engine *engine, md_error *err) {
  const md_watch_note *note = engine->options.watch ? md_watch_before(engine->options.watch) : NULL;
  if (!note) return 0;
  md_log(MD_LOG_ERROR, "engine", "the process before ended in a turn: it is held back", "moment", note->moment, "event",
         note->event_id, "run", md_log_int(note->run), NULL);
  int rc = md_store_begin(engine->store, err);
  if (rc) return rc;
  rc = hold(engine, note, err);
  if (rc == 0) return md_store_commit(engine->store, err);
  md_store_rollback(engine->store);
  return rc;
}

static md_strike *strike_of(md_engine *engine, const md_run *run) {
  md_held *held = &engine->held;
  if (!held->strikes) held->strikes = md_alloc_zero(MD_STRIKE_SLOTS * sizeof *held->strikes);
  if (!held->strikes) return NULL;
  const char *type = engine->current->type;
  uint64_t key = md_hash64((uint64_t)run->version, type, strlen(type)) | 1;
  md_strike *strike = &held->strikes[key >> 32 & (MD_STRIKE_SLOTS - 1)];
  if (strike->key != key || engine->now - strike->since >= MD_HOUR)
    *strike = (md_strike){.key = key, .since = engine->now};
  return strike;
}

static int stop(md_engine *engine, const md_run *run, const md_strike *strike, md_error *err) {
  const char *detail = md_arena_printf(engine->arena, "%d of %d runs that %s touched within an hour were parked",
                                       strike->parked, strike->touched, engine->current->type);
  if (!detail) return md_error_set(err, MD_ENOMEM, "out of memory");
  md_quarantine row = {.kind = MD_QUARANTINE_VERSION,
                       .at = engine->now,
                       .version = run->version,
                       .moment = run->moment,
                       .detail = detail};
  md_log(MD_LOG_ERROR, "engine", "a version starts no more runs: fix the script, or momentd quarantine redrive",
         "moment", run->moment, "why", detail, NULL);
  engine->held.known = false;
  int rc = md_quarantine_insert(engine->store, &row, err);
  if (rc == 0)
    rc = md_incidents_insert(engine->store, "version_stopped", engine->current->seq, run->id, detail, engine->now, err);
  return rc;
}

int md_quarantine_count(md_engine *engine, const md_run *run, md_error *err) {
  md_strike *strike = engine->current ? strike_of(engine, run) : NULL;
  if (!strike) return 0;
  strike->touched++;
  if (run->state != MD_RUN_PARKED) return 0;
  strike->parked++;
  bool stopped = false;
  if (strike->parked < MD_STRIKES || strike->parked * 2 <= strike->touched) return 0;
  int rc = md_quarantine_stopped(engine, run->version, &stopped, err);
  return rc || stopped ? rc : stop(engine, run, strike, err);
}

typedef struct release {
  md_engine *engine;
  const char *moment;
  int64_t *ids;
  int count;
} release;

static int note_row(void *context, const md_quarantine *row) {
  release *at = context;
  if (strcmp(row->moment, at->moment) != 0) return 0;
  int64_t *ids = md_arena_alloc(at->engine->arena, ((size_t)at->count + 1) * sizeof *ids);
  if (!ids) return MD_ENOMEM;
  if (at->count) memcpy(ids, at->ids, (size_t)at->count * sizeof *ids);
  at->ids = ids;
  ids[at->count++] = row->id;
  return 0;
}

static int release_rows(release *at, md_error *err) {
  int rc = md_quarantine_list(at->engine->store, note_row, at, err);
  for (int i = 0; rc == 0 && i < at->count; i++)
    rc = md_quarantine_delete(at->engine->store, at->ids[i], err);
  at->engine->held.known = false;
  if (rc == 0 && at->engine->held.strikes)
    memset(at->engine->held.strikes, 0, MD_STRIKE_SLOTS * sizeof *at->engine->held.strikes);
  return rc;
}

static int retry_held(md_engine *engine, const char *moment, int *done, md_error *err) {
  for (int64_t after = 0;;) {
    md_run run;
    int rc = md_runs_next_parked(engine->store, after, engine->arena, &run, err);
    if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
    after = run.id;
    if (strcmp(run.moment, moment) != 0 || !run.reason || strcmp(run.reason, held_reason) != 0) continue;
    rc = md_engine_retry_run(engine, run.id, err);
    if (rc) return rc;
    ++*done;
  }
}

static int trigger_again(md_engine *engine, md_moment *moment, int64_t seq, md_error *err) {
  md_event event;
  bool scheduled = false;
  int rc = md_events_get(engine->store, seq, engine->arena, &event, err);
  if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
  rc = md_secrets_data(engine, &event, &event.data, err);
  if (rc) return rc;
  engine->current = &event;
  engine->current_runs = md_runs_last_id(engine->store);
  rc = md_schedule_again(engine, &event, moment, &scheduled, err);
  if (rc == 0 && !scheduled) rc = md_trigger_moment(engine, &event, moment, err);
  engine->current = NULL;
  return rc;
}

static int redrive_triggers(md_engine *engine, md_moment *moment, int limit, int *done, md_error *err) {
  int64_t id = 0, event = 0, newest = 0; // those that fail again come after it
  int rc = md_failed_trigger_newest(engine->store, moment->name, &newest, err);
  for (int i = 0; rc == 0 && i < limit; i++) {
    rc = md_failed_trigger_next(engine->store, moment->name, id, &id, &event, err);
    if (rc || id > newest) return rc == MD_ENOTFOUND ? 0 : rc;
    rc = md_failed_trigger_delete(engine->store, id, err);
    if (rc == 0) rc = trigger_again(engine, moment, event, err);
    if (rc) return rc;
    ++*done;
  }
  return rc == MD_ENOTFOUND ? 0 : rc;
}

int md_engine_redrive(md_engine *engine, const char *moment, int *done, md_error *err) {
  *done = 0;
  md_moment *found = md_moment_find(engine, moment);
  if (!found || !found->live) return md_error_set(err, MD_ENOTFOUND, "there is no moment %s that takes runs", moment);
  release at = {.engine = engine, .moment = moment};
  int rc = release_rows(&at, err);
  *done = at.count;
  if (rc == 0) rc = retry_held(engine, moment, done, err);
  return rc ? rc : redrive_triggers(engine, found, MD_BATCH_ITEMS, done, err);
}

const char *md_quarantine_reason(void) {
  return held_reason;
}
