// SPDX-License-Identifier: Apache-2.0
// An event goes to the runs that wait for it: those filed under what it is about, each once, oldest first. After 64
// that it woke the rest is left to later batches, as a row (T8).
#include "base/log.h"
#include "engine/sight.h"

enum { WOKEN_MAX = 64, LOOKED_AT_MAX = 1024 };

// The next run under each key of an event.
typedef struct heads {
  md_key *keys;
  int64_t *ids; // INT64_MAX: no more
  int count;
} heads;

static int add_people(md_engine *engine, const md_members *rows, heads *all, md_error *err) {
  for (int i = 0; i < rows->count; i++) {
    const char *value = md_arena_strdup(engine->arena, md_log_int(rows->ids[i]));
    if (!value) return md_error_set(err, MD_ENOMEM, "out of memory while an event was offered");
    all->keys[all->count++] = (md_key){"person", value};
  }
  return 0;
}

static int open_heads(md_engine *engine, const md_event *event, int64_t after, heads *all, md_error *err) {
  md_members rows;
  int rc = md_people_rows(engine->store, event->person, engine->arena, &rows, err);
  if (rc) return rc;
  size_t room = (size_t)event->key_count + (size_t)rows.count + 1;
  all->keys = md_arena_alloc(engine->arena, room * sizeof *all->keys);
  all->ids = md_arena_alloc(engine->arena, room * sizeof *all->ids);
  if (!all->keys || !all->ids) return md_error_set(err, MD_ENOMEM, "out of memory while an event was offered");
  for (int i = 0; i < event->key_count; i++)
    all->keys[all->count++] = event->keys[i];
  rc = add_people(engine, &rows, all, err);
  for (int i = 0; i < all->count; i++)
    all->ids[i] = after; // to be moved on
  return rc;
}

// The lowest id past `after` under any of the keys; INT64_MAX when there is none.
static int next_run(md_engine *engine, heads *all, int64_t after, int64_t before, int64_t *id, md_error *err) {
  *id = INT64_MAX;
  for (int i = 0; i < all->count; i++) {
    if (all->ids[i] <= after) {
      md_run run;
      int rc = md_runs_next_live(engine->store, all->keys[i], after, before, engine->arena, &run, err);
      if (rc && rc != MD_ENOTFOUND) return rc;
      all->ids[i] = rc ? INT64_MAX : run.id;
    }
    if (all->ids[i] < *id) *id = all->ids[i];
  }
  return 0;
}

static int accepted(md_engine *engine, md_run *run, const md_wait *wait, const md_event *event, bool *yes,
                    md_error *err) {
  *yes = true;
  return wait->where ? md_judge(engine, run, wait, &event->seq, 1, true, yes, err) : 0;
}

// Looks through all that is stored, where the event may not be the first that answers.
static int answer_anew(md_engine *engine, md_run *run, md_error *err) {
  md_wait_answer answer;
  bool found = false;
  int rc = md_find_answer(engine, run, &answer, &found, err);
  return rc || !found ? rc : md_advance(engine, run, &answer, 0, err);
}

static int offer_collection(md_engine *engine, md_run *run, md_wait *wait, const md_event *event, md_error *err) {
  int before = wait->gathered;
  int rc = md_collect_add(engine, wait, event, err);
  if (rc || wait->gathered == before) return rc;
  if (!md_collect_is_full(wait)) return md_collect_keep(engine, run, wait, err);
  md_wait_answer answer = md_collect_answer(wait);
  answer.depth = event->depth;
  return md_advance(engine, run, &answer, 0, err);
}

static int wake(md_engine *engine, md_run *run, md_wait *wait, const md_event *event, md_error *err) {
  bool yes = false;
  // Older events may still be on their way to this run, or this one is in the collection already: a queued run began
  // while it was offered.
  if (md_engine_is_behind(engine) || event->seq <= wait->last_seq) return answer_anew(engine, run, err);
  int rc = accepted(engine, run, wait, event, &yes, err);
  if (rc || !yes || run->state != MD_RUN_WAITING) return rc;
  if (wait->kind == MD_STEP_COLLECT) return offer_collection(engine, run, wait, event, err);
  md_wait_answer answer = {.result = MD_RESULT_EVENT, .event_seq = event->seq, .depth = event->depth};
  return md_advance(engine, run, &answer, 0, err);
}

static int offer(md_engine *engine, int64_t id, const md_event *event, bool *wakes, md_error *err) {
  md_run run;
  md_wait wait;
  md_sight sight;
  *wakes = false;
  int rc = md_runs_get(engine->store, id, engine->arena, &run, err);
  if (rc || run.state != MD_RUN_WAITING || !run.wait) return rc;
  rc = md_wait_unpack(run.wait, run.wait_len, &wait);
  md_sight_of_wait(&sight, engine, &run, &wait);
  if (rc == 0) rc = md_sight_sees(&sight, event, wakes, err);
  *wakes &= event->received_at <= md_wait_due(&wait);
  return rc || !*wakes ? rc : wake(engine, &run, &wait, event, err);
}

// Offers to the runs in after … before; what is left over stands in *after.
static int offer_some(md_engine *engine, const md_event *event, md_offer *range, bool *done, md_error *err) {
  heads all = {0};
  int woken = 0, rc = open_heads(engine, event, range->after, &all, err);
  *done = false;
  for (int looked_at = 0; rc == 0 && woken < WOKEN_MAX && looked_at < LOOKED_AT_MAX; looked_at++) {
    int64_t id;
    bool wakes = false;
    rc = next_run(engine, &all, range->after, range->before, &id, err);
    *done = rc == 0 && id == INT64_MAX;
    if (rc || *done) return rc;
    rc = offer(engine, id, event, &wakes, err);
    woken += wakes;
    range->after = id;
  }
  return rc;
}

int md_offer_event(md_engine *engine, const md_event *event, md_error *err) {
  md_offer range = {event->seq, 0, engine->current_runs + 1};
  bool done = false;
  int rc = offer_some(engine, event, &range, &done, err);
  if (rc || done) return rc;
  engine->offering = true;
  return md_offers_put(engine->store, &range, err);
}

int md_process_offers(md_engine *engine, int *done, md_error *err) {
  md_offer range;
  md_event event;
  bool whole = false;
  *done = 0;
  if (!engine->offering) return 0;
  int rc = md_offers_first(engine->store, &range, err);
  engine->offering = rc != MD_ENOTFOUND;
  if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
  rc = md_events_get(engine->store, range.event_seq, engine->arena, &event, err);
  if (rc == MD_ENOTFOUND) return md_offers_remove(engine->store, range.event_seq, err);
  if (rc) return rc;
  engine->current = &event;
  rc = offer_some(engine, &event, &range, &whole, err);
  engine->current = NULL;
  *done = 1;
  if (rc) return rc;
  return whole ? md_offers_remove(engine->store, range.event_seq, err) : md_offers_put(engine->store, &range, err);
}
