// SPDX-License-Identifier: Apache-2.0
// Replays a run's journal on other code up to the wait that follows it, and registers that wait as a move would, in
// memory alone: engine->rehearsing keeps turns from writing (R4).
#include "engine/rehearse.h"
#include "engine/turn.h"
#include <string.h>

// The open wait of the run as it stands, if it has one.
static int open_wait(const md_run *run, md_wait *out, bool *there) {
  *there = run->wait != NULL;
  return *there ? md_wait_unpack(run->wait, run->wait_len, out) : 0;
}

// A call that is on its way is done already: the new code must make the same, and the wait for it stays as it is.
static void keep_call(md_turn_state *turn, const md_step *step, uint32_t arguments, const md_wait *call) {
  const md_entry recorded = {.kind = call->kind, .name = call->name, .file = call->file, .line = call->line};
  if (step->kind != call->kind || strcmp(step->name, call->name) != 0) {
    md_replay_diverge(turn, &recorded, step);
    return;
  }
  turn->open = *call;
  turn->open.file = md_arena_strdup(turn->engine->arena, step->file);
  turn->open.line = step->line;
  turn->open.arguments = arguments;
  turn->waits = turn->open.file != NULL;
  if (!turn->waits) turn->code = MD_ENOMEM;
}

static void note_act(md_turn_state *turn, const md_step *step) {
  turn->difference.step = turn->step + 1;
  turn->difference.attempted = md_replay_place(turn->engine->arena, step->kind, step->name, step->file, step->line);
  if (!turn->difference.attempted) turn->code = MD_ENOMEM;
}

void md_rehearse_step(md_turn_state *turn, const md_step *step, uint32_t arguments, md_answer *answer) {
  md_wait open;
  bool there = false;
  answer->kind = MD_ANSWER_SUSPEND;
  turn->code = open_wait(turn->run, &open, &there);
  if (turn->code) return;
  if (there && open.kind == MD_STEP_HTTP)
    keep_call(turn, step, arguments, &open);
  else if (md_is_wait(step->kind) && step->kind != MD_STEP_HTTP)
    md_step_wait(turn, step, arguments, answer);
  else
    note_act(turn, step);
}

static int attempt(md_turn_state *turn, md_turn_result *result) {
  md_turn_end end = {0};
  md_effects_drop(turn);
  turn->parked = NULL;
  turn->code = 0;
  turn->error.text[0] = '\0';
  turn->difference = (md_difference){0};
  int rc = md_replay_begin(turn, NULL);
  if (rc == 0) *result = md_turn_script(turn, MD_HEAVY_BUDGET, &end);
  if (rc == 0 && *result == MD_TURN_DONE && !turn->parked) md_turn_check_end(turn);
  return rc ? rc : turn->code;
}

static int play(md_turn_state *turn, md_turn_result *result, md_error *err) {
  int rc = attempt(turn, result);
  if (rc || *result != MD_TURN_NOMEM) return rc;
  md_loaded_forget_vm(turn->loaded); // S4: once more in a fresh VM
  rc = md_loaded_use(turn->engine, turn->loaded, err);
  return rc ? rc : attempt(turn, result);
}

static const char *error_of(const md_turn_state *turn, md_turn_result result) {
  if (turn->error.text[0]) return md_arena_strdup(turn->engine->arena, turn->error.text);
  return result == MD_TURN_BUDGET ? "too many instructions in one turn" : "more memory than a script may have";
}

// What the replay came to. Where the new code waits, that is all there is to say so far.
static void judge(const md_turn_state *turn, md_turn_result result, md_rehearsal *out) {
  out->step = turn->difference.step ? turn->difference.step : turn->step + 1;
  out->attempted = turn->difference.attempted;
  if (turn->difference.recorded) out->recorded = turn->difference.recorded;
  if (turn->parked && turn->difference.step) {
    out->fit = MD_FIT_DIVERGES;
  } else if (turn->parked) { // held back (S5)
    out->fit = MD_FIT_ERRORS;
    out->attempted = turn->parked;
  } else if (result == MD_TURN_DONE) {
    out->fit = MD_FIT_ACTS;
    out->attempted = "the end of run";
  } else if (result != MD_TURN_SUSPENDED) {
    out->fit = MD_FIT_ERRORS;
    out->attempted = error_of(turn, result);
  } else {
    out->fit = turn->waits ? MD_FIT_FITS : MD_FIT_ACTS;
  }
}

