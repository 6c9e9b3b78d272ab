// SPDX-License-Identifier: Apache-2.0
// Waits and their answers: which event a run sees (P5, P6), which one answers its open wait (W1), and timers.
#include "engine/state.h"
#include <stdlib.h>
#include <string.h>

enum { MEMBERS_MAX = 256, CANDIDATES_MAX = 4096 };

static const char *value_of(const md_key *keys, int count, const char *kind) {
  for (int i = 0; i < count; i++)
    if (strcmp(keys[i].kind, kind) == 0) return keys[i].value;
  return NULL;
}

int md_run_sees(md_engine *engine, const md_run *run, const md_event *event, bool *sees, md_error *err) {
  *sees = false;
  bool same = false;
  if (event->emitter_run == run->id && event->emitter_run != 0) // T4
    return 0;
  int rc = md_same_person(engine, run->person, event->person, &same, err);
  if (rc || (!same && run->person != 0 && event->person != 0)) // P6
    return rc;
  if (strcmp(run->about.kind, "person") == 0) {
    *sees = same && run->person != 0;
    return 0;
  }
  const char *value = value_of(event->keys, event->key_count, run->about.kind);
  if (value)
    *sees = strcmp(value, run->about.value) == 0;
  else
    *sees = same && run->person != 0 && !md_plan_carries(engine->plan, event->type, run->about.kind);
  return 0;
}

// Whether the event may answer this open wait, apart from what was consumed.
static int fits(md_engine *engine, const md_run *run, const md_wait *wait, const md_event *event, bool *yes,
                md_error *err) {
  *yes = false;
  if (event->flags & MD_EVENT_HISTORY || event->seq <= run->trigger_seq || event->received_at > wait->deadline ||
      !md_wait_wants(wait, event->type))
    return 0;
  return md_run_sees(engine, run, event, yes, err);
}

// The first event under `key` that answers the wait; `*best` is lowered to its seq when it is earlier.
static int search(md_engine *engine, const md_run *run, const md_wait *wait, md_key key, md_wait_answer *best,
                  md_error *err) {
  int64_t after = run->trigger_seq;
  md_event event;
  for (;;) {
    int rc = md_events_next_about(engine->store, key, after, engine->arena, &event, err);
    if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
    if (best->event_seq != 0 && event.seq >= best->event_seq) return 0;
    bool yes = false;
    rc = fits(engine, run, wait, &event, &yes, err);
    if (rc) return rc;
    if (yes && !md_journal_consumed(run->journal, run->journal_len, event.seq)) {
      *best = (md_wait_answer){MD_RESULT_EVENT, event.seq, event.depth};
      return 0;
    }
    after = event.seq;
  }
}

static int search_person(md_engine *engine, const md_run *run, const md_wait *wait, md_wait_answer *best,
                         md_error *err) {
  int64_t rows[MEMBERS_MAX], canonical = 0;
  int count = 0;
  int rc = md_people_canonical(engine->store, run->person, &canonical, err);
  if (rc == 0) rc = md_people_members(engine->store, canonical, rows, MEMBERS_MAX, &count, err);
  for (int i = 0; rc == 0 && i < count; i++) {
    char value[24];
    snprintf(value, sizeof value, "%lld", (long long)rows[i]);
    rc = search(engine, run, wait, (md_key){"person", value}, best, err);
  }
  return rc;
}

int md_find_answer(md_engine *engine, const md_run *run, md_wait_answer *out, bool *found, md_error *err) {
  *found = false;
  *out = (md_wait_answer){.result = MD_RESULT_EVENT};
  md_wait wait;
  if (engine->last_event <= run->trigger_seq) return 0;
  int rc = md_wait_unpack(run->wait, run->wait_len, &wait);
  if (rc || wait.type_count == 0) return rc;
  if (strcmp(run->about.kind, "person") != 0) rc = search(engine, run, &wait, run->about, out, err);
  if (rc == 0 && run->person) rc = search_person(engine, run, &wait, out, err);
  *found = rc == 0 && out->event_seq != 0;
  return rc;
}

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
    char value[24];
    snprintf(value, sizeof value, "%lld", (long long)rows[i]);
    rc = add_candidates(engine, (md_key){"person", value}, all, err);
  }
  if (all->count > 1) qsort(all->ids, (size_t)all->count, sizeof *all->ids, by_id);
  return rc;
}

static int offer(md_engine *engine, int64_t id, const md_event *event, md_error *err) {
  md_run run;
  md_wait wait;
  int rc = md_runs_get(engine->store, id, engine->arena, &run, err);
  if (rc || run.state != MD_RUN_WAITING || !run.wait) return rc;
  bool yes = false;
  rc = md_wait_unpack(run.wait, run.wait_len, &wait);
  if (rc == 0) rc = fits(engine, &run, &wait, event, &yes, err);
  if (rc || !yes || md_journal_consumed(run.journal, run.journal_len, event->seq)) return rc;
  md_wait_answer answer = {MD_RESULT_EVENT, event->seq, event->depth};
  return md_advance(engine, &run, &answer, 0, err);
}

int md_offer_event(md_engine *engine, const md_event *event, md_error *err) {
  candidates all = {0};
  int rc = gather(engine, event, &all, err);
  for (int i = 0; rc == 0 && i < all.count; i++)
    if (i == 0 || all.ids[i] != all.ids[i - 1]) rc = offer(engine, all.ids[i], event, err);
  return rc;
}

int md_fire_due(md_engine *engine, md_micros until, int limit, int *fired, md_error *err) {
  for (*fired = 0; !engine->timekeeper.held && *fired < limit; (*fired)++) {
    md_run run;
    int rc = md_runs_next_due(engine->store, until, engine->arena, &run, err);
    if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
    md_wait_answer answer = {.result = MD_RESULT_TIMEOUT};
    rc = md_advance(engine, &run, &answer, 0, err);
    if (rc) return rc;
  }
  return 0;
}
