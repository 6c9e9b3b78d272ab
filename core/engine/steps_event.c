// SPDX-License-Identifier: Apache-2.0
// Steps about events that do not wait: what came before (W1, W6), the newest trigger (T3), and what is emitted (T4).
#include "engine/sight.h"
#include "engine/turn.h"
#include <string.h>

enum { PAST_MAX = 10000 };

static bool wanted(const json_t *types, const char *type) {
  size_t index;
  const json_t *at;
  json_array_foreach((json_t *)types, index, at) {
    if (md_type_matches(json_string_value(at), type)) return true;
  }
  return false;
}

// The event that stands for the newest by its own time; of several of one time the one that came last.
static bool newer(const md_event *event, const md_event *than) {
  return than->seq == 0 || event->time > than->time;
}

// Walks back from the newest. An event's own time is never later than when it was received, so the walk ends where
// nothing can be inside the window any more.
static int count_past(md_turn_state *turn, const md_sight *sight, const md_step *step, md_event *last, int64_t *count) {
  const json_t *types = json_object_get(step->args, "types"), *within = json_object_get(step->args, "within");
  md_micros since = within ? turn->now - md_step_micros(within) : INT64_MIN;
  int64_t before = INT64_MAX;
  md_event event;
  int rc;
  for (*count = 0; *count < PAST_MAX; before = event.seq) {
    rc = md_sight_last(sight, before, &event, &turn->error);
    if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
    if (event.received_at <= since) return 0;
    if (event.seq == turn->run->trigger_seq || event.time <= since || event.time > turn->now ||
        !wanted(types, event.type))
      continue;
    if (newer(&event, last)) *last = event;
    (*count)++;
  }
  return 0;
}

void md_step_past(md_turn_state *turn, const md_step *step, md_answer *answer) {
  const char *by = md_json_text(step->args, "by"), *value = NULL;
  md_sight sight;
  md_event last = {0};
  if (!md_step_takes_by(turn, "m:past", by, answer)) return;
  int rc = by ? md_sight_value(turn->engine, turn->run, &turn->trigger, by, &value, &turn->error) : 0;
  md_sight_init(&sight, turn->engine, turn->run, by, value);
  if (rc == 0) rc = md_sight_open(&sight, &turn->error);
  if (rc == 0) rc = count_past(turn, &sight, step, &last, &answer->count);
  if (rc == 0 && answer->count) rc = md_view(turn->engine, turn->plan, &last, &answer->event, &turn->error);
  answer->kind = MD_ANSWER_PAST;
  if (answer->count == 0) answer->event.seq = 0;
  if (rc) md_step_fail(turn, rc, answer);
}

static bool starts(const md_definition *definition, const char *type) {
  for (const char *const *on = definition->on; *on; on++)
    if (md_type_matches(*on, type)) return true;
  return false;
}

static int other_reason(void *context, const md_unmatched *row) {
  const md_turn_state *turn = context;
  return strcmp(row->moment, turn->run->moment) == 0 && strcmp(row->reason, "again") != 0;
}

// Whether an event that may start this moment did pass its where, and all that is checked before it: one that did not
// left a row that says so. One about a shared thing and no person is of another key (T3).
static int passed(md_turn_state *turn, const md_event *event, bool *yes) {
  *yes = false;
  if (turn->run->person && !event->person && md_plan_is_shared(turn->plan, turn->run->about.kind)) return 0;
  if (event->flags & (MD_EVENT_HISTORY | MD_EVENT_PENDING) || !starts(turn->definition, event->type)) return 0;
  int rc = md_unmatched_list(turn->engine->store, event->seq, INT32_MAX, other_reason, turn, &turn->error);
  *yes = rc == 0;
  return rc < 0 ? rc : 0;
}

void md_step_latest(md_turn_state *turn, md_answer *answer) {
  md_sight sight;
  md_event event;
  int64_t before = INT64_MAX;
  md_sight_init(&sight, turn->engine, turn->run, NULL, NULL);
  int rc = md_sight_open(&sight, &turn->error);
  for (bool found = false; rc == 0 && !found; before = event.seq) {
    rc = md_sight_last(&sight, before, &event, &turn->error);
    if (rc == MD_ENOTFOUND || (rc == 0 && event.seq <= turn->run->trigger_seq)) {
      event = turn->trigger;
      rc = 0;
      break;
    }
    if (rc == 0) rc = passed(turn, &event, &found);
  }
  if (rc == 0) rc = md_view(turn->engine, turn->plan, &event, &answer->event, &turn->error);
  answer->kind = MD_ANSWER_EVENT;
  answer->count = 1;
  if (rc) md_step_fail(turn, rc, answer);
}

void md_step_emit(md_turn_state *turn, const md_step *step, md_answer *answer) {
  char id[64];
  snprintf(id, sizeof id, "%lld:%d", (long long)turn->run->id, turn->step);
  const json_t *data = json_object_get(step->args, "data");
  const char *text = data ? md_step_text(turn, data) : NULL;
  if (data && !text) {
    md_step_fail(turn, MD_ENOMEM, answer);
    return;
  }
  md_emission *before = turn->engine->emitted;
  turn->engine->emitted = NULL;
  int rc = md_emit(turn->engine, turn->run, step->name, id, text, turn->run->depth + 1, &turn->error);
  if (turn->engine->emitted) {
    turn->engine->emitted->before = turn->emissions;
    turn->emissions = turn->engine->emitted;
  }
  turn->engine->emitted = before;
  if (rc == 0 && !(answer->value = json_string(id))) rc = MD_ENOMEM;
  if (rc) md_step_fail(turn, rc, answer);
}
