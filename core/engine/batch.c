// SPDX-License-Identifier: Apache-2.0
// One batch: what has come in is one transaction, answered after its commit (B1, B2).
#include "base/alloc.h"
#include "base/log.h"
#include "engine/calling.h"
#include "engine/secrets.h"
#include "store/vault.h"

// What the engine knows beside the store, to be put back when the batch is rolled back.
typedef struct snapshot {
  int64_t last_event;
  bool pending, offering, heavy, calls_recovered;
  md_retention_place retention;
} snapshot;

static snapshot remember(const md_engine *engine) {
  return (snapshot){engine->last_event, engine->pending,         engine->offering,
                    engine->heavy,      engine->calls_recovered, engine->retention.at};
}

static void put_back(md_engine *engine, snapshot old) {
  engine->last_event = old.last_event;
  engine->pending = old.pending;
  engine->offering = old.offering;
  engine->heavy = old.heavy;
  engine->calls_recovered = old.calls_recovered;
  engine->linked_count = 0;
  engine->schedule_known = false;
  engine->retention.at = old.retention;
  engine->emitted = NULL;
  engine->current = NULL;
  engine->request = NULL;
  engine->held.known = false;
  engine->strikes.known = false;
  engine->unneeded.count = 0;
}

static int take_events(md_engine *engine, md_submission *submission, int *items, md_error *err) {
  engine->request = submission->request;
  for (int i = 0; i < submission->count; i++) {
    int rc = md_take_event(engine, &submission->events[i], &submission->statuses[i], err);
    if (rc) return rc;
    (*items)++;
  }
  engine->request = NULL;
  return 0;
}

// An act that fails for a reason of its own (no such run) is its submitter's business; one of storage is the batch's.
static bool storage_failed(int code) {
  return code == MD_EFULL || code == MD_EBUSY || code == MD_EIO || code == MD_ENOMEM || code == MD_ECORRUPT;
}

static int take_submission(md_engine *engine, md_submission *submission, int *items, md_error *err) {
  submission->code = 0;
  if (!submission->act) return take_events(engine, submission, items, err);
  (*items)++;
  submission->code = submission->act(submission, engine, &submission->error);
  if (!storage_failed(submission->code)) return 0;
  if (err) *err = submission->error;
  return submission->code;
}

// Takes submissions until the batch is full or old; `*last` is where those of the next batch begin.
static int take_all(md_engine *engine, md_submission *list, md_submission **rest, int *items, md_error *err) {
  md_micros started = engine->options.clock->monotonic(engine->options.clock);
  md_submission *at = list;
  for (; at; at = (md_submission *)at->node.next) {
    md_micros spent = engine->options.clock->monotonic(engine->options.clock) - started;
    if (*items >= MD_BATCH_ITEMS || spent > MD_BATCH_SPAN) break;
    int rc = take_submission(engine, at, items, err);
    if (rc) return rc;
  }
  *rest = at;
  return 0;
}

// Due before it, then what came, then due at it: the order of B1.
static int work(md_engine *engine, md_submission *list, md_submission **rest, bool hold, int *items, md_error *err) {
  int done = 0, fired = 0, scheduled = 0, advanced = 0, called = 0;
  int rc = md_advance_queued(engine, &advanced, err); // only what an earlier commit has (S3)
  if (rc == 0) rc = md_process_offers(engine, &fired, err);
  *items += fired;
  if (rc == 0) rc = md_process_pending(engine, MD_BATCH_ITEMS, &done, err);
  if (rc == 0) rc = md_calling_apply(engine, &called, err);
  if (rc == 0) rc = md_fire_due(engine, engine->now - 1, MD_BATCH_ITEMS, &fired, err);
  *items += done + fired + called;
  if (rc == 0) rc = md_fire_schedules(engine, engine->now - 1, &fired, err);
  *items += fired;
  if (rc == 0) rc = take_all(engine, list, rest, items, err);
  if (rc == 0 && !hold) rc = md_fire_schedules(engine, engine->now, &scheduled, err);
  if (rc == 0 && !hold) rc = md_fire_due(engine, engine->now, MD_BATCH_ITEMS, &fired, err);
  *items += (hold ? 0 : fired) + scheduled + advanced;
  if (rc == 0) rc = md_sweep_parked(engine, err);
  return rc ? rc : md_retention_step(engine, err);
}

