// SPDX-License-Identifier: Apache-2.0
// The table of runs, with journal and open wait inline, what is still to be offered to them, and the values that
// scripts store. One thread a store.
#pragma once
#include "store/events.h"

typedef enum md_run_state {
  MD_RUN_WAITING = 1,
  MD_RUN_QUEUED,
  MD_RUN_DONE,
  MD_RUN_PARKED,
  MD_RUN_CANCELLED,
} md_run_state;

const char *md_run_state_name(md_run_state state);

// Strings and blobs are borrowed from the arena they were read with.
typedef struct md_run {
  int64_t id; // 0 until stored
  const char *moment;
  int64_t version; // row of versions it is pinned to
  md_run_state state;
  int64_t person;           // canonical at its start, or 0
  md_key about;             // kind "person" without a thing
  md_key keys[MD_KEYS_MAX]; // the thing's ancestors below the person, nearest first
  int key_count;
  int64_t trigger_seq;
  const char *outcome; // what run returned, or NULL
  const char *reason;  // why parked or cancelled, or NULL
  const void *journal; // engine/journal.h
  size_t journal_len;
  int steps;        // in the journal
  const void *wait; // the open wait (engine/wait.h), or NULL
  size_t wait_len;
  md_micros due_at; // when the wait times out; 0: no timer
  md_micros started_at;
  md_micros turn_at;  // engine time of the last turn (R2)
  md_micros ended_at; // 0 while it lives
  int depth;          // T4: depth of the item that began the last turn
} md_run;

// Stores, fills `run->id`. Indexed by about, keys and person.
// The newest run's id, 0 when there is none: the next one inserted gets the next number.
int64_t md_runs_last_id(md_store *store);
int md_runs_insert(md_store *store, md_run *run, md_error *err);
// Writes all that can change: state outcome reason journal steps wait due_at started_at (a run that was queued, T3)
// turn_at ended_at depth version person.
int md_runs_update(md_store *store, const md_run *run, md_error *err);
int md_runs_get(md_store *store, int64_t id, md_arena *arena, md_run *out, md_error *err);
// The first live run (waiting, queued or parked) with after < id < before filed under `key` (about, an ancestor, or
// person). Ended ones met on the way are dropped from the index. MD_ENOTFOUND when none.
int md_runs_next_live(md_store *store, md_key key, int64_t after, int64_t before, md_arena *arena, md_run *out,
                      md_error *err);
// The earliest timer: the waiting run with due_at <= until, by due_at then id. MD_ENOTFOUND when none.
int md_runs_next_due(md_store *store, md_micros until, md_arena *arena, md_run *out, md_error *err);
// The first queued, or parked, run with id > after. MD_ENOTFOUND when none. Partial indexes.
int md_runs_next_queued(md_store *store, int64_t after, md_arena *arena, md_run *out, md_error *err);
int md_runs_next_parked(md_store *store, int64_t after, md_arena *arena, md_run *out, md_error *err);
// The first run with id > after that waits, is queued or is parked; a walk. MD_ENOTFOUND when none.
int md_runs_next_unended(md_store *store, int64_t after, md_arena *arena, md_run *out, md_error *err);
// The first run with after < id <= until that waits or is queued on another version of the moment than `to` (`from`: on
// this one; 0: on any). MD_ENOTFOUND when none.
typedef struct md_flight {
  const char *moment;
  int64_t from, to;
} md_flight;
int md_runs_next_in_flight(md_store *store, const md_flight *flight, int64_t after, int64_t until, md_arena *arena,
                           md_run *out, md_error *err);
// The last run of the moment with from < id < before that has not ended. MD_ENOTFOUND when none.
int md_runs_last_live_of(md_store *store, const char *moment, int64_t from, int64_t before, md_arena *arena,
                         md_run *out, md_error *err);
// Writes keys and person of a run that were not known at its start, and files it under them.
int md_runs_relate(md_store *store, const md_run *run, md_error *err);
// When the earliest timer is due; 0 when there is none.
md_micros md_runs_due_at(md_store *store);
// Listing, newest first: NULL or 0 means any. `person` matches the row's person.
typedef struct md_run_filter {
  const char *moment;
  md_run_state state;
  int64_t person;
  int64_t before;
  int limit;
} md_run_filter;
int md_runs_list(md_store *store, const md_run_filter *filter, int (*each)(void *context, const md_run *run),
                 void *context, md_error *err);
// Counts by moment, version and state.
typedef struct md_run_count {
  const char *moment;
  int64_t version;
  md_run_state state;
  int64_t count;
} md_run_count;
int md_runs_counts(md_store *store, int (*each)(void *context, const md_run_count *row), void *context, md_error *err);

// An event that is still to be offered to the runs with after < id < before (T8).
typedef struct md_offer {
  int64_t event_seq, after, before;
} md_offer;
int md_offers_put(md_store *store, const md_offer *offer, md_error *err); // in the place of the event's earlier one
int md_offers_remove(md_store *store, int64_t event_seq, md_error *err);
int md_offers_first(md_store *store, md_offer *out, md_error *err); // by event; MD_ENOTFOUND when none

// Stored values: per moment, shape (R6) and person (canonical members are the caller's business). JSON text; 0 = never
// expires.
typedef struct md_value {
  const char *json;
  md_micros expires_at, written_at;
} md_value;
int md_values_get(md_store *store, const char *moment, int shape, int64_t person, const char *key, md_arena *arena,
                  md_value *out,
                  md_error *err); // MD_ENOTFOUND, also when expires_at is past is the caller's check
int md_values_set(md_store *store, const char *moment, int shape, int64_t person, const char *key,
                  const md_value *value,
                  md_error *err); // value NULL deletes
// All values of a person and moment in the highest shape other than `shape`, expired ones too.
int md_values_of_other_shape(md_store *store, const char *moment, int shape, int64_t person,
                             int (*each)(void *context, const char *key, const md_value *value), void *context,
                             md_error *err);
