// SPDX-License-Identifier: Apache-2.0
// What an operator does with a moment: pausing and resuming it, going back to an earlier version, retrying or
// cancelling all its runs. Acts for use inside md_submission.act; those that may take long are done in shares. The
// engine's thread.
#pragma once
#include "base/clock.h"
#include "base/error.h"
#include <stdbool.h>

struct md_engine;

// A part of bounded time of what may take long. Called again with what it answered, it goes on.
typedef struct md_share {
  int limit;      // things at most
  md_micros span; // real time at most, looked at after each
  int64_t after;  // where it goes on; 0 at first
  int64_t count;  // things done by this call
  bool done;      // there is no more to do
} md_share;

// No trigger of the moment starts a run, no run that is queued for its key begins, and no message of it is handed over,
// until it is resumed; runs in flight go on. MD_ENOTFOUND: no such moment; MD_ECONFLICT: it is paused already.
int md_engine_pause(struct md_engine *engine, const char *name, md_error *err);
// Gives the moment its triggers in their order, each decided about as if it came now (T1), then lets queued runs begin
// and messages go. It takes new triggers at the end of the last share. MD_ECONFLICT: it is not paused.
int md_engine_resume(struct md_engine *engine, const char *name, md_share *share, md_error *err);
// What md_engine_pause and md_engine_resume did is to be told to the engine when it is known: 0, or a rollback's code.
void md_engine_paused_settle(struct md_engine *engine, const char *name);

// New runs take version `to` (0: the one that was live before) from the next batch on, over restarts and reloads, until
// the files of the moment change. `*to` is filled. MD_ENOTFOUND: no such moment or version, or none before.
int md_engine_rollback(struct md_engine *engine, const char *name, int64_t *to, md_error *err);
// After the commit.
void md_engine_rollback_settle(struct md_engine *engine, const char *name, int64_t to);

// Lets go what is held back of a moment (S5, S6), and gives it the events again that failed as its triggers (T2).
// MD_ENOTFOUND when no such moment takes runs.
int md_engine_redrive(struct md_engine *engine, const char *name, md_share *share, md_error *err);

// Retries the parked runs of a moment (R3), oldest first; cancels all that have not ended, newest first, so that what
// is queued for a key ends before it is its turn.
int md_engine_retry_runs(struct md_engine *engine, const char *moment, md_share *share, md_error *err);
int md_engine_cancel_runs(struct md_engine *engine, const char *moment, md_share *share, md_error *err);
