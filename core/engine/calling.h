// SPDX-License-Identifier: Apache-2.0
// Outgoing HTTP calls as durable steps (H1–H3): rows that a batch claims for the caller, and answers that wake their
// runs. Private to engine/.
#pragma once
#include "engine/caller.h"
#include "engine/state.h"

// Takes what has come back: writes it, and advances the runs that wait for it.
int md_calling_apply(md_engine *engine, int *done, md_error *err);
// At the end of a batch: what is due becomes `attempting`, as many as the caller has slots for.
int md_calling_claim(md_engine *engine, md_error *err);
// After the commit, or the rollback.
void md_calling_committed(md_engine *engine);
void md_calling_rolled_back(md_engine *engine);
// When there is something to do: 0 never, 1 at once.
md_micros md_calling_due_at(md_engine *engine);
// The answer to a run's open call, if it is there.
int md_calling_answer(md_engine *engine, const md_run *run, md_wait_answer *out, bool *found, md_error *err);
void md_calling_free(md_engine *engine);

// call_answer.c: what a step returns for one attempt's end, as JSON in the arena: fills the call's `answer` and what is
// sealed of it, and whether it failed. A saved file is written to the store.
int md_call_judge(md_engine *engine, const md_call_attempt *attempt, md_call *call, bool *failed, md_error *err);
// { code, message } as canonical JSON; NULL when out of memory. `code` is a word, or 0 and the status.
const char *md_call_failure(md_arena *arena, const char *word, int status, const char *message);
