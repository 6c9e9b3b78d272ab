// SPDX-License-Identifier: Apache-2.0
// The steps of a turn: answered from the journal, or carried out and appended to it (R1).
#include "base/digest.h"
#include "base/log.h"
#include "engine/secrets.h"
#include "engine/turn.h"
#include <string.h>

enum { STEPS_WARNED = 1000 };

static uint32_t digest_of(const json_t *args) {
  md_buffer text;
  md_buffer_init(&text);
  md_json_write(&text, args);
  uint32_t digest = md_buffer_ok(&text) && text.len ? (uint32_t)md_hash64(0, text.data, text.len) : 0;
  md_buffer_deinit(&text);
  return digest;
}

const char *md_replay_place(md_arena *arena, md_step_kind kind, const char *name, const char *file, int line) {
  return md_arena_printf(arena, "%s(%s) at %s:%d", md_step_kind_name(kind), name, file, line);
}

void md_replay_diverge(md_turn_state *turn, const md_entry *recorded, const md_step *step) {
  md_arena *arena = turn->engine->arena;
  md_difference *at = &turn->difference;
  at->step = turn->step + 1;
  at->recorded = md_replay_place(arena, recorded->kind, recorded->name, recorded->file, recorded->line);
  at->attempted = md_replay_place(arena, step->kind, step->name, step->file, step->line);
  bool whole = at->recorded && at->attempted;
  turn->parked = whole ? md_arena_printf(arena, "diverged at step %d: the journal has %s, the script now calls %s",
                                         at->step, at->recorded, at->attempted)
                       : NULL;
  if (!turn->parked) turn->code = MD_ENOMEM;
}

int md_replay_event(md_turn_state *turn, int64_t seq, md_answer *answer) {
  md_engine *engine = turn->engine;
  md_event stored;
  const md_event *event = engine->current;
  if (!event || event->seq != seq) {
    int rc = md_events_get(engine->store, seq, engine->arena, &stored, &turn->error);
    if (rc) return rc;
    event = &stored;
  }
  answer->kind = MD_ANSWER_EVENT;
  return md_view(engine, turn->plan, event, &answer->event, &turn->error);
}

static int events_answer(md_turn_state *turn, const md_entry *entry, md_answer *answer) {
  md_event_view *views = md_arena_alloc(turn->engine->arena, sizeof *views * (size_t)(entry->count + 1));
  if (!views) return MD_ENOMEM;
  md_seqs seqs = md_seqs_open(entry->seqs, entry->seqs_len);
  for (int64_t i = 0; i < entry->count; i++) {
    int rc = md_replay_event(turn, md_seqs_next(&seqs), answer);
    if (rc) return rc;
    views[i] = answer->event;
  }
  answer->kind = MD_ANSWER_EVENTS;
  answer->events = views;
  answer->count = entry->count;
  answer->late = entry->late;
  return 0;
}

static int seen_answer(md_turn_state *turn, const md_entry *entry, md_answer *answer) {
  int rc = entry->event_seq ? md_replay_event(turn, entry->event_seq, answer) : 0;
  answer->count = entry->count;
  if (rc == 0 && entry->kind == MD_STEP_PAST) answer->kind = MD_ANSWER_PAST;
  return rc;
}

static int json_answer(md_turn_state *turn, const md_entry *entry, md_answer *answer) {
  answer->value = md_json_parse(entry->json, strlen(entry->json), true, &turn->error);
  if (!answer->value) return MD_ECORRUPT;
  if (entry->kind != MD_STEP_HTTP) return 0;
  if (json_object_get(answer->value, "code")) answer->kind = MD_ANSWER_FAILURE;
  return md_secrets_mark_answer(answer->value);
}

