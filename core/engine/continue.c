// SPDX-License-Identifier: Apache-2.0
// m:continue_as: a run goes on afresh, with a journal that holds its state and what it has consumed (R5).
#include "base/pack.h"
#include "engine/turn.h"
#include <stdlib.h>
#include <string.h>

void md_step_continue(md_turn_state *turn, const md_step *step, uint32_t arguments, md_answer *answer) {
  md_arena *arena = turn->engine->arena;
  if (!turn->waited) {
    md_step_raise(answer, "m:continue_as needs a wait before it: without one the run would go round for ever");
    return;
  }
  md_entry *entry = md_arena_alloc_zero(arena, sizeof *entry);
  const char *state = entry ? md_step_text(turn, json_object_get(step->args, "state")) : NULL;
  if (!state) {
    md_step_fail(turn, MD_ENOMEM, answer);
    return;
  }
  *entry = (md_entry){.kind = step->kind,
                      .name = md_arena_strdup(arena, step->name),
                      .file = md_arena_strdup(arena, step->file),
                      .line = step->line,
                      .at = turn->engine->now,
                      .arguments = arguments,
                      .result = MD_RESULT_JSON,
                      .json = state,
                      .base = turn->steps + 1};
  if (!entry->name || !entry->file) turn->code = MD_ENOMEM;
  turn->next = entry;
  answer->kind = MD_ANSWER_SUSPEND;
}

static int by_number(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

// The events that a journal names as consumed; with `out` NULL it only counts them.
static int64_t consumed(const md_buffer *journal, int64_t *out) {
  md_journal_reader reader;
  md_entry entry;
  int64_t count = 0;
  md_journal_read(&reader, journal->data, journal->len);
  while (md_journal_next(&reader, &entry) == 1) {
    md_seqs seqs = md_seqs_open(entry.seqs, entry.seqs_len);
    if (entry.result == MD_RESULT_EVENT) {
      if (out) out[count] = entry.event_seq;
      count++;
    }
    for (int64_t seq = md_seqs_next(&seqs); seq; seq = md_seqs_next(&seqs)) {
      if (out) out[count] = seq;
      count++;
    }
  }
  return count;
}

int md_continue_journal(md_turn_state *turn, md_buffer *out) {
  md_entry *entry = turn->next;
  md_journal_reader last;
  md_buffer packed;
  int64_t count = consumed(&turn->journal, NULL), before = 0;
  int64_t *seqs = md_arena_alloc(turn->engine->arena, (size_t)(count + 1) * sizeof *seqs);
  if (!seqs) return MD_ENOMEM;
  consumed(&turn->journal, seqs);
  if (count > 1) qsort(seqs, (size_t)count, sizeof *seqs, by_number);
  md_buffer_init(&packed);
  for (int64_t i = 0; i < count; before = seqs[i++])
    md_pack_uint(&packed, (uint64_t)(seqs[i] - before));
  entry->count = count;
  entry->seqs = packed.data;
  entry->seqs_len = packed.len;
  md_journal_read(&last, NULL, 0);
  md_journal_append(out, &last, entry);
  bool ok = md_buffer_ok(&packed) && md_buffer_ok(out);
  md_buffer_deinit(&packed);
  return ok ? 0 : MD_ENOMEM;
}
