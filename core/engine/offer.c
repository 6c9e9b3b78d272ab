// SPDX-License-Identifier: Apache-2.0
// An event goes to the runs that wait for it: those filed under what it is about, each once, oldest first.
#include "base/log.h"
#include "engine/sight.h"
#include <stdlib.h>

enum { MEMBERS_MAX = 256, CANDIDATES_MAX = 4096 };

// The ids of the live runs filed under what an event is about, ascending, each once.
typedef struct candidates {
  int64_t *ids;
  int count;
} candidates;

static int add_candidates(md_engine *engine, md_key key, candidates *all, md_error *err) {
  int64_t after = 0;
  md_run run;
  for (;;) {
    int rc = md_runs_next_live(engine->store, key, after, engine->current_runs + 1, engine->arena, &run, err);
    if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
    after = run.id;
    if (!all->ids) all->ids = md_arena_alloc(engine->arena, CANDIDATES_MAX * sizeof *all->ids);
    if (!all->ids || all->count == CANDIDATES_MAX)
      return md_error_set(err, MD_ENOMEM, "an event concerns more than %d runs", CANDIDATES_MAX);
    all->ids[all->count++] = run.id;
  }
}

static int by_id(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

static int gather(md_engine *engine, const md_event *event, candidates *all, md_error *err) {
  int rc = 0;
  for (int i = 0; rc == 0 && i < event->key_count; i++)
    rc = add_candidates(engine, event->keys[i], all, err);
  int64_t rows[MEMBERS_MAX];
  int count = 0;
  if (rc == 0 && event->person) rc = md_people_members(engine->store, event->person, rows, MEMBERS_MAX, &count, err);
  for (int i = 0; rc == 0 && i < count; i++) {
    rc = add_candidates(engine, (md_key){"person", md_log_int(rows[i])}, all, err);
  }
  if (all->count > 1) qsort(all->ids, (size_t)all->count, sizeof *all->ids, by_id);
  return rc;
}

static int accepted(md_engine *engine, md_run *run, const md_wait *wait, const md_event *event, bool *yes,
                    md_error *err) {
  *yes = true;
  return wait->where ? md_judge(engine, run, wait, &event->seq, 1, true, yes, err) : 0;
}

// An event that is in the collection already (a queued run began while it was being offered), or came in late before
// it.
static int gather_anew(md_engine *engine, md_run *run, md_error *err) {
  md_wait_answer answer;
  bool found = false;
  int rc = md_find_answer(engine, run, &answer, &found, err);
  return rc || !found ? rc : md_advance(engine, run, &answer, 0, err);
}

static int offer_collection(md_engine *engine, md_run *run, md_wait *wait, const md_event *event, md_error *err) {
  int before = wait->gathered;
  if (event->seq <= wait->last_seq) return gather_anew(engine, run, err);
  int rc = md_collect_add(engine, wait, event, err);
  if (rc || wait->gathered == before) return rc;
  if (!md_collect_is_full(wait)) return md_collect_keep(engine, run, wait, err);
  md_wait_answer answer = md_collect_answer(wait);
  answer.depth = event->depth;
  return md_advance(engine, run, &answer, 0, err);
}

static int offer(md_engine *engine, int64_t id, const md_event *event, md_error *err) {
  md_run run;
  md_wait wait;
  md_sight sight;
  bool yes = false;
  int rc = md_runs_get(engine->store, id, engine->arena, &run, err);
  if (rc || run.state != MD_RUN_WAITING || !run.wait) return rc;
  rc = md_wait_unpack(run.wait, run.wait_len, &wait);
  md_sight_of_wait(&sight, engine, &run, &wait);
  if (rc == 0) rc = md_sight_sees(&sight, event, &yes, err);
  if (rc == 0 && yes && wait.kind == MD_STEP_COLLECT && event->received_at > md_wait_due(&wait)) return 0;
  if (rc == 0 && yes) rc = accepted(engine, &run, &wait, event, &yes, err);
  if (rc || !yes || run.state != MD_RUN_WAITING) return rc;
  if (wait.kind == MD_STEP_COLLECT) return offer_collection(engine, &run, &wait, event, err);
  md_wait_answer answer = {.result = MD_RESULT_EVENT, .event_seq = event->seq, .depth = event->depth};
  return md_advance(engine, &run, &answer, 0, err);
}

int md_offer_event(md_engine *engine, const md_event *event, md_error *err) {
  candidates all = {0};
  int rc = gather(engine, event, &all, err);
  for (int i = 0; rc == 0 && i < all.count; i++)
    if (i == 0 || all.ids[i] != all.ids[i - 1]) rc = offer(engine, all.ids[i], event, err);
  return rc;
}
