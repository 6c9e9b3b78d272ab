// SPDX-License-Identifier: Apache-2.0
// Outgoing calls between rows and caller: claimed at a batch's end, tried again with backoff, answered (H1).
#include "engine/calling.h"
#include "base/alloc.h"
#include "base/digest.h"
#include "base/log.h"
#include <string.h>

enum { CLAIMS_A_BATCH = 64 };
#define PAUSE_FIRST (2 * MD_SECOND)
#define PAUSE_LONGEST MD_MINUTE

// Where an attempt is (md_call_attempt.stage).
enum {
  CLAIMED, // written as attempting, not committed
  FLYING,  // the caller's
  BACK,    // its end is to be applied
  APPLIED, // the end is written, not committed
};

static void drop(md_call_attempt **link) {
  md_call_attempt *attempt = *link;
  *link = attempt->next;
  if (attempt->body.data) explicit_bzero(attempt->body.data, attempt->body.len); // it may have secrets
  md_buffer_deinit(&attempt->body);
  md_arena_free(attempt->arena);
}

void md_calling_free(md_engine *engine) {
  while (engine->calls)
    drop(&engine->calls);
  if (engine->calls_back) md_queue_free(engine->calls_back);
}

void md_engine_call_finished(md_engine *engine, md_call_attempt *attempt) {
  md_queue_push_always(engine->calls_back, &attempt->node);
}

static bool worth_another(const md_call_attempt *attempt) {
  static const int passing[] = {408, 425, 429, 500, 502, 503, 504};
  if (attempt->end != MD_CALL_END_ANSWER)
    return attempt->end == MD_CALL_END_NETWORK || attempt->end == MD_CALL_END_TIMEOUT;
  for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
    if (attempt->status == passing[i]) return true;
  return false;
}

// 2, 8, 32 s …, a quarter more or less, so that many that failed together do not come together again.
static md_micros pause_after(const md_call_attempt *attempt, int attempts) {
  md_micros pause = PAUSE_FIRST;
  uint32_t random = 0;
  for (int i = 1; i < attempts && pause < PAUSE_LONGEST; i++)
    pause *= 4;
  if (attempt->retry_after > 0) pause = attempt->retry_after * MD_SECOND;
  if (pause > PAUSE_LONGEST) pause = PAUSE_LONGEST;
  md_random_bytes(&random, sizeof random);
  return pause * 3 / 4 + (md_micros)((double)pause / 2 * random / UINT32_MAX);
}

static void log_end(const md_call *call, const char *what) {
  md_log(call->state == MD_CALL_FAILED ? MD_LOG_WARN : MD_LOG_INFO, "engine", what, "run", md_log_int(call->run),
         "moment", call->moment, "connection", call->connection, "attempt", md_log_int(call->attempts), "status",
         call->status ? md_log_int(call->status) : NULL, NULL);
}

static int end_call(md_engine *engine, md_call *call, const md_call_attempt *attempt, md_error *err) {
  bool failed = false;
  int rc = md_call_judge(engine, attempt, call, &failed, err);
  if (rc) return rc;
  call->state = failed ? MD_CALL_FAILED : MD_CALL_ANSWERED;
  call->final_at = engine->now;
  log_end(call, failed ? "a call failed" : "a call was answered");
  return 0;
}

static int settle(md_engine *engine, md_call *call, const md_call_attempt *attempt, md_error *err) {
  call->status = attempt->status;
  call->detail = attempt->detail[0] ? md_arena_strdup(engine->arena, attempt->detail) : NULL;
  if (attempt->end == MD_CALL_END_UNSENT) {
    call->attempts--;
    call->state = MD_CALL_QUEUED;
  } else if (worth_another(attempt) && call->attempts < call->attempts_max) {
    call->state = MD_CALL_QUEUED;
    call->due_at = engine->now + pause_after(attempt, call->attempts);
    log_end(call, "a call is tried again");
  } else {
    int rc = end_call(engine, call, attempt, err);
    if (rc) return rc;
  }
  return md_calls_update(engine->store, call, err);
}

static bool final(const md_call *call) {
  return call->state == MD_CALL_ANSWERED || call->state == MD_CALL_FAILED;
}

// The run that waits for it goes on; a parked one finds the answer when it is retried.
static int wake_run(md_engine *engine, const md_call *call, md_error *err) {
  md_run run;
  md_wait_answer answer;
  bool found = false;
  int rc = md_runs_get(engine->store, call->run, engine->arena, &run, err);
  if (rc || run.state != MD_RUN_WAITING || run.steps != call->step) return rc == MD_ENOTFOUND ? 0 : rc;
  rc = md_find_answer(engine, &run, &answer, &found, err);
  return rc || !found ? rc : md_advance(engine, &run, &answer, 0, err);
}

static int apply_one(md_engine *engine, md_call_attempt *attempt, md_error *err) {
  md_call call;
  int rc = md_calls_get(engine->store, attempt->call.id, engine->arena, &call, err);
  attempt->stage = APPLIED;
  if (rc || call.state != MD_CALL_ATTEMPTING) return rc == MD_ENOTFOUND ? 0 : rc; // withdrawn meanwhile
  rc = settle(engine, &call, attempt, err);
  return rc || !final(&call) ? rc : wake_run(engine, &call, err);
}

