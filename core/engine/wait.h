// SPDX-License-Identifier: Apache-2.0
// The one open wait of a run (W2): what it waits for and until when, packed into the run's row. Pure but for the arena.
#pragma once
#include "base/arena.h"
#include "base/buffer.h"
#include "script/vm.h"

enum { MD_WAIT_TYPES_MAX = 64 };

// What happens when a wait runs out more than `max_lateness` after its time (W7).
typedef enum md_late {
  MD_LATE_GO_ON,
  MD_LATE_BRANCH, // the script is told
  MD_LATE_SKIP,   // the run is cancelled
} md_late;

typedef struct md_wait {
  md_step_kind kind; // md_is_wait
  const char *name;  // the step's identity
  const char *file;
  int line;
  uint32_t arguments;
  md_micros opened_at;
  md_micros deadline;
  const char *types[MD_WAIT_TYPES_MAX];
  int type_count;
  // Options. All zero in a plain wait, which is packed without them.
  int64_t after;        // since = "now": only events past this one
  const char *by;       // P5: a kind of thing, "person", or NULL: what the run is about
  const char *by_value; // of that thing, or NULL: not known
  bool where;           // W4
  md_late late;
  md_micros max_lateness;
  // collect (W5)
  md_micros quiet; // negative: none
  int max;
  int gathered; // events so far
  const void *seqs;
  size_t seqs_len;   // their numbers, packed as differences
  int64_t last_seq;  // of the newest
  md_micros last_at; // when it was received
  int64_t bytes;     // of their data
} md_wait;

// Whether a step of this kind ends its turn (W3).
bool md_is_wait(md_step_kind kind);
// When its time is over: the deadline, or sooner, when a collection has been quiet for long enough.
md_micros md_wait_due(const md_wait *wait);

void md_wait_pack(md_buffer *out, const md_wait *wait);
// Texts point into the blob. MD_ECORRUPT for a damaged one.
int md_wait_unpack(const void *blob, size_t len, md_wait *out);
// Whether an event type matches one of the wait's types; "order.*" matches "order.placed", not "order".
bool md_wait_wants(const md_wait *wait, const char *type);
