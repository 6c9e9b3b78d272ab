// SPDX-License-Identifier: Apache-2.0
// Steps of the event family: waits and emitted events.
#include "base/duration.h"
#include "engine/turn.h"
#include <string.h>

void md_step_wait(md_turn_state *turn, const md_step *step, uint32_t arguments, md_answer *answer) {
  md_arena *arena = turn->engine->arena;
  md_wait *wait = &turn->open;
  *wait = (md_wait){.kind = step->kind,
                    .name = md_arena_strdup(arena, step->name),
                    .file = md_arena_strdup(arena, step->file),
                    .line = step->line,
                    .arguments = arguments,
                    .opened_at = turn->now,
                    .deadline = turn->now + MD_DURATION_MAX};
  const json_t *within = json_object_get(step->args, step->kind == MD_STEP_SLEEP ? "for" : "within");
  const json_t *before = json_object_get(step->args, "before");
  if (json_is_number(within))
    wait->deadline = turn->now + md_step_micros(within);
  else if (json_is_number(before) && md_step_micros(before) < wait->deadline) // W7: 400 days at most
    wait->deadline = md_step_micros(before);
  size_t index;
  json_t *type;
  json_array_foreach(json_object_get(step->args, "types"), index, type) {
    if (wait->type_count == MD_WAIT_TYPES_MAX) {
      md_step_raise(answer, "wait_for takes at most %d types; wait for a family such as \"order.*\"",
                    MD_WAIT_TYPES_MAX);
      return;
    }
    wait->types[wait->type_count++] = md_arena_strdup(arena, json_string_value(type));
  }
  answer->kind = MD_ANSWER_SUSPEND;
  turn->waits = wait->name && wait->file;
  for (int i = 0; i < wait->type_count; i++)
    turn->waits &= wait->types[i] != NULL;
  if (!turn->waits) turn->code = MD_ENOMEM;
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
