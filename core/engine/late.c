// SPDX-License-Identifier: Apache-2.0
// Links that come late (P4): a thing was known before what it belongs to. Its earlier events and its runs are filed
// above it too, and the events are offered to the waits there, in order.
#include "engine/state.h"
#include <string.h>

// What stands above the thing now.
typedef struct above {
  md_key keys[MD_KEYS_MAX];
  int count;
  int64_t person;
} above;

static bool extend(md_key *keys, int *count, int64_t *person, const char *own, const above *above) {
  bool changed = false;
  for (int i = 0; i < above->count && *count < MD_KEYS_MAX; i++) {
    bool known = own && strcmp(own, above->keys[i].kind) == 0;
    for (int k = 0; k < *count && !known; k++)
      known = strcmp(keys[k].kind, above->keys[i].kind) == 0;
    if (known) continue;
    keys[(*count)++] = above->keys[i];
    changed = true;
  }
  if (*person || !above->person) return changed;
  *person = above->person;
  return true;
}

// A run that sees more than before may have its answer among it.
static int look_again(md_engine *engine, md_run *run, md_error *err) {
  md_wait_answer answer;
  bool found = false;
  if (run->state != MD_RUN_WAITING || !run->wait) return 0;
  int rc = md_find_answer(engine, run, &answer, &found, err);
  return rc || !found ? rc : md_advance(engine, run, &answer, 0, err);
}

static int file_runs(md_engine *engine, md_key thing, const above *above, md_error *err) {
  md_run run;
  for (int64_t after = 0;; after = run.id) {
    int rc = md_runs_next_live(engine->store, thing, after, INT64_MAX, engine->arena, &run, err);
    if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
    if (extend(run.keys, &run.key_count, &run.person, run.about.kind, above))
      rc = md_runs_relate(engine->store, &run, err);
    if (rc == 0) rc = look_again(engine, &run, err);
    if (rc) return rc;
  }
}

static int offer_earlier(md_engine *engine, md_key thing, int64_t before, const above *above, md_error *err) {
  md_event event;
  for (int64_t after = 0;; after = event.seq) {
    int rc = md_events_next_about(engine->store, thing, after, engine->arena, &event, err);
    if (rc == MD_ENOTFOUND || (rc == 0 && event.seq >= before)) return 0;
    bool changed = rc == 0 && extend(event.keys, &event.key_count, &event.person, NULL, above);
    if (changed) rc = md_events_relate(engine->store, &event, err);
    if (changed && rc == 0 && !(event.flags & MD_EVENT_HISTORY)) {
      engine->current = &event;
      engine->current_runs = md_runs_last_id(engine->store);
      rc = md_offer_event(engine, &event, err);
      engine->current = NULL;
    }
    if (rc) return rc;
  }
}

int md_link_late(md_engine *engine, const md_event *event, md_error *err) {
  int rc = 0;
  for (int i = 0; rc == 0 && i < engine->linked_count; i++) {
    md_key thing = engine->linked[i];
    above above = {0};
    rc = md_ancestors(engine, thing, above.keys, &above.count, &above.person, err);
    if (rc == 0) rc = file_runs(engine, thing, &above, err);
    if (rc == 0) rc = offer_earlier(engine, thing, event->seq, &above, err);
  }
  engine->linked_count = 0;
  return rc;
}