static int recover(md_engine *engine, md_error *err) {
  if (engine->calls_recovered) return 0;
  engine->calls_recovered = true;
  return md_calls_requeue(engine->store, engine->now, err);
}

int md_calling_apply(md_engine *engine, int *done, md_error *err) {
  int rc = recover(engine, err);
  md_queue_node *node = md_queue_take(engine->calls_back, CLAIMS_A_BATCH);
  for (; node; node = node->next)
    ((md_call_attempt *)node)->stage = BACK; // the node is its first member
  *done = 0;
  for (md_call_attempt *at = engine->calls; at && rc == 0; at = at->next)
    if (at->stage == BACK) {
      rc = apply_one(engine, at, err);
      (*done)++;
    }
  return rc;
}

static int copy_texts(md_call_attempt *attempt, const md_call *call) {
  const char *const from[] = {call->moment, call->connection, call->method, call->path,
                              call->query,  call->key,        call->body,   call->save};
  const char **const to[] = {&attempt->call.moment, &attempt->call.connection, &attempt->call.method,
                             &attempt->call.path,   &attempt->call.query,      &attempt->call.key,
                             &attempt->call.body,   &attempt->call.save};
  attempt->call = *call;
  attempt->call.answer = attempt->call.detail = attempt->call.secret = NULL;
  attempt->call.sealed = NULL;
  for (size_t i = 0; i < sizeof to / sizeof to[0]; i++) {
    *to[i] = md_arena_strdup(attempt->arena, from[i]);
    if (from[i] && !*to[i]) return MD_ENOMEM;
  }
  return 0;
}

static md_call_attempt *attempt_new(const md_call *call) {
  md_arena *arena = md_arena_new(0);
  md_call_attempt *attempt = arena ? md_arena_alloc_zero(arena, sizeof *attempt) : NULL;
  if (attempt) {
    attempt->arena = arena;
    md_buffer_init(&attempt->body);
    if (copy_texts(attempt, call) == 0) return attempt;
  }
  if (arena) md_arena_free(arena);
  return NULL;
}

static int claim_one(md_engine *engine, md_call *call, md_error *err) {
  call->state = MD_CALL_ATTEMPTING;
  call->attempts++;
  int rc = md_calls_update(engine->store, call, err);
  if (rc) return rc;
  md_call_attempt *attempt = attempt_new(call);
  if (!attempt) return md_error_set(err, MD_ENOMEM, "out of memory while a call was claimed");
  attempt->stage = CLAIMED;
  attempt->next = engine->calls;
  engine->calls = attempt;
  return 0;
}

static int slots(const md_engine *engine) {
  const md_caller *caller = engine->options.caller;
  return caller ? caller->slots(caller->context) : 0;
}

int md_calling_claim(md_engine *engine, md_error *err) {
  int free = slots(engine);
  for (int i = 0; i < free && i < CLAIMS_A_BATCH; i++) {
    md_call call;
    int rc = md_calls_next_due(engine->store, engine->now, engine->arena, &call, err);
    if (rc == MD_ENOTFOUND) return 0;
    if (rc == 0) rc = claim_one(engine, &call, err);
    if (rc) return rc;
  }
  return 0;
}

// What is handed over may come back at once: it is touched no more afterwards.
static void submit(md_engine *engine, md_call_attempt *attempt) {
  const md_caller *caller = engine->options.caller;
  attempt->stage = FLYING;
  if (caller->submit(caller->context, attempt)) return;
  attempt->end = MD_CALL_END_UNSENT;
  md_engine_call_finished(engine, attempt);
}

void md_calling_committed(md_engine *engine) {
  for (md_call_attempt **link = &engine->calls; *link;) {
    if ((*link)->stage == APPLIED) {
      drop(link);
      continue;
    }
    md_call_attempt *attempt = *link;
    link = &attempt->next;
    if (attempt->stage == CLAIMED) submit(engine, attempt);
  }
}

void md_calling_rolled_back(md_engine *engine) {
  for (md_call_attempt **link = &engine->calls; *link;) {
    if ((*link)->stage == CLAIMED) {
      drop(link);
      continue;
    }
    if ((*link)->stage == APPLIED) (*link)->stage = BACK;
    link = &(*link)->next;
  }
}

md_micros md_calling_due_at(md_engine *engine) {
  if (md_queue_length(engine->calls_back) > 0) return 1;
  for (const md_call_attempt *at = engine->calls; at; at = at->next)
    if (at->stage == BACK) return 1;
  return slots(engine) > 0 ? md_calls_due_at(engine->store) : 0;
}

int md_calling_answer(md_engine *engine, const md_run *run, md_wait_answer *out, bool *found, md_error *err) {
  md_call call;
  *found = false;
  int rc = md_calls_of_step(engine->store, run->id, run->steps, engine->arena, &call, err);
  if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
  *found = final(&call);
  if (*found) *out = (md_wait_answer){.result = MD_RESULT_JSON, .json = call.answer, .depth = run->depth};
  return 0;
}
