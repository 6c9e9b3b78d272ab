// SPDX-License-Identifier: Apache-2.0
// Taking out for good what is older than the retention period (R7), row by row, so that the caller bounds its steps.
// What must stay is the caller's knowledge. Inside a transaction.
#pragma once
#include "base/idset.h"
#include "store/messages.h"
#include "store/runs.h"

// The first event that was received at `since` or later; one past the newest where there is none.
int md_forget_first_since(md_store *store, md_micros since, int64_t *seq, md_error *err);
// The first event with seq >= `from`, or MD_ENOTFOUND.
int md_forget_next_event(md_store *store, int64_t from, int64_t *seq, md_error *err);
int md_forget_event(md_store *store, int64_t seq, md_error *err);

// The next run with id > `after`, ended or not. MD_ENOTFOUND when none.
int md_forget_next_run(md_store *store, int64_t after, md_arena *arena, md_run *out, md_error *err);
// Removes a run that ended before `since`, with its messages. `*gone` stays false when one of them is not final since
// then.
int md_forget_run(md_store *store, const md_run *run, md_micros since, bool *gone, md_error *err);
// The version of the next message with id > `*id`, which moves on, and whether it is not final. MD_ENOTFOUND when none.
int md_forget_next_message(md_store *store, int64_t *id, int64_t *version, bool *unsent, md_error *err);

// The walk through the table of the lazy index: entries of events below `ceiling` that are not in `kept`, and of runs
// that are gone, are removed.
typedef struct md_forget_place {
  int64_t hash, row; // the entry looked at last
} md_forget_place;
// Looks at the next entry; MD_ENOTFOUND at the end. `lowest_run` is md_forget_lowest_run's answer.
int md_forget_next_entry(md_store *store, md_forget_place *place, int64_t ceiling, const md_idset *kept,
                         int64_t lowest_run, md_error *err);
int md_forget_lowest_run(md_store *store, int64_t *id, md_error *err); // one past the newest where there is none

// The oldest row of triggers that started nothing, and of incidents: removed if older than `since`, else MD_ENOTFOUND.
int md_forget_unmatched(md_store *store, md_micros since, md_error *err);
int md_forget_incident(md_store *store, md_micros since, md_error *err);

// Removes what is held back since before `since`, but for live versions that are stopped: its run was cancelled long
// ago.
int md_forget_held(md_store *store, md_micros since, md_error *err);
// Adds to the set the versions that are held in quarantine: they are to be redriven.
int md_forget_quarantined(md_store *store, md_idset *versions, md_error *err);

// One stored value whose time to live ended by `now`. MD_ENOTFOUND when none.
int md_forget_value(md_store *store, md_micros now, md_error *err);
// The days before `day` of the next series with id > `*series`, which moves on. MD_ENOTFOUND when none.
int md_forget_points(md_store *store, int64_t *series, int64_t day, md_error *err);

// forget_versions.c
typedef struct md_forget_version {
  int64_t id;
  md_micros retired_at; // when another took its place; 0: not known, or it is live
  bool live;
  bool marked; // its moment was rolled back from it: it may come back
} md_forget_version;
// The next version with id > `after` that has its files. MD_ENOTFOUND when none.
int md_forget_next_version(md_store *store, int64_t after, md_forget_version *out, md_error *err);
// Of a version that is retired since a time that nobody knows.
int md_forget_retire(md_store *store, int64_t id, md_micros at, md_error *err);
// Removes its files, and of their contents those that no other version has. Its row stays.
int md_forget_files(md_store *store, int64_t id, md_error *err);
