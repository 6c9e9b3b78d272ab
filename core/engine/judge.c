// SPDX-License-Identifier: Apache-2.0
// A wait's where: asked in a replay up to the wait, which is then discarded (W4).
#include "engine/turn.h"
#include <string.h>

// What one replay is asked, and what it answered.
typedef struct md_judgement {
  const md_wait *wait;
  const int64_t *seqs;
  int count, next;
  bool first; // stop at the first accepted
  bool *accepted;
  bool reached; // the wait
} md_judgement;

static void ask(md_turn_state *turn, md_answer *answer) {
  md_judgement *judged = turn->judged;
  answer->kind = MD_ANSWER_SUSPEND;
  if (judged->next == judged->count) return;
  turn->code = md_replay_event(turn, judged->seqs[judged->next], answer);
  answer->kind = turn->code ? MD_ANSWER_SUSPEND : MD_ANSWER_TEST;
}

void md_judge_step(md_turn_state *turn, const md_step *step, md_answer *answer) {
  md_judgement *judged = turn->judged;
  answer->kind = MD_ANSWER_SUSPEND;
  if (judged->reached) return;
  judged->reached = step->kind == judged->wait->kind && strcmp(step->name, judged->wait->name) == 0;
  if (!judged->reached)
    turn->parked =
        md_arena_printf(turn->engine->arena,
                        "diverged at its wait: it waits in %s(%s) of %s:%d, the script now calls %s(%s) at "
                        "%s:%d",
                        md_step_kind_name(judged->wait->kind), judged->wait->name, judged->wait->file,
                        judged->wait->line, md_step_kind_name(step->kind), step->name, step->file, step->line);
  else if (json_is_true(json_object_get(step->args, "where")))
    ask(turn, answer);
  else // the script that runs now has none: every event will do
    memset(judged->accepted, true, (size_t)judged->count * sizeof *judged->accepted);
}

void md_judge_tested(void *context, bool accepted, const char *error, md_answer *answer) {
  md_turn_state *turn = context;
  md_judgement *judged = turn->judged;
  answer->kind = MD_ANSWER_SUSPEND;
  if (error) {
    turn->parked =
        md_arena_printf(turn->engine->arena, "where of %s(%s) at %s:%d: %s", md_step_kind_name(judged->wait->kind),
                        judged->wait->name, judged->wait->file, judged->wait->line, error);
    if (!turn->parked) turn->code = MD_ENOMEM;
    return;
  }
  judged->accepted[judged->next++] = accepted;
  if (!accepted || !judged->first) ask(turn, answer);
}

static int conclude(md_turn_state *turn, md_turn_result result, md_error *err) {
  if (turn->code) return turn->code;
  if (result == MD_TURN_DONE && !turn->judged->reached) turn->parked = "diverged at its wait: the script has ended";
  if (turn->parked) return md_turn_park(turn, turn->parked, err);
  if (result == MD_TURN_SUSPENDED) return 0;
  return md_turn_park(turn, turn->error.text[0] ? turn->error.text : "the where of a wait takes too much", err);
}

static int attempt(md_turn_state *turn, md_turn_result *result) {
  md_turn_end end = {0};
  turn->judged->next = 0;
  turn->judged->reached = false;
  int rc = md_replay_begin(turn, NULL);
  if (rc == 0) *result = md_turn_script(turn, MD_HEAVY_BUDGET, &end);
  return rc;
}

static int judge(md_turn_state *turn, md_error *err) {
  md_turn_result result = MD_TURN_ERROR;
  int rc = attempt(turn, &result);
  if (rc == 0 && result == MD_TURN_NOMEM) { // S4: once more in a fresh VM
    md_loaded_forget_vm(turn->loaded);
    rc = md_loaded_use(turn->engine, turn->loaded, err);
    rc = rc ? rc : attempt(turn, &result);
  }
  return rc ? rc : conclude(turn, result, err);
}

int md_judge(md_engine *engine, md_run *run, const md_wait *wait, const int64_t *seqs, int count, bool first,
             bool *accepted, md_error *err) {
  md_judgement judged = {wait, seqs, count, 0, first, accepted, false};
  md_turn_state *turn = NULL;
  memset(accepted, 0, (size_t)count * sizeof *accepted);
  int rc = md_turn_open(&turn, engine, run, err);
  if (rc == 0 && turn->definition) {
    turn->judged = &judged;
    rc = judge(turn, err);
    if (rc == MD_EUNSUPPORTED) rc = md_turn_park_unknown(turn, err);
    if (rc == 0 && run->state == MD_RUN_PARKED && !engine->rehearsing) rc = md_quarantine_count(engine, run, err);
  }
  return md_turn_close(turn, rc, err);
}
