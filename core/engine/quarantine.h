// SPDX-License-Identifier: Apache-2.0
// What is held back: turns that ended the process (S5), versions that park too many runs (S6). Private to engine/.
#pragma once
#include "store/quarantine.h"
#include "store/runs.h"

typedef struct md_engine md_engine;
typedef struct md_moment md_moment;

enum { MD_STRIKES = 20 };

// What the database holds, kept in memory: the rows are few and asked for at every turn.
typedef struct md_held {
  md_quarantine *rows; // without their texts
  int count;
  bool known;
} md_held;

void md_held_deinit(md_held *held);
// At the engine's start, in a transaction of its own: the turn in which the process before ended.
int md_quarantine_start(md_engine *engine, md_error *err);
// The item under way, as the watchdog's note and the table name it; 0: a timer.
uint64_t md_quarantine_event(const md_engine *engine);
// Whether this turn ended a process. `run` 0: a first turn, or `where`.
int md_quarantine_holds(md_engine *engine, int64_t version, int64_t run, bool *held, md_error *err);
// The reason of a run that is parked by it.
const char *md_quarantine_reason(void);
// S6: whether this version starts nothing any more.
int md_quarantine_stopped(md_engine *engine, int64_t version, bool *stopped, md_error *err);
// S6: a turn of `run` is over; a trigger's where has failed.
int md_quarantine_count(md_engine *engine, const md_run *run, md_error *err);
int md_quarantine_count_where(md_engine *engine, const md_moment *moment, const char *why, md_error *err);