static int recorded_answer(md_turn_state *turn, const md_entry *entry, md_answer *answer) {
  answer->kind = MD_ANSWER_VALUE;
  switch (entry->result) {
  case MD_RESULT_NIL:
  case MD_RESULT_TIMEOUT:
    return 0;
  case MD_RESULT_TRUE:
    answer->late = md_is_wait(entry->kind);
    answer->value = answer->late ? NULL : json_true();
    return 0;
  case MD_RESULT_FALSE:
    answer->value = json_false();
    return 0;
  case MD_RESULT_EVENT:
    return md_replay_event(turn, entry->event_seq, answer);
  case MD_RESULT_EVENTS:
    return events_answer(turn, entry, answer);
  case MD_RESULT_SEEN:
    return seen_answer(turn, entry, answer);
  case MD_RESULT_JSON:
    return json_answer(turn, entry, answer);
  }
  return MD_ECORRUPT;
}

// Answers from the journal; SUSPEND where the step is not the recorded one.
static void replay(md_turn_state *turn, const md_entry *entry, const md_step *step, md_answer *answer) {
  answer->kind = MD_ANSWER_SUSPEND;
  answer->replayed = true;
  if (entry->kind != step->kind || strcmp(entry->name, step->name) != 0) {
    md_replay_diverge(turn, entry, step);
    return;
  }
  if (entry->arguments != digest_of(step->args)) turn->engine->drift++;
  if (md_is_wait(entry->kind)) {
    turn->now = entry->at;
    turn->waited = true;
  }
  turn->step++;
  turn->draws = 0;
  turn->code = recorded_answer(turn, entry, answer);
  if (turn->code) answer->kind = MD_ANSWER_SUSPEND;
}

static int append(md_turn_state *turn, const md_entry *entry) {
  const md_observer *observer = turn->engine->options.observer;
  if (observer && observer->step) observer->step(observer->context, turn->run, entry);
  md_journal_append(&turn->journal, &turn->tail, entry);
  if (++turn->steps - turn->base == STEPS_WARNED)
    md_log(MD_LOG_WARN, "engine", "a run took 1000 steps: m:continue_as gives it a short journal again", "moment",
           turn->run->moment, "run", md_log_int(turn->run->id), NULL);
  turn->step++;
  turn->draws = 0;
  return md_buffer_ok(&turn->journal) ? 0 : MD_ENOMEM;
}

// Appends the answer that a step was given, if it is one that is recorded at once.
static int record(md_turn_state *turn, const md_step *step, uint32_t arguments, const md_answer *answer) {
  const json_t *value = answer->value;
  md_entry entry = {.kind = step->kind,
                    .name = step->name,
                    .file = md_arena_strdup(turn->engine->arena, step->file),
                    .line = step->line,
                    .at = turn->engine->now,
                    .arguments = arguments,
                    .result = MD_RESULT_JSON};
  md_buffer text;
  md_buffer_init(&text);
  if (answer->kind == MD_ANSWER_EVENT || answer->kind == MD_ANSWER_PAST) {
    entry.result = MD_RESULT_SEEN;
    entry.event_seq = answer->event.seq;
    entry.count = answer->count;
  } else if (!value || json_is_null(value))
    entry.result = MD_RESULT_NIL;
  else if (json_is_boolean(value))
    entry.result = json_is_true(value) ? MD_RESULT_TRUE : MD_RESULT_FALSE;
  else
    md_json_write(&text, value);
  entry.json = text.data;
  int rc = md_buffer_ok(&text) && entry.file ? append(turn, &entry) : MD_ENOMEM;
  md_buffer_deinit(&text);
  return rc;
}

// The second replay of `verify` met a step past the journal: it must be the wait that the first one opened.
static void check_last(md_turn_state *turn, const md_step *step) {
  bool same = turn->waits && turn->open.kind == step->kind && strcmp(turn->open.name, step->name) == 0;
  same |= turn->next && step->kind == MD_STEP_CONTINUE_AS;
  if (!same)
    turn->parked = md_arena_printf(turn->engine->arena, "a second replay did something else: %s(%s) at %s:%d",
                                   md_step_kind_name(step->kind), step->name, step->file, step->line);
}

