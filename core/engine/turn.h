// SPDX-License-Identifier: Apache-2.0
// One turn while it runs: the journal it replays, and what it did, held back until it has ended well. Private to
// engine/.
#pragma once
#include "engine/meter.h"
#include "engine/state.h"
#include "store/exposures.h"

// What a turn wrote to a stored value; `json` NULL deletes.
typedef struct md_write {
  const char *key;
  md_value value;
  struct md_write *before;
} md_write;

typedef struct md_exposed {
  md_exposure exposure;
  struct md_exposed *before;
} md_exposed;

// What a turn measured: a count, or a value observed.
typedef struct md_measured {
  const char *metric, *labels;
  double value;
  bool observed;
  struct md_measured *before;
} md_measured;

// Where the script and its journal part; both as "send(reminder) at cart/moment.lua:12".
typedef struct md_difference {
  int step; // counted from 1; 0: they do not
  const char *recorded, *attempted;
} md_difference;

typedef struct md_turn_state {
  md_engine *engine;
  md_run *run;
  md_loaded *loaded;
  const md_plan *plan; // of the version
  const md_definition *definition;
  md_event trigger;
  md_journal_reader reader;    // of what is answered already
  md_journal_reader tail;      // where the next entry is appended
  md_buffer journal;           // the entries before, the wait's answer, and what this turn adds
  int steps;                   // entries in it
  int step;                    // of the replay: index of the next one
  int base;                    // steps before the run was continued (R5); `steps` and `step` count on from them
  bool checking;               // a second replay that must meet the same steps (md_engine_options.verify)
  bool waits;                  // `open` is what it waits for
  bool waited;                 // since it was continued, or since its start
  bool upgraded;               // R6: the stored values have the version's shape
  md_micros now;               // m:now() (R2)
  uint64_t draws;              // m:random() since the last step
  struct md_judgement *judged; // W4: this replay only asks a wait's where; or NULL
  md_wait open;                // what the turn waits for at its end
  const json_t *state;         // that it was continued with, or NULL
  md_entry *next;              // it is continued: the first entry of its next journal
  const char *parked;          // a divergence in words
  md_difference difference;    // the same in parts
  int code;                    // a failure of storage or memory; `error` has its text
  int identity_count;
  // The person's identities, once a step has asked: md_step_measure may be called thousands of times.
  const md_identity *identities;
  md_error error;
  // Effects, newest first.
  md_emission *emissions;
  md_write *writes;
  md_outgoing *messages;
  md_exposed *exposures;
  md_measured *measured;
  md_call *call; // at most one: it ends the turn
  json_t *profile_changes;
} md_turn_state;

// turn.c: loads what a turn needs. When the version has no VM the run is parked and `definition` stays NULL. Closed
// with the code that it ended with.
int md_turn_open(md_turn_state **out, md_engine *engine, md_run *run, md_error *err);
int md_turn_close(md_turn_state *turn, int code, md_error *err);
md_turn_result md_turn_script(md_turn_state *turn, int64_t budget, md_turn_end *end);
int md_turn_park(md_turn_state *turn, const char *reason, md_error *err);
// After MD_EUNSUPPORTED: nothing is guessed.
int md_turn_park_unknown(md_turn_state *turn, md_error *err);
// A replay that ended before the journal did met fewer steps than were recorded: parks it as diverged.
void md_turn_check_end(md_turn_state *turn);

// replay.c: the journal's side of a turn. `answer` NULL: no wait is answered.
int md_replay_begin(md_turn_state *turn, const md_wait_answer *answer);
void md_replay_step(void *context, const md_step *step, md_answer *answer);
// Goes back to the first step of a journal.
int md_replay_rewind(md_turn_state *turn, const void *journal, size_t len);
// Gives an event as an answer.
int md_replay_event(md_turn_state *turn, int64_t seq, md_answer *answer);

// The journal has another step than the script takes.
void md_replay_diverge(md_turn_state *turn, const md_entry *recorded, const md_step *step);
// "send(reminder) at cart/moment.lua:12" in the arena, or NULL.
const char *md_replay_place(md_arena *arena, md_step_kind kind, const char *name, const char *file, int line);

// rehearse.c: the first step past a journal that is only tried on other code (R4).
void md_rehearse_step(md_turn_state *turn, const md_step *step, uint32_t arguments, md_answer *answer);

// judge.c: the host's side of a wait's where.
void md_judge_step(md_turn_state *turn, const md_step *step, md_answer *answer);
void md_judge_tested(void *context, bool accepted, const char *error, md_answer *answer);

// steps.c: what each step does when the journal has no answer for it, and what its families share.
void md_step_carry_out(md_turn_state *turn, const md_step *step, uint32_t arguments, md_answer *answer);
// The turn fails with a code of storage or memory.
void md_step_fail(md_turn_state *turn, int code, md_answer *answer);
// The step raises in the script.
void md_step_raise(md_answer *answer, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Whether `by` (NULL: not given) is "person", a kind of the plan, or what the run is about (P5); else `what` raises.
bool md_step_takes_by(md_turn_state *turn, const char *what, const char *by, md_answer *answer);
// The value as canonical JSON in the batch's arena, or NULL.
const char *md_step_text(md_turn_state *turn, const json_t *value);
// Seconds to microseconds.
md_micros md_step_micros(const json_t *number);

// continue.c: the journal of a run that goes on afresh.
void md_step_continue(md_turn_state *turn, const md_step *step, uint32_t arguments, md_answer *answer);
int md_continue_journal(md_turn_state *turn, md_buffer *out);
// steps_wait.c
// Opens a plain wait without an end of its own, which ends the turn; its identity and place are the step's.
void md_step_open(md_turn_state *turn, const md_step *step, uint32_t arguments, md_answer *answer);
void md_step_wait(md_turn_state *turn, const md_step *step, uint32_t arguments, md_answer *answer);
// steps_event.c
void md_step_past(md_turn_state *turn, const md_step *step, md_answer *answer);
void md_step_latest(md_turn_state *turn, md_answer *answer);
void md_step_emit(md_turn_state *turn, const md_step *step, md_answer *answer);
// steps_storage.c
void md_step_profile(md_turn_state *turn, md_answer *answer);
void md_step_update_profile(md_turn_state *turn, const md_step *step, md_answer *answer);
void md_step_get(md_turn_state *turn, const md_step *step, md_answer *answer);
void md_step_set(md_turn_state *turn, const md_step *step, md_answer *answer);
void md_step_add(md_turn_state *turn, const md_step *step, md_answer *answer);
// steps_experiment.c
void md_step_experiment(md_turn_state *turn, const md_step *step, md_answer *answer);
// upgrade.c: R6. False: the step has its answer already, a failure or the call of `upgrade`.
bool md_upgrade_ensure(md_turn_state *turn, md_answer *answer);
void md_upgrade_done(void *context, const json_t *values);
int md_step_write_value(md_turn_state *turn, const char *key, const json_t *value, md_micros ttl);
// steps_metrics.c
void md_step_measure(md_turn_state *turn, const md_step *step, md_answer *answer);
void md_step_quantile(md_turn_state *turn, const md_step *step, md_answer *answer);
// steps_http.c
void md_step_http(md_turn_state *turn, const md_step *step, uint32_t arguments, md_answer *answer);
// steps_message.c
void md_step_send(md_turn_state *turn, const md_step *step, md_answer *answer);

// effects.c: what a turn did, forgotten or written.
void md_effects_drop(md_turn_state *turn);
int md_effects_apply(md_turn_state *turn, md_error *err);
