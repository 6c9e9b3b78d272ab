// SPDX-License-Identifier: Apache-2.0
// Goes through the runs in flight and moves those that fit (R4). What a call has done is committed with its batch; the
// next call goes on where it ended, from whatever process: there is nothing else to know.
#include "engine/migrate.h"
#include "engine/rehearse.h"
#include <string.h>

enum { WINDOW = 4096 }; // rows looked through between two looks at the clock

const char *md_fit_name(md_fit fit) {
  switch (fit) {
  case MD_FIT_FITS:
    return "fits";
  case MD_FIT_DIVERGES:
    return "diverges";
  case MD_FIT_ERRORS:
    return "errors";
  case MD_FIT_ACTS:
    return "would act at once";
  case MD_FIT_BUSY:
    return "busy";
  }
  return "?";
}

// A run that waits for its key to be free (T3) has not begun: it begins on the version that is live then.
static bool has_begun(const md_run *run) {
  return run->state == MD_RUN_WAITING || run->started_at != 0;
}

static int tell(const md_migration *migration, const md_rehearsal *run) {
  return migration->each ? migration->each(migration->context, run) : 0;
}

static int take_run(md_engine *engine, const md_migration *migration, md_run *run, md_error *err) {
  md_rehearsal result = {.run = run->id, .from = run->version, .fit = MD_FIT_BUSY};
  md_wait_answer answer;
  if (run->state == MD_RUN_QUEUED) return tell(migration, &result);
  int rc = md_rehearse(engine, run, migration->to, &result, &answer, err);
  if (rc) return rc;
  rc = tell(migration, &result);
  if (rc || migration->dry || result.fit != MD_FIT_FITS) return rc;
  return result.answered ? md_advance(engine, run, &answer, 0, err) : md_save_run(engine, run, err);
}

// The next run past migration->after, or none in the window: then `after` is the window's end.
static int next_run(md_engine *engine, md_migration *migration, md_run *run, bool *found, md_error *err) {
  md_flight flight = {migration->moment, migration->from, migration->to};
  int64_t last = md_runs_last_id(engine->store), end = migration->after + WINDOW;
  end = end < last ? end : last;
  int rc = md_runs_next_in_flight(engine->store, &flight, migration->after, end, engine->arena, run, err);
  *found = rc == 0;
  migration->after = rc ? end : run->id;
  migration->done = rc == MD_ENOTFOUND && end == last;
  return rc == MD_ENOTFOUND ? 0 : rc;
}

static int prepare(md_engine *engine, const md_migration *migration, md_error *err) {
  md_loaded *target = NULL;
  int rc = md_loaded_get(engine, migration->to, &target, err);
  if (rc) return rc;
  if (strcmp(target->moment, migration->moment) != 0)
    return md_error_set(err, MD_ENOTFOUND, "version %.12s is of %s, not of %s", target->digest, target->moment,
                        migration->moment);
  return md_loaded_use(engine, target, err);
}

int md_engine_migrate(md_engine *engine, md_migration *migration, md_error *err) {
  md_clock *clock = engine->options.clock;
  md_micros started = clock->monotonic(clock);
  int rc = prepare(engine, migration, err);
  migration->done = false;
  for (int tried = 0; rc == 0 && !migration->done && tried < migration->limit;) {
    md_run run;
    bool found = false;
    rc = next_run(engine, migration, &run, &found, err);
    if (rc == 0 && found && has_begun(&run)) rc = take_run(engine, migration, &run, err);
    tried += found;
    if (clock->monotonic(clock) - started > migration->span) break;
  }
  return rc;
}