// `since = "now"` looks at what came after the turn that opened the wait: the old wait knows, or its time does.
static int set_start(md_turn_state *turn, const md_wait *old, md_error *err) {
  md_wait *wait = &turn->open;
  if (!wait->after) return 0;
  wait->after = old->after;
  return old->after ? 0 : md_events_last_by(turn->engine->store, wait->opened_at, &wait->after, err);
}

// Whether all that could answer the new wait was offered to the old one.
static bool sees_no_more(const md_wait *old, const md_wait *fresh, md_micros now) {
  const char *a = old->by ? old->by : "", *b = fresh->by ? fresh->by : "";
  if (fresh->type_count == 0) return true;
  bool plain = old->kind == MD_STEP_WAIT_FOR && fresh->kind == MD_STEP_WAIT_FOR && !old->where && !fresh->where;
  bool in_time = fresh->deadline <= old->deadline || old->deadline > now;
  return plain && in_time && old->after == fresh->after && strcmp(old->name, fresh->name) == 0 && strcmp(a, b) == 0;
}

// Puts the new wait in the place of the old one, and looks whether it is answered at once.
static int move_wait(md_turn_state *turn, const md_wait *old, md_rehearsal *out, md_wait_answer *answer,
                     md_error *err) {
  md_engine *engine = turn->engine;
  md_run *run = turn->run;
  const md_wait *wait = &turn->open;
  bool known = wait->kind == MD_STEP_HTTP || sees_no_more(old, wait, engine->now);
  md_buffer packed;
  out->attempted = md_replay_place(engine->arena, wait->kind, wait->name, wait->file, wait->line);
  md_buffer_init(&packed);
  md_wait_pack(&packed, wait);
  run->wait = md_buffer_ok(&packed) ? md_arena_strndup(engine->arena, packed.data, packed.len) : NULL;
  run->wait_len = packed.len;
  run->due_at = md_wait_due(wait);
  md_buffer_deinit(&packed);
  if (!run->wait || !out->attempted) return md_error_set(err, MD_ENOMEM, "out of memory while a run was tried");
  int rc = known ? 0 : md_find_answer(engine, run, answer, &out->answered, err);
  out->due = !out->answered && run->due_at <= engine->now;
  if (rc || run->state != MD_RUN_PARKED) return rc;
  out->fit = MD_FIT_ERRORS; // its where fails
  out->attempted = run->reason;
  return 0;
}

static int rehearse(md_turn_state *turn, md_rehearsal *out, md_wait_answer *answer, md_error *err) {
  md_wait old = {0};
  bool there = false;
  md_turn_result result = MD_TURN_ERROR;
  int rc = open_wait(turn->run, &old, &there);
  if (rc == 0 && there) {
    out->recorded = md_replay_place(turn->engine->arena, old.kind, old.name, old.file, old.line);
    if (!out->recorded) rc = MD_ENOMEM;
  }
  if (rc == 0) rc = play(turn, &result, err);
  if (rc) return rc;
  judge(turn, result, out);
  if (out->fit != MD_FIT_FITS) return 0;
  rc = set_start(turn, &old, err);
  return rc ? rc : move_wait(turn, &old, out, answer, err);
}

// What is wrong with one run alone is no reason to try no other.
static int refuse(md_engine *engine, md_rehearsal *out, int code, const char *why) {
  out->fit = MD_FIT_ERRORS;
  out->attempted = md_arena_strdup(engine->arena, why && why[0] ? why : md_error_text(code));
  return out->attempted ? 0 : MD_ENOMEM;
}

int md_rehearse(md_engine *engine, md_run *run, int64_t to, md_rehearsal *out, md_wait_answer *answer, md_error *err) {
  md_turn_state *turn = NULL;
  md_error why = {0};
  int64_t drift = engine->drift;
  *out = (md_rehearsal){.run = run->id, .from = run->version};
  engine->rehearsing = true;
  run->version = to;
  int rc = md_turn_open(&turn, engine, run, &why);
  if (rc == 0 && !turn->definition)
    rc = refuse(engine, out, MD_ESCRIPT, run->reason);
  else if (rc == 0)
    rc = rehearse(turn, out, answer, &why);
  rc = md_turn_close(turn, rc, &why);
  engine->rehearsing = false;
  out->drift = engine->drift - drift;
  engine->drift = drift;
  if (rc == MD_ECORRUPT || rc == MD_ENOTFOUND || rc == MD_EUNSUPPORTED) return refuse(engine, out, rc, why.text);
  if (rc && err) *err = why;
  return rc;
}
