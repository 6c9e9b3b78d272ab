// SPDX-License-Identifier: Apache-2.0
// What each step does when the journal has no answer yet, by family; effects stay in the turn until it has ended well
// (B1).
#include "base/suggest.h"
#include "engine/turn.h"
#include <math.h>
#include <stdarg.h>
#include <string.h>

void md_step_fail(md_turn_state *turn, int code, md_answer *answer) {
  turn->code = code;
  answer->kind = MD_ANSWER_SUSPEND;
}

void __attribute__((format(printf, 2, 3))) md_step_raise(md_answer *answer, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(answer->error, sizeof answer->error, format, args);
  va_end(args);
  answer->kind = MD_ANSWER_RAISE;
}

bool md_step_takes_by(md_turn_state *turn, const char *what, const char *by, md_answer *answer) {
  int count = 0;
  if (!by || strcmp(by, "person") == 0 || strcmp(by, turn->run->about.kind) == 0) return true;
  if (md_plan_thing_of(turn->plan, by)) return true;
  const md_plan_thing *things = md_plan_things(turn->plan, &count);
  const char **kinds = md_arena_alloc(turn->engine->arena, sizeof *kinds * (size_t)(count + 2));
  if (!kinds) {
    md_step_fail(turn, MD_ENOMEM, answer);
    return false;
  }
  kinds[0] = "person";
  for (int i = 0; i < count; i++)
    kinds[i + 1] = things[i].kind;
  kinds[count + 1] = NULL;
  const char *near = md_suggest(by, kinds);
  md_step_raise(answer, "%s: by = '%s' is no kind of thing of the plan (events.lua); %s%s%s", what, by,
                near ? "did you mean '" : "write \"person\", or declare it there", near ? near : "", near ? "'?" : "");
  return false;
}

const char *md_step_text(md_turn_state *turn, const json_t *value) {
  md_buffer text;
  md_buffer_init(&text);
  md_json_write(&text, value);
  const char *copy = md_buffer_ok(&text) ? md_arena_strndup(turn->engine->arena, text.data, text.len) : NULL;
  md_buffer_deinit(&text);
  return copy;
}

md_micros md_step_micros(const json_t *number) {
  return (md_micros)llround(json_number_value(number) * 1e6);
}

void md_step_carry_out(md_turn_state *turn, const md_step *step, uint32_t arguments, md_answer *answer) {
  answer->kind = MD_ANSWER_VALUE;
  switch (step->kind) {
  case MD_STEP_WAIT_FOR:
  case MD_STEP_SLEEP:
  case MD_STEP_COLLECT:
  case MD_STEP_SLEEP_UNTIL:
    md_step_wait(turn, step, arguments, answer);
    break;
  case MD_STEP_HTTP:
    md_step_http(turn, step, arguments, answer);
    break;
  case MD_STEP_CONTINUE_AS:
    md_step_continue(turn, step, arguments, answer);
    break;
  case MD_STEP_COUNT:
  case MD_STEP_OBSERVE:
    md_step_measure(turn, step, answer);
    break;
  case MD_STEP_QUANTILE:
    md_step_quantile(turn, step, answer);
    break;
  case MD_STEP_EXPERIMENT:
    md_step_experiment(turn, step, answer);
    break;
  case MD_STEP_PAST:
    md_step_past(turn, step, answer);
    break;
  case MD_STEP_LATEST:
    md_step_latest(turn, answer);
    break;
  case MD_STEP_EMIT:
    md_step_emit(turn, step, answer);
    break;
  case MD_STEP_PROFILE:
    md_step_profile(turn, answer);
    break;
  case MD_STEP_UPDATE_PROFILE:
    md_step_update_profile(turn, step, answer);
    break;
  case MD_STEP_GET:
    md_step_get(turn, step, answer);
    break;
  case MD_STEP_SET:
    md_step_set(turn, step, answer);
    break;
  case MD_STEP_ADD:
    md_step_add(turn, step, answer);
    break;
  case MD_STEP_SEND:
    md_step_send(turn, step, answer);
    break;
  }
}
