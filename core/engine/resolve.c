// SPDX-License-Identifier: Apache-2.0
// Answers of open waits: the events that are there already (W1), and time that runs out (W7).
#include "engine/calling.h"
#include "engine/sight.h"

enum { JUDGED_AT_ONCE = 256 };

static void answer_with(const md_event *event, md_wait_answer *out, bool *found) {
  *out = (md_wait_answer){.result = MD_RESULT_EVENT, .event_seq = event->seq, .depth = event->depth};
  *found = true;
}

// Asks the wait's where about all candidates from `after` on, many in one replay, until it accepts one (W4).
static int find_judged(md_sight *sight, md_run *run, int64_t after, md_wait_answer *out, bool *found, md_error *err) {
  md_engine *engine = sight->engine;
  int64_t seqs[JUDGED_AT_ONCE];
  bool accepted[JUDGED_AT_ONCE];
  md_event event;
  int rc = 0;
  while (rc == 0 && !*found && run->state == MD_RUN_WAITING) {
    int count = 0;
    while (count < JUDGED_AT_ONCE && (rc = md_sight_next(sight, after, &event, err)) == 0)
      after = seqs[count++] = event.seq;
    if (count == 0 || (rc && rc != MD_ENOTFOUND)) break;
    rc = md_judge(engine, run, sight->wait, seqs, count, true, accepted, err);
    for (int i = 0; rc == 0 && i < count && !*found && run->state == MD_RUN_WAITING; i++)
      if (accepted[i] && (rc = md_events_get(engine->store, seqs[i], engine->arena, &event, err)) == 0)
        answer_with(&event, out, found);
  }
  return rc == MD_ENOTFOUND ? 0 : rc;
}

static int find_collected(md_engine *engine, md_run *run, md_wait *wait, md_wait_answer *out, bool *found,
                          md_error *err) {
  int before = wait->gathered;
  int rc = md_collect_scan(engine, run, wait, err);
  if (rc || run->state != MD_RUN_WAITING) return rc;
  *found = md_collect_is_full(wait) || md_wait_due(wait) < engine->now;
  if (*found) *out = md_collect_answer(wait);
  return *found || wait->gathered == before ? 0 : md_collect_keep(engine, run, wait, err);
}

int md_find_answer(md_engine *engine, md_run *run, md_wait_answer *out, bool *found, md_error *err) {
  md_wait wait;
  md_sight sight;
  md_event event;
  *found = false;
  int rc = md_wait_unpack(run->wait, run->wait_len, &wait);
  if (rc == 0 && wait.kind == MD_STEP_HTTP) return md_calling_answer(engine, run, out, found, err);
  if (rc || wait.type_count == 0) return rc;
  int64_t after = md_wait_start(run, &wait);
  if (engine->last_event <= after) return 0;
  if (wait.kind == MD_STEP_COLLECT) return find_collected(engine, run, &wait, out, found, err);
  md_sight_of_wait(&sight, engine, run, &wait);
  rc = md_sight_open(&sight, err);
  if (rc == 0 && wait.where) return find_judged(&sight, run, after, out, found, err);
  if (rc == 0) rc = md_sight_next(&sight, after, &event, err);
  if (rc == 0) answer_with(&event, out, found);
  return rc == MD_ENOTFOUND ? 0 : rc;
}

int md_run_out(md_engine *engine, md_run *run, md_wait_answer *out, bool *skip, md_error *err) {
  md_wait wait;
  int rc = md_wait_unpack(run->wait, run->wait_len, &wait);
  if (rc) return md_error_set(err, rc, "the wait of run %lld is damaged", (long long)run->id);
  bool late = wait.late != MD_LATE_GO_ON && engine->now - md_wait_due(&wait) > wait.max_lateness;
  *skip = late && wait.late == MD_LATE_SKIP;
  *out = wait.kind == MD_STEP_COLLECT ? md_collect_answer(&wait)
                                      : (md_wait_answer){.result = late ? MD_RESULT_TRUE : MD_RESULT_TIMEOUT};
  out->late = late;
  return *skip ? md_engine_cancel_run(engine, run->id, "late", err) : 0;
}

static int fire(md_engine *engine, md_run *run, md_error *err) {
  md_wait_answer answer = {.result = MD_RESULT_TIMEOUT};
  bool skip = false, found = false;
  int rc = md_engine_is_behind(engine) ? md_find_answer(engine, run, &answer, &found, err) : 0;
  if (rc || run->state != MD_RUN_WAITING || run->due_at > engine->now) return rc; // parked, or it gathered more
  if (found) return md_advance(engine, run, &answer, 0, err);
  rc = md_run_out(engine, run, &answer, &skip, err);
  return rc || skip ? rc : md_advance(engine, run, &answer, 0, err);
}

int md_fire_due(md_engine *engine, md_micros until, int limit, int *fired, md_error *err) {
  md_clock *clock = engine->options.clock;
  md_micros started = clock->monotonic(clock);
  for (*fired = 0; !engine->timekeeper.held && *fired < limit; (*fired)++) {
    md_run run;
    if (*fired > 0 && clock->monotonic(clock) - started > MD_BATCH_SPAN) return 0; // it may come due again at once
    int rc = md_runs_next_due(engine->store, until, engine->arena, &run, err);
    if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
    rc = fire(engine, &run, err);
    if (rc) return rc;
  }
  return 0;
}
