// SPDX-License-Identifier: Apache-2.0
// How an operator lets go what is held back of a moment: rows, runs, and triggers that failed (S5, S6, T2).
#include "engine/quarantine.h"
#include "engine/secrets.h"
#include "engine/state.h"
#include <string.h>

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
  return rc;
}

static int retry_held(md_engine *engine, const char *moment, int *done, md_error *err) {
  for (int64_t after = 0;;) {
    md_run run;
    int rc = md_runs_next_parked(engine->store, after, engine->arena, &run, err);
    if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
    after = run.id;
    if (strcmp(run.moment, moment) != 0 || !run.reason || strcmp(run.reason, md_quarantine_reason()) != 0) continue;
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
  if (rc == 0) rc = md_strikes_clear(engine, found->live->version, err);
  if (rc == 0) rc = retry_held(engine, moment, done, err);
  return rc ? rc : redrive_triggers(engine, found, MD_BATCH_ITEMS, done, err);
}