static void take(md_turn_state *turn, const md_step *step, md_answer *answer) {
  md_entry entry;
  int more = md_journal_next(&turn->reader, &entry);
  if (more == 1) {
    replay(turn, &entry, step, answer);
    return;
  }
  answer->kind = MD_ANSWER_SUSPEND;
  if (more < 0) {
    turn->code =
        md_error_set(&turn->error, MD_ECORRUPT, "the journal of run %lld is damaged", (long long)turn->run->id);
  } else if (turn->judged) {
    md_judge_step(turn, step, answer);
  } else if (turn->engine->rehearsing) {
    md_rehearse_step(turn, step, digest_of(step->args), answer);
  } else if (turn->checking) {
    check_last(turn, step);
  } else if (turn->steps - turn->base >= MD_STEPS_MAX) {
    turn->parked = "10000 steps: a run this long must start afresh with m:continue_as";
  } else {
    uint32_t arguments = digest_of(step->args);
    md_step_carry_out(turn, step, arguments, answer);
    bool answered =
        answer->kind != MD_ANSWER_SUSPEND && answer->kind != MD_ANSWER_RAISE && answer->kind != MD_ANSWER_UPGRADE;
    if (answered && (turn->code = record(turn, step, arguments, answer)) != 0) answer->kind = MD_ANSWER_SUSPEND;
  }
}

void md_replay_step(void *context, const md_step *step, md_answer *answer) {
  md_turn_state *turn = context;
  const md_observer *observer = turn->engine->options.observer;
  int index = turn->step;
  take(turn, step, answer);
  if (observer && observer->replayed && !turn->judged && !turn->checking)
    observer->replayed(observer->context, turn->run, index, step, answer);
}

static int answer_wait(md_turn_state *turn, const md_wait_answer *answer) {
  md_wait wait;
  int rc = md_wait_unpack(turn->run->wait, turn->run->wait_len, &wait);
  if (rc) return rc;
  md_entry entry = {.kind = wait.kind,
                    .name = wait.name,
                    .file = wait.file,
                    .line = wait.line,
                    .at = turn->engine->now,
                    .arguments = wait.arguments,
                    .result = answer->result,
                    .json = answer->json,
                    .event_seq = answer->event_seq,
                    .count = answer->count,
                    .seqs = answer->seqs,
                    .seqs_len = answer->seqs_len,
                    .late = answer->late};
  return append(turn, &entry);
}

int md_replay_rewind(md_turn_state *turn, const void *journal, size_t len) {
  md_entry entry;
  md_journal_read(&turn->reader, journal, len);
  turn->now = turn->run->started_at;
  turn->base = 0;
  turn->state = NULL;
  turn->waited = false;
  turn->draws = 0;
  md_journal_reader first = turn->reader;
  if (md_journal_next(&first, &entry) == 1 && entry.kind == MD_STEP_CONTINUE_AS) {
    turn->reader = first;
    turn->now = entry.at;
    turn->base = entry.base;
    turn->state = md_json_parse(entry.json, strlen(entry.json), true, &turn->error);
    if (!turn->state) return MD_ECORRUPT;
  }
  turn->step = turn->base;
  return 0;
}

static int run_to_end(md_journal_reader *reader) {
  md_entry entry;
  int rc;
  while ((rc = md_journal_next(reader, &entry)) == 1)
    ;
  return rc;
}

int md_replay_begin(md_turn_state *turn, const md_wait_answer *answer) {
  md_run *run = turn->run;
  int rc = 0;
  turn->steps = run->steps;
  turn->base = 0;
  md_buffer_clear(&turn->journal);
  if (run->journal_len) md_buffer_append(&turn->journal, run->journal, run->journal_len);
  if (answer) {
    md_journal_read(&turn->tail, run->journal, run->journal_len);
    rc = run_to_end(&turn->tail);
    rc = rc ? rc : answer_wait(turn, answer);
  }
  if (rc || !md_buffer_ok(&turn->journal)) return rc ? rc : MD_ENOMEM;
  // The reader's texts must outlive appends to the buffer.
  void *copy = md_arena_alloc(turn->engine->arena, turn->journal.len + 1);
  if (!copy) return MD_ENOMEM;
  if (turn->journal.len) memcpy(copy, turn->journal.data, turn->journal.len);
  rc = md_replay_rewind(turn, copy, turn->journal.len);
  turn->tail = turn->reader;
  run_to_end(&turn->tail);
  return rc;
}
