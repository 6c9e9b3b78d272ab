// SPDX-License-Identifier: Apache-2.0
// How an operator lets go what is held back of a moment: rows, runs, and triggers that failed (S5, S6, T2).
#include "engine/operator.h"
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

int md_trigger_again(md_engine *engine, md_moment *moment, int64_t seq, md_error *err) {
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

// Those that fail again come after `share->after`, and are left for the next time.
static int redrive_triggers(md_engine *engine, md_moment *moment, md_share *share, md_micros started, md_error *err) {
  int64_t id = 0, event = 0;
  while (!md_share_is_over(engine, share, started)) {
    int rc = md_failed_trigger_next(engine->store, moment->name, id, &id, &event, err);
    share->done = rc == MD_ENOTFOUND || (rc == 0 && id > share->after);
    if (rc || share->done) return share->done ? 0 : rc;
    rc = md_failed_trigger_delete(engine->store, id, err);
    if (rc == 0) rc = md_trigger_again(engine, moment, event, err);
    if (rc) return rc;
    share->count++;
  }
  return 0;
}

// What is done once: rows, counts, held runs; and which triggers are meant.
static int begin(md_engine *engine, md_moment *moment, md_share *share, md_error *err) {
  release at = {.engine = engine, .moment = moment->name};
  int done = 0;
  int rc = release_rows(&at, err);
  if (rc == 0) rc = md_strikes_clear(engine, moment->live->version, err);
  if (rc == 0) rc = retry_held(engine, moment->name, &done, err);
  if (rc == 0) rc = md_failed_trigger_newest(engine->store, moment->name, &share->after, err);
  share->done = rc == MD_ENOTFOUND;
  share->count = at.count + done;
  return share->done ? 0 : rc;
}

int md_engine_redrive(md_engine *engine, const char *name, md_share *share, md_error *err) {
  md_clock *clock = engine->options.clock;
  md_micros started = clock->monotonic(clock);
  md_moment *moment = md_moment_find(engine, name);
  share->count = 0;
  share->done = false;
  if (!moment || !moment->live) return md_error_set(err, MD_ENOTFOUND, "there is no moment %s that takes runs", name);
  int rc = share->after ? 0 : begin(engine, moment, share, err);
  return rc ? rc : redrive_triggers(engine, moment, share, started, err);
}
