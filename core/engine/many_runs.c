// SPDX-License-Identifier: Apache-2.0
// Retrying and cancelling all runs of a moment, a share at a time.
#include "engine/operator.h"
#include "engine/state.h"
#include <string.h>

enum { WINDOW = 4096 }; // rows looked through between two looks at the clock

bool md_share_is_over(const md_engine *engine, const md_share *share, md_micros started) {
  md_clock *clock = engine->options.clock;
  return share->done || share->count >= share->limit || clock->monotonic(clock) - started > share->span;
}

static int begin(md_engine *engine, const char *moment, md_share *share, md_micros *started, md_error *err) {
  md_clock *clock = engine->options.clock;
  *started = clock->monotonic(clock);
  share->count = 0;
  share->done = false;
  return md_moment_find(engine, moment) ? 0 : md_error_set(err, MD_ENOTFOUND, "there is no moment %s", moment);
}

int md_engine_retry_runs(md_engine *engine, const char *moment, md_share *share, md_error *err) {
  md_micros started = 0;
  int rc = begin(engine, moment, share, &started, err);
  while (rc == 0 && !md_share_is_over(engine, share, started)) {
    md_run run;
    rc = md_runs_next_parked(engine->store, share->after, engine->arena, &run, err);
    share->done = rc == MD_ENOTFOUND;
    if (rc) return share->done ? 0 : rc;
    share->after = run.id;
    if (strcmp(run.moment, moment) != 0) continue;
    rc = md_engine_retry_run(engine, run.id, err);
    share->count++;
  }
  return rc;
}

// `after` is the lowest run that was looked at: further ones come before it.
int md_engine_cancel_runs(md_engine *engine, const char *moment, md_share *share, md_error *err) {
  md_micros started = 0;
  int rc = begin(engine, moment, share, &started, err);
  if (share->after == 0) share->after = md_runs_last_id(engine->store) + 1;
  while (rc == 0 && !md_share_is_over(engine, share, started)) {
    md_run run;
    int64_t from = share->after > WINDOW ? share->after - WINDOW : 0;
    rc = md_runs_last_live_of(engine->store, moment, from, share->after, engine->arena, &run, err);
    bool found = rc == 0;
    share->done = rc == MD_ENOTFOUND && from == 0;
    share->after = found ? run.id : from + 1;
    if (found) rc = md_engine_cancel_run(engine, run.id, "operator", err);
    if (rc == MD_ENOTFOUND) rc = 0;
    share->count += found;
  }
  return rc;
}
