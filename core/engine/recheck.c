// SPDX-License-Identifier: Apache-2.0
// Replays each run in flight on the version that it is on (R1).
#include "engine/recheck.h"
#include "engine/rehearse.h"
#include <string.h>

static bool is_same(const char *a, const char *b) {
  return a == b || (a && b && strcmp(a, b) == 0);
}

// A run that waits must come to its wait again; one that waits for a turn of its own goes on to something new.
static bool fits(const md_run *run, const md_rehearsal *found) {
  if (run->state == MD_RUN_QUEUED) return found->fit == MD_FIT_FITS || found->fit == MD_FIT_ACTS;
  return found->fit == MD_FIT_FITS && is_same(found->recorded, found->attempted);
}

static int try_run(md_engine *engine, md_run *run, md_recheck *at, md_error *err) {
  md_wait_answer answer;
  const md_run as_it_was = *run;
  int rc = md_rehearse(engine, run, run->version, &at->found, &answer, err);
  if (rc) return rc;
  at->kind = fits(&as_it_was, &at->found) ? MD_RECHECK_FITS : MD_RECHECK_UNFIT;
  if (at->kind == MD_RECHECK_UNFIT && at->found.fit == MD_FIT_FITS) at->found.fit = MD_FIT_DIVERGES; // at its wait
  return 0;
}

// One that waits for its key has no journal: it begins on the version that is live then.
static bool has_begun(const md_run *run) {
  return run->state == MD_RUN_WAITING || run->started_at != 0;
}

static int look(md_engine *engine, md_recheck *at, md_error *err) {
  md_run run;
  int rc = md_runs_next_unended(engine->store, at->after, engine->arena, &run, err);
  at->done = rc == MD_ENOTFOUND;
  if (rc) return at->done ? 0 : rc;
  at->after = run.id;
  at->moment = run.moment;
  at->found = (md_rehearsal){.run = run.id, .from = run.version};
  at->kind = run.state == MD_RUN_PARKED ? MD_RECHECK_PARKED : MD_RECHECK_FITS;
  return run.state == MD_RUN_PARKED || !has_begun(&run) ? 0 : try_run(engine, &run, at, err);
}

int md_engine_recheck(md_engine *engine, md_recheck *at, md_error *err) {
  md_arena_reset(engine->arena);
  md_arena *scope = md_json_scope(engine->arena);
  int rc = look(engine, at, err);
  md_json_scope(scope);
  return rc;
}
