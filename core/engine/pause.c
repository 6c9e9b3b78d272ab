// SPDX-License-Identifier: Apache-2.0
// Pausing a moment: its triggers become rows, in order, that are triggers again when it is resumed. Until the last of
// them is, new ones go to the end of the same line.
#include "engine/operator.h"
#include "engine/state.h"
#include "store/paused.h"
#include <string.h>

static int find(md_engine *engine, const char *name, bool paused, md_moment **out, md_error *err) {
  *out = md_moment_find(engine, name);
  if (!*out) return md_error_set(err, MD_ENOTFOUND, "there is no moment %s", name);
  if ((*out)->paused == paused) return 0;
  return md_error_set(err, MD_ECONFLICT, paused ? "%s is not paused" : "%s is paused already", name);
}

int md_engine_pause(md_engine *engine, const char *name, md_error *err) {
  md_moment *moment = NULL;
  int rc = find(engine, name, false, &moment, err);
  if (rc == 0) rc = md_moments_set_paused(engine->store, name, engine->now, err);
  if (rc == 0) moment->paused = true;
  return rc;
}

void md_engine_paused_settle(md_engine *engine, const char *name) {
  md_micros since = 0;
  md_moment *moment = md_moment_find(engine, name);
  if (moment && md_moments_paused_at(engine->store, name, &since, NULL) == 0) moment->paused = since != 0;
}

// Nothing can be given to a moment that was removed meanwhile, and nothing is dropped: with triggers that wait for it,
// it stays paused until it is back.
static int check_receiver(md_engine *engine, const md_moment *moment, md_error *err) {
  int64_t id = 0, event = 0;
  int rc = moment->live ? MD_ENOTFOUND : md_paused_trigger_next(engine->store, moment->name, 0, &id, &event, err);
  if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
  return md_error_set(err, MD_ECONFLICT,
                      "%s is not among the scripts any more, and triggers wait for it: bring it back (its files, or "
                      "momentd moments rollback), then resume it",
                      moment->name);
}

static int give_triggers(md_engine *engine, md_moment *moment, md_share *share, md_micros started, bool *all,
                         md_error *err) {
  int64_t id = 0, event = 0;
  *all = false;
  while (!*all && !md_share_is_over(engine, share, started)) {
    int rc = md_paused_trigger_next(engine->store, moment->name, id, &id, &event, err);
    *all = rc == MD_ENOTFOUND;
    if (rc) return *all ? 0 : rc;
    rc = md_paused_trigger_delete(engine->store, id, err);
    if (rc == 0) rc = md_trigger_again(engine, moment, event, err);
    if (rc) return rc;
    share->count++;
  }
  return 0;
}

// Runs that are queued for a key that nobody holds begin (T3).
static int begin_queued(md_engine *engine, const md_moment *moment, md_share *share, md_micros started, bool *all,
                        md_error *err) {
  for (*all = false; !md_share_is_over(engine, share, started);) {
    md_run run;
    int rc = md_runs_next_queued(engine->store, share->after, engine->arena, &run, err);
    *all = rc == MD_ENOTFOUND;
    if (rc) return *all ? 0 : rc;
    share->after = run.id;
    bool ours = run.started_at == 0 && strcmp(run.moment, moment->name) == 0;
    if (ours) rc = md_trigger_next(engine, &run, err);
    if (rc) return rc;
    share->count += ours;
  }
  return 0;
}

static int release_messages(md_engine *engine, const md_moment *moment, md_share *share, bool *all, md_error *err) {
  int64_t count = 0;
  int rc = md_messages_release(engine->store, moment->name, share->limit, &count, err);
  share->count += count;
  *all = count < share->limit;
  return rc;
}

static int resume(md_engine *engine, md_moment *moment, md_share *share, md_error *err) {
  md_clock *clock = engine->options.clock;
  md_micros started = clock->monotonic(clock);
  bool all = false;
  moment->paused = false; // for what is given to it here
  int rc = give_triggers(engine, moment, share, started, &all, err);
  if (rc == 0 && all) rc = begin_queued(engine, moment, share, started, &all, err);
  if (rc == 0 && all) rc = release_messages(engine, moment, share, &all, err);
  share->done = rc == 0 && all;
  moment->paused = !share->done;
  return rc;
}

int md_engine_resume(md_engine *engine, const char *name, md_share *share, md_error *err) {
  md_moment *moment = NULL;
  share->count = 0;
  share->done = false;
  int rc = find(engine, name, true, &moment, err);
  if (rc == 0) rc = check_receiver(engine, moment, err);
  if (rc == 0) rc = resume(engine, moment, share, err);
  return rc || !share->done ? rc : md_moments_set_paused(engine->store, name, 0, err);
}
