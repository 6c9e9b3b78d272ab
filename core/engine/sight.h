// SPDX-License-Identifier: Apache-2.0
// What a run sees of the stream (P5, P6): which events are about it, one after the other. Private to engine/.
#pragma once
#include "engine/state.h"

// A view of the stream through one run's eyes: by what it is about, or by another thing of its own.
typedef struct md_sight {
  md_engine *engine;
  const md_run *run;
  const md_wait *wait; // only what may answer it, or NULL: all
  const char *kind;    // "person", or a kind of thing
  const char *value;   // of the thing; NULL: the run has none of that kind
  md_key thing;        // the same
  const md_key *keys;  // where such events are filed
  int key_count;
} md_sight;

// `by` NULL: what the run is about. Enough for md_sight_sees.
void md_sight_init(md_sight *sight, md_engine *engine, const md_run *run, const char *by, const char *by_value);
// Fills `keys`, for the walks.
int md_sight_open(md_sight *sight, md_error *err);
// Where the wait of a run begins to look (W1).
int64_t md_wait_start(const md_run *run, const md_wait *wait);
// The view of a run's open wait.
void md_sight_of_wait(md_sight *sight, md_engine *engine, const md_run *run, const md_wait *wait);
// Whether the event is one of those that the run sees; never what it emitted itself (T4).
int md_sight_sees(const md_sight *sight, const md_event *event, bool *sees, md_error *err);
// The event seen with the lowest seq > after, or the highest < before. MD_ENOTFOUND, without a text, when none.
int md_sight_next(const md_sight *sight, int64_t after, md_event *out, md_error *err);
int md_sight_last(const md_sight *sight, int64_t before, md_event *out, md_error *err);

// The run's thing of a kind: what it is about, what that belongs to, what its trigger carried. NULL: none.
int md_sight_value(md_engine *engine, const md_run *run, const md_event *trigger, const char *kind, const char **out,
                   md_error *err);
