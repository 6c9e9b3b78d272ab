// SPDX-License-Identifier: Apache-2.0
// Runs one turn of a run's script and applies what it did when it has ended well (R2, R3).
#include "engine/turn.h"
#include "base/digest.h"
#include "base/log.h"
#include "engine/secrets.h"
#include <string.h>

static double on_now(void *context) {
  return (double)((md_turn_state *)context)->now / 1e6;
}

static uint64_t on_random(void *context) {
  md_turn_state *turn = context;
  uint64_t where[3] = {(uint64_t)turn->run->id, (uint64_t)turn->step, turn->draws++};
  return md_hash64((uint64_t)turn->run->trigger_seq, where, sizeof where);
}

static bool on_replaying(void *context) {
  const md_turn_state *turn = context;
  return turn->checking || turn->reader.next != turn->reader.end;
}

static void on_log(void *context, const char *level, const char *text, int line) {
  const md_turn_state *turn = context;
  const md_observer *observer = turn->engine->options.observer;
  if (on_replaying(context) || turn->judged || turn->engine->rehearsing) return;
  if (observer && observer->said)
    observer->said(observer->context, turn->run, text, line);
  else if (!observer)
    md_log(strcmp(level, "error") == 0 ? MD_LOG_ERROR : MD_LOG_INFO, "script", text, "moment", turn->run->moment, "run",
           md_log_int(turn->run->id), "line", md_log_int(line), NULL);
}

static int read_trigger(md_turn_state *turn) {
  md_engine *engine = turn->engine;
  if (engine->current && engine->current->seq == turn->run->trigger_seq) {
    turn->trigger = *engine->current;
    return 0;
  }
  int rc = md_events_get(engine->store, turn->run->trigger_seq, engine->arena, &turn->trigger, &turn->error);
  return rc ? rc : md_secrets_data(engine, &turn->trigger, &turn->trigger.data, &turn->error);
}

// The run's id, 0 while no batch before this one has it: its number may be another's after a crash.
static int64_t known_run(const md_turn_state *turn) {
  const md_engine *engine = turn->engine;
  return engine->current && turn->run->id > engine->current_runs ? 0 : turn->run->id;
}

// S5: a turn that ended a process is not tried again.
static bool held_back(md_turn_state *turn) {
  bool held = false;
  turn->code = md_quarantine_holds(turn->engine, turn->run->version, known_run(turn), &held, &turn->error);
  if (held) turn->parked = md_quarantine_reason();
  return held || turn->code;
}

static const md_source_file *on_file(void *context, const char *name) {
  const md_turn_state *turn = context;
  char path[300];
  snprintf(path, sizeof path, "%s/%s", turn->run->moment, name);
  return md_source_find(&turn->loaded->source, path);
}

md_turn_result md_turn_script(md_turn_state *turn, int64_t budget, md_turn_end *end) {
  const md_observer *observer = turn->engine->options.observer;
  const md_turn_host host = {.context = turn,
                             .step = md_replay_step,
                             .now = on_now,
                             .random = on_random,
                             .log = on_log,
                             .replaying = on_replaying,
                             .tested = md_judge_tested,
                             .state = turn->state,
                             .file = on_file,
                             .upgraded = md_upgrade_done,
                             .traced = observer && observer->replayed};
  md_event_view view;
  turn->code = md_view(turn->engine, turn->plan, &turn->trigger, &view, &turn->error);
  if (turn->code) return MD_TURN_SUSPENDED;
  if (held_back(turn)) return MD_TURN_SUSPENDED;
  md_watch_begin(turn->engine->options.watch, md_quarantine_event(turn->engine), known_run(turn), turn->run->version,
                 turn->run->moment, turn->engine->current ? turn->engine->current->id : NULL);
  md_turn_result result = md_vm_turn(turn->loaded->vm, &host, &view, budget, end, &turn->error);
  md_watch_end(turn->engine->options.watch);
  return result;
}

// A fresh replay of what the turn has just written must meet the same steps and end alike.
static void verify(md_turn_state *turn, md_turn_result first, const md_turn_end *end) {
  md_turn_end again = {0};
  turn->checking = true;
  turn->code = md_replay_rewind(turn, turn->journal.data, turn->journal.len);
  if (turn->code) return;
  md_turn_result second = md_turn_script(turn, MD_HEAVY_BUDGET, &again);
  const char *a = end->outcome ? end->outcome : "", *b = again.outcome ? again.outcome : "";
  if (!turn->parked && !turn->code && (second != first || strcmp(a, b) != 0))
    turn->parked = "a second replay ended otherwise: the script depends on something that is not journaled";
}

