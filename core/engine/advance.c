// SPDX-License-Identifier: Apache-2.0
// Moves runs on: turn after turn while what they wait for is there, later batches for what is too much for one, and the
// end of runs by cancelling, retrying, or after 30 days parked (R3, S3, T9).
#include "base/log.h"
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
    if (rc == 0 && run->state == MD_RUN_WAITING) rc = md_find_answer(engine, run, &next, &found, err);
    if (rc || run->state != MD_RUN_WAITING || !found)
      return rc ? rc : ended(run) ? md_trigger_next(engine, run, err) : 0;
    if (turns == MD_TURNS_PER_BATCH) {
      run->state = MD_RUN_QUEUED;
      engine->heavy = true;
      return md_save_run(engine, run, err);
    }
    answer = &next;
  }
}

// Ids of runs in a state, oldest last; filled by md_runs_list.
typedef struct ids {
  int64_t list[256];
  md_micros turn_at[256];
  int count;
} ids;

static int add_id(void *context, const md_run *run) {
  ids *found = context;
  if (run->state == MD_RUN_QUEUED && run->started_at == 0) return 0;
  found->turn_at[found->count] = run->turn_at;
  found->list[found->count++] = run->id;
  return found->count == 256;
}

static int in_state(md_engine *engine, md_run_state state, ids *out, md_error *err) {
  out->count = 0;
  int rc = md_runs_list(engine->store, &(md_run_filter){.state = state}, add_id, out, err);
  return rc > 0 ? 0 : rc;
}

// Takes a parked or queued run up where its last good turn left it.
static int take_up(md_engine *engine, md_run *run, md_error *err) {
  if (!run->wait) return md_advance(engine, run, NULL, MD_HEAVY_BUDGET, err);
  md_wait_answer answer;
  md_wait wait;
  bool found = false;
  int rc = md_find_answer(engine, run, &answer, &found, err);
  if (rc == 0) rc = md_wait_unpack(run->wait, run->wait_len, &wait);
  if (rc) return rc;
  if (!found) answer = (md_wait_answer){.result = MD_RESULT_TIMEOUT};
  if (found || wait.deadline <= engine->now) return md_advance(engine, run, &answer, MD_HEAVY_BUDGET, err);
  run->state = MD_RUN_WAITING;
  run->reason = NULL;
  run->due_at = wait.deadline;
  return md_save_run(engine, run, err);
}

int md_advance_queued(md_engine *engine, int *done, md_error *err) {
  ids queued;
  *done = 0;
  if (!engine->heavy) return 0;
  int rc = in_state(engine, MD_RUN_QUEUED, &queued, err);
  engine->heavy = queued.count > QUEUED_PER_BATCH;
  for (int i = queued.count - 1; rc == 0 && i >= 0 && *done < QUEUED_PER_BATCH; i--, (*done)++) {
    md_run run;
    rc = md_runs_get(engine->store, queued.list[i], engine->arena, &run, err);
    if (rc == 0) rc = take_up(engine, &run, err);
  }
  return rc;
}

int md_sweep_parked(md_engine *engine, md_error *err) {
  if (engine->now - engine->swept < SWEEP_EVERY) return 0;
  engine->swept = engine->now;
  ids parked;
  int rc = in_state(engine, MD_RUN_PARKED, &parked, err);
  for (int i = 0; rc == 0 && i < parked.count; i++) {
    md_micros age = engine->now - parked.turn_at[i];
    if (age >= PARKED_MAX)
      rc = md_engine_cancel_run(engine, parked.list[i], "parked for 30 days", err);
    else if (age >= PARKED_ALARM)
      md_log(MD_LOG_ERROR, "engine", "a parked run will be cancelled within a week: fix its script and retry it", "run",
             md_log_int(parked.list[i]), NULL);
  }
  return rc;
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
