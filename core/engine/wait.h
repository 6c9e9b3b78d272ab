// SPDX-License-Identifier: Apache-2.0
// The one open wait of a run (W2): what it waits for and until when, packed into the run's row. Pure but for the arena.
#pragma once
#include "base/arena.h"
#include "base/buffer.h"
#include "script/vm.h"

enum { MD_WAIT_TYPES_MAX = 64 };

typedef struct md_wait {
  md_step_kind kind; // wait_for or sleep
  const char *name;  // the step's identity
  const char *file;
  int line;
  uint32_t arguments;
  md_micros opened_at;
  md_micros deadline;
  const char *types[MD_WAIT_TYPES_MAX];
  int type_count;
} md_wait;

void md_wait_pack(md_buffer *out, const md_wait *wait);
// Texts point into the blob. MD_ECORRUPT for a damaged one.
int md_wait_unpack(const void *blob, size_t len, md_wait *out);
// Whether an event type matches one of the wait's types; "order.*" matches "order.placed", not "order".
bool md_wait_wants(const md_wait *wait, const char *type);
bool md_type_matches(const char *pattern, const char *type);
