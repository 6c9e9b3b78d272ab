// SPDX-License-Identifier: Apache-2.0
// The table of outgoing HTTP calls (H1), and the files that their answers were saved as. One thread a store.
#pragma once
#include "store/events.h"

typedef enum md_call_state {
  MD_CALL_QUEUED = 1,
  MD_CALL_ATTEMPTING,
  MD_CALL_ANSWERED, // `answer` is what the step returns
  MD_CALL_FAILED,   // `answer` is { code, message }: the step returns nil, message, code
  MD_CALL_WITHDRAWN,
} md_call_state;

// Strings are borrowed from the arena they were read with.
typedef struct md_call {
  int64_t id; // 0 until stored
  md_call_state state;
  int64_t run;
  int step; // index in the run's journal
  int attempts, attempts_max;
  int status; // of the last answer; 0 when there was none
  md_micros created_at, due_at, final_at;
  const char *moment, *connection, *method, *path;
  const char *query;  // JSON object of texts, or NULL
  const char *key;    // Idempotency-Key
  const char *body;   // JSON, or NULL
  const char *save;   // the name that the answer is saved under, or NULL
  const char *answer; // JSON once final, or NULL
  const char *secret; // JSON list of the answer's paths whose values are sealed, or NULL
  const void *sealed; // the whole answer once final, where it has secrets (store/vault.h), or NULL
  size_t sealed_len;
  const char *detail; // one line for people: what went wrong last, or NULL
} md_call;

int md_calls_insert(md_store *store, md_call *call, md_error *err); // fills id
// Writes what can change: state attempts status due_at final_at answer detail sealed.
int md_calls_update(md_store *store, const md_call *call, md_error *err);
int md_calls_get(md_store *store, int64_t id, md_arena *arena, md_call *out, md_error *err); // MD_ENOTFOUND
// The call of one step of a run. MD_ENOTFOUND.
int md_calls_of_step(md_store *store, int64_t run, int step, md_arena *arena, md_call *out, md_error *err);
// The first queued call with due_at <= now, by due_at, id. MD_ENOTFOUND. Partial index.
int md_calls_next_due(md_store *store, md_micros now, md_arena *arena, md_call *out, md_error *err);
md_micros md_calls_due_at(md_store *store); // when the earliest queued one is due; 0: none
// At start (H1): what was attempting is queued again, with the same key.
int md_calls_requeue(md_store *store, md_micros now, md_error *err);
// T9: what is not final of a run's calls is withdrawn.
int md_calls_withdraw(md_store *store, int64_t run, md_micros at, md_error *err);

// A file that belongs to a run.
typedef struct md_run_file {
  const char *name, *type; // "label.pdf", "application/pdf"
  const void *data;
  size_t len;
} md_run_file;

// One with that name is replaced.
int md_run_files_put(md_store *store, int64_t run, const md_run_file *file, md_micros at, md_error *err);
int md_run_files_get(md_store *store, int64_t run, const char *name, md_arena *arena, md_run_file *out,
                     md_error *err); // MD_ENOTFOUND
