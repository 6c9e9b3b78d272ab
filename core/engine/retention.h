// SPDX-License-Identifier: Apache-2.0
// What is older than the retention period is forgotten (R7): once a day a round of small steps, each within a batch's
// transaction. A round first looks at every run and message, to know which events and versions are still named, then
// removes the others. What it knows is in memory: a round that a crash cut short begins anew.
#pragma once
#include "base/clock.h"
#include "base/idset.h"
#include "store/forget.h"

typedef enum md_retention_phase {
  MD_RETENTION_RESTS,
  MD_RETENTION_RUNS,
  MD_RETENTION_MESSAGES,
  MD_RETENTION_EVENTS,
  MD_RETENTION_INDEX,
  MD_RETENTION_RECORDS,
  MD_RETENTION_VALUES,
  MD_RETENTION_POINTS,
  MD_RETENTION_VERSIONS,
  MD_RETENTION_ENDS,
} md_retention_phase;

// How far a round has come; put back when the batch is rolled back.
typedef struct md_retention_place {
  md_retention_phase phase;
  md_micros due;         // when the next step is wanted
  md_micros since;       // what is older is forgotten
  int64_t ceiling;       // the first event that is young enough
  int64_t cursor;        // the row looked at last
  md_forget_place entry; // of the index
  int64_t lowest_run;
  int64_t events, runs, versions; // forgotten by this round (of versions: their files)
} md_retention_place;

typedef struct md_retention {
  md_micros span;          // 0: nothing is forgotten
  md_micros keep_versions; // how long a version keeps its files though nothing needs them
  md_retention_place at;
  md_idset events;   // below the ceiling, and named by a run
  md_idset versions; // needed by a run in flight, a message that is not sent, or what is held back
} md_retention;

struct md_engine;

// Reads when the last round ended.
int md_retention_open(struct md_engine *engine, md_error *err);
void md_retention_deinit(md_retention *retention);
// When it wants to be driven; 0: never.
md_micros md_retention_due(const md_retention *retention);
// One step, if it is due.
int md_retention_step(struct md_engine *engine, md_error *err);
// A run that is written while a round goes on keeps what it names now, and its version.
int md_retention_keep(struct md_engine *engine, const md_run *run, md_error *err);