static int finish(md_engine *engine, md_error *err) {
  const md_messenger *messenger = engine->options.messenger;
  int rc = messenger->claim(messenger->context, engine->store, engine->now, err); // emits the ends of messages
  if (rc == 0) rc = md_calling_claim(engine, err);
  if (rc == 0) rc = md_store_emitted(engine, err);
  if (rc == 0) rc = md_secrets_find_unneeded(engine, err);
  if (rc == 0) rc = md_settings_set_int(engine->store, "engine_time", engine->now, err);
  return rc ? rc : md_store_commit(engine->store, err);
}

static void answer(md_submission *list, const md_submission *end, int code, const md_error *err) {
  while (list != end) {
    md_submission *next = (md_submission *)list->node.next;
    if (code) {
      list->code = code;
      list->error = *err;
      for (int i = 0; i < list->count; i++)
        list->statuses[i] = MD_EVENT_UNAVAILABLE;
    }
    list->done(list);
    list = next;
  }
}

static md_submission *take_inbox(md_engine *engine) {
  md_submission *carried = engine->carried;
  engine->carried = NULL;
  return carried ? carried : (md_submission *)md_queue_take(engine->inbox, MD_BATCH_ITEMS);
}

static bool idle(md_engine *engine, const md_submission *list) {
  if (list || md_engine_is_behind(engine) || engine->heavy) return false;
  md_micros due = md_engine_next_due(engine);
  md_micros key = md_vault_due(engine->store);
  return (due == 0 || due > engine->now) && (key == 0 || key > engine->now);
}

static int fail(md_engine *engine, md_submission *list, int code, md_error *err) {
  if (md_store_in_transaction(engine->store)) md_store_rollback(engine->store);
  engine->options.messenger->rolled_back(engine->options.messenger->context);
  md_calling_rolled_back(engine);
  if (engine->ready)
    md_log(MD_LOG_ERROR, "engine", "a batch was rolled back; events are refused until the store takes writes again",
           "error", err->text[0] ? err->text : md_error_text(code), NULL);
  __atomic_store_n(&engine->ready, false, __ATOMIC_RELAXED);
  answer(list, NULL, code, err);
  return code;
}

int md_engine_batch(md_engine *engine, bool hold, md_error *err) {
  md_error own = {0};
  err = err ? err : &own;
  md_submission *list = take_inbox(engine), *rest = NULL;
  engine->now = md_timekeeper_tick(&engine->timekeeper);
  if (engine->ready && idle(engine, list)) return 0;
  snapshot old = remember(engine);
  md_arena *scope = md_json_scope(engine->arena);
  int items = 0;
  int rc = md_store_begin(engine->store, err);
  if (rc == 0) rc = work(engine, list, &rest, hold, &items, err);
  if (rc == 0) rc = finish(engine, err);
  if (rc) {
    put_back(engine, old);
    rc = fail(engine, list, rc, err);
  } else {
    if (!engine->ready) md_log(MD_LOG_INFO, "engine", "batches commit", NULL);
    __atomic_store_n(&engine->ready, true, __ATOMIC_RELAXED);
    engine->carried = rest;
    md_secrets_forget_unneeded(engine);
    engine->options.messenger->committed(engine->options.messenger->context);
    md_calling_committed(engine);
    answer(list, rest, 0, err);
  }
  md_arena_reset(engine->arena);
  md_json_scope(scope);
  md_vm_cache_trim(engine);
  return rc ? rc : items;
}