// What the run is after the turn; texts and blobs are borrowed from the turn.
static void settle(md_turn_state *turn, const md_turn_end *end, const md_buffer *journal, const md_buffer *wait) {
  md_run *run = turn->run;
  const md_moment *moment = turn->next ? md_moment_find(turn->engine, run->moment) : NULL;
  bool lives = turn->waits || turn->next;
  run->journal = journal->data;
  run->journal_len = journal->len;
  run->steps = turn->steps + (turn->next != NULL);
  run->state = turn->waits ? MD_RUN_WAITING : turn->next ? MD_RUN_QUEUED : MD_RUN_DONE;
  run->reason = NULL;
  run->outcome = end->outcome;
  run->wait = wait->data;
  run->wait_len = wait->len;
  run->due_at = turn->waits ? turn->open.deadline : 0;
  run->turn_at = turn->engine->now;
  run->ended_at = lives ? 0 : turn->engine->now;
  if (moment && moment->live) run->version = moment->live->version; // R5
}

// The run may go on in this batch: what it points at moves into the batch's arena.
static int keep(md_engine *engine, md_run *run) {
  void *journal = md_arena_alloc(engine->arena, run->journal_len + 1);
  void *open = md_arena_alloc(engine->arena, run->wait_len + 1);
  if (!journal || !open) return MD_ENOMEM;
  if (run->journal_len) memcpy(journal, run->journal, run->journal_len);
  if (run->wait_len) memcpy(open, run->wait, run->wait_len);
  run->journal = journal;
  run->wait = run->wait_len ? open : NULL;
  return 0;
}

static int commit_turn(md_turn_state *turn, const md_turn_end *end, md_error *err) {
  md_run *run = turn->run;
  md_buffer wait, fresh;
  md_buffer_init(&wait);
  md_buffer_init(&fresh);
  if (turn->waits) md_wait_pack(&wait, &turn->open);
  int rc = turn->next ? md_continue_journal(turn, &fresh) : 0;
  settle(turn, end, turn->next ? &fresh : &turn->journal, &wait);
  if (rc == 0) rc = md_buffer_ok(&wait) ? md_effects_apply(turn, err) : MD_ENOMEM;
  if (rc == 0) rc = md_save_run(turn->engine, run, err);
  if (md_log_wants(MD_LOG_DEBUG))
    md_log(MD_LOG_DEBUG, "engine", "turn", "request", turn->engine->request, "run", md_log_int(run->id), "moment",
           run->moment, "event", turn->engine->current ? turn->engine->current->id : NULL, "state",
           md_run_state_name(run->state), NULL);
  if (rc == 0) rc = keep(turn->engine, run);
  md_buffer_deinit(&wait);
  md_buffer_deinit(&fresh);
  return rc ? rc : turn->next ? MD_TURN_CONTINUES : 0;
}

int md_turn_park(md_turn_state *turn, const char *reason, md_error *err) {
  md_run *run = turn->run;
  run->state = MD_RUN_PARKED;
  run->reason = reason;
  run->turn_at = turn->engine->now;
  if (turn->engine->rehearsing) return 0;
  md_log(MD_LOG_ERROR, "engine", "run parked", "moment", run->moment, "run", md_log_int(run->id), "error", reason,
         NULL);
  return md_save_run(turn->engine, run, err);
}

static int put_off(md_turn_state *turn, md_error *err) {
  turn->run->state = MD_RUN_QUEUED;
  turn->engine->heavy = true;
  return md_save_run(turn->engine, turn->run, err);
}

void md_turn_check_end(md_turn_state *turn) {
  md_entry entry;
  md_arena *arena = turn->engine->arena;
  if (md_journal_next(&turn->reader, &entry) != 1) return;
  const char *recorded = md_replay_place(arena, entry.kind, entry.name, entry.file, entry.line);
  turn->difference = (md_difference){turn->step + 1, recorded, "the end of run"};
  turn->parked = recorded ? md_arena_printf(arena, "diverged at step %d: the journal has %s, the script has ended",
                                            turn->difference.step, recorded)
                          : NULL;
  if (!turn->parked) turn->code = MD_ENOMEM;
}

