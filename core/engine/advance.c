// SPDX-License-Identifier: Apache-2.0
// Moves runs on: turn after turn while what they wait for is there, later batches for what is too much for one, and the
// end of runs by cancelling, retrying, or after 30 days parked (R3, S3, T9).
#include "base/log.h"
#include "engine/calling.h"
#include "engine/state.h"
#include <string.h>

enum { QUEUED_PER_BATCH = 16 };
#define PARKED_MAX (30 * MD_DAY)
#define PARKED_ALARM (23 * MD_DAY)
#define SWEEP_EVERY MD_HOUR

static bool ended(const md_run *run) {
  return run->state == MD_RUN_DONE || run->state == MD_RUN_CANCELLED;
}

int md_advance(md_engine *engine, md_run *run, const md_wait_answer *answer, int64_t budget, md_error *err) {
  md_wait_answer next;
  bool found = false;
  for (int turns = 0;; turns++) {
    int rc = md_turn(engine, run, answer, budget, err);
    bool continues = rc == MD_TURN_CONTINUES;
    if (rc == 0 && run->state == MD_RUN_WAITING) rc = md_find_answer(engine, run, &next, &found, err);
    if (rc < 0) return rc;
    if (!continues && (run->state != MD_RUN_WAITING || !found))
      return ended(run) ? md_trigger_next(engine, run, err) : 0;
    if (turns == MD_TURNS_PER_BATCH) {
      run->state = MD_RUN_QUEUED;
      engine->heavy = true;
      return md_save_run(engine, run, err);
    }
    answer = continues ? NULL : &next;
  }
}

// Takes a parked or queued run up where its last good turn left it.
static int take_up(md_engine *engine, md_run *run, md_error *err) {
  if (!run->wait) return md_advance(engine, run, NULL, MD_HEAVY_BUDGET, err);
  md_wait_answer answer;
  md_wait wait;
  bool found = false, skip = false;
  run->state = MD_RUN_WAITING;
  run->reason = NULL;
  int rc = md_find_answer(engine, run, &answer, &found, err);
  if (rc == 0 && run->state == MD_RUN_WAITING) rc = md_wait_unpack(run->wait, run->wait_len, &wait);
  if (rc || run->state != MD_RUN_WAITING) return rc; // its where failed
  run->due_at = md_wait_due(&wait);
  if (!found && run->due_at > engine->now) return md_save_run(engine, run, err);
  if (!found) rc = md_run_out(engine, run, &answer, &skip, err);
  return rc || skip ? rc : md_advance(engine, run, &answer, MD_HEAVY_BUDGET, err);
}

int md_advance_queued(md_engine *engine, int *done, md_error *err) {
  md_clock *clock = engine->options.clock;
  md_micros started = clock->monotonic(clock);
  int64_t after = 0;
  for (*done = 0; engine->heavy && *done < QUEUED_PER_BATCH;) {
    md_run run;
    if (*done > 0 && clock->monotonic(clock) - started > MD_BATCH_SPAN) return 0;
    int rc = md_runs_next_queued(engine->store, after, engine->arena, &run, err);
    if (rc == MD_ENOTFOUND) {
      engine->heavy = false;
      return 0;
    }
    after = run.id;
    bool behind = rc == 0 && run.started_at == 0; // queued for its key (T3), not for its budget
    if (rc == 0 && !behind) rc = take_up(engine, &run, err);
    if (rc) return rc;
    *done += !behind;
  }
  return 0;
}

static int judge_parked(md_engine *engine, const md_run *run, md_error *err) {
  md_micros age = engine->now - run->turn_at;
  if (age >= PARKED_MAX) return md_engine_cancel_run(engine, run->id, "parked for 30 days", err);
  if (age >= PARKED_ALARM)
    md_log(MD_LOG_ERROR, "engine", "a parked run will be cancelled within a week: fix its script and retry it", "run",
           md_log_int(run->id), "moment", run->moment, NULL);
  return 0;
}

int md_sweep_parked(md_engine *engine, md_error *err) {
  if (engine->now - engine->swept < SWEEP_EVERY) return 0;
  engine->swept = engine->now;
  for (int64_t after = 0;;) {
    md_run run;
    int rc = md_runs_next_parked(engine->store, after, engine->arena, &run, err);
    if (rc == MD_ENOTFOUND) return 0;
    after = run.id;
    if (rc == 0) rc = judge_parked(engine, &run, err);
    if (rc) return rc;
  }
}

int md_engine_cancel_run(md_engine *engine, int64_t id, const char *reason, md_error *err) {
  md_run run;
  int rc = md_runs_get(engine->store, id, engine->arena, &run, err);
  if (rc == MD_ENOTFOUND) return md_error_set(err, MD_ENOTFOUND, "there is no run %lld", (long long)id);
  if (rc) return rc;
  if (ended(&run))
    return md_error_set(err, MD_ECONFLICT, "run %lld has ended already (%s)", (long long)id,
                        md_run_state_name(run.state));
  run.state = MD_RUN_CANCELLED;
  run.reason = reason;
  run.ended_at = engine->now;
  run.due_at = 0;
  rc = md_save_run(engine, &run, err);
  if (rc == 0) rc = md_messages_withdraw(engine->store, id, reason, engine->now, err);
  if (rc == 0) rc = md_calls_withdraw(engine->store, id, engine->now, err);
  bool frees = rc == 0 && strcmp(reason, "restarted") != 0;
  return frees ? md_trigger_next(engine, &run, err) : rc;
}

int md_engine_retry_run(md_engine *engine, int64_t id, md_error *err) {
  md_run run;
  int rc = md_runs_get(engine->store, id, engine->arena, &run, err);
  if (rc == MD_ENOTFOUND) return md_error_set(err, MD_ENOTFOUND, "there is no run %lld", (long long)id);
  if (rc) return rc;
  if (run.state != MD_RUN_PARKED)
    return md_error_set(err, MD_ECONFLICT, "run %lld is %s; only parked runs are retried", (long long)id,
                        md_run_state_name(run.state));
  const md_moment *moment = md_moment_find(engine, run.moment);
  if (moment && moment->live) run.version = moment->live->version;
  return take_up(engine, &run, err);
}