static int conclude(md_turn_state *turn, md_turn_result result, const md_turn_end *end, int64_t budget, md_error *err) {
  if (result == MD_TURN_BUDGET && budget == 0) {
    md_effects_drop(turn);
    return put_off(turn, err);
  }
  if (turn->code) {
    if (err) *err = turn->error;
    return turn->code;
  }
  if (result == MD_TURN_DONE && !turn->parked) md_turn_check_end(turn);
  if (turn->code) return turn->code;
  if (!turn->parked && turn->engine->options.verify && (result == MD_TURN_DONE || result == MD_TURN_SUSPENDED))
    verify(turn, result, end);
  if (turn->parked) return md_turn_park(turn, turn->parked, err);
  if (result == MD_TURN_BUDGET)
    return md_turn_park(
        turn, turn->error.text[0] ? turn->error.text : "10000000 instructions in one turn: the script loops", err);
  if (result == MD_TURN_NOMEM)
    return md_turn_park(turn, turn->error.text[0] ? turn->error.text : "the script needs more than 64 MB of memory",
                        err);
  if (result == MD_TURN_ERROR) return md_turn_park(turn, turn->error.text, err);
  return commit_turn(turn, end, err);
}

static int attempt(md_turn_state *turn, const md_wait_answer *answer, int64_t budget, md_turn_result *result,
                   md_turn_end *end) {
  md_effects_drop(turn);
  turn->error.text[0] = '\0';
  turn->parked = NULL;
  turn->code = 0;
  int rc = md_replay_begin(turn, answer);
  if (rc == 0) *result = md_turn_script(turn, budget, end);
  return rc;
}

static int play(md_turn_state *turn, const md_wait_answer *answer, int64_t budget, md_error *err) {
  md_turn_end end = {0};
  md_turn_result result = MD_TURN_ERROR;
  if (answer) turn->run->depth = answer->depth; // T4: what it emits goes on from there
  int rc = attempt(turn, answer, budget, &result, &end);
  if (rc == 0 && result == MD_TURN_NOMEM) { // S4: once more in a fresh VM
    md_loaded_forget_vm(turn->loaded);
    rc = md_loaded_use(turn->engine, turn->loaded, err);
    rc = rc ? rc : attempt(turn, answer, budget, &result, &end);
  }
  if (rc) return rc;
  return conclude(turn, result, &end, budget, err);
}

int md_turn_open(md_turn_state **out, md_engine *engine, md_run *run, md_error *err) {
  md_turn_state *turn = md_arena_alloc_zero(engine->arena, sizeof *turn);
  if (!turn) return md_error_set(err, MD_ENOMEM, "out of memory at the start of a turn");
  turn->engine = engine;
  turn->run = run;
  md_buffer_init(&turn->journal);
  *out = turn;
  int rc = md_loaded_get(engine, run->version, &turn->loaded, &turn->error);
  if (rc == MD_ENOTFOUND) return md_turn_park(turn, turn->error.text, err);
  if (rc == 0) md_loaded_pin(turn->loaded);
  if (rc == 0 && (rc = md_loaded_use(engine, turn->loaded, &turn->error)) != 0 && rc != MD_ENOMEM)
    return md_turn_park(turn, turn->error.text, err);
  if (rc == 0) rc = md_loaded_plan(engine, turn->loaded, &turn->plan, err);
  if (rc == 0) rc = read_trigger(turn);
  if (rc == 0) turn->definition = turn->loaded->definition;
  return rc;
}

int md_turn_close(md_turn_state *turn, int code, md_error *err) {
  if (!turn) return code;
  md_buffer_deinit(&turn->journal);
  if (turn->loaded) md_loaded_unpin(turn->loaded);
  if (code < 0 && err && !err->text[0])
    md_error_set(err, code, "run %lld: %s", (long long)turn->run->id,
                 turn->error.text[0] ? turn->error.text : md_error_text(code));
  return code;
}

int md_turn_park_unknown(md_turn_state *turn, md_error *err) {
  return md_turn_park(turn,
                      "its journal has a kind of step that this momentd does not know: a newer one has written it; run "
                      "that one again",
                      err);
}

int md_turn(md_engine *engine, md_run *run, const md_wait_answer *answer, int64_t budget, md_error *err) {
  md_turn_state *turn = NULL;
  int rc = md_turn_open(&turn, engine, run, err);
  if (rc == 0 && turn->definition) rc = play(turn, answer, budget, err);
  if (rc == MD_EUNSUPPORTED) rc = md_turn_park_unknown(turn, err);
  if (rc == 0) rc = md_quarantine_count(engine, run, err);
  return md_turn_close(turn, rc, err);
}
