// SPDX-License-Identifier: Apache-2.0
// Runs whose script failed, told in full: tables cut the very words one needs to mend them. One thread.
#pragma once
#include "base/arena.h"
#include "base/json.h"
#include "cli/output.h"
#include "store/runs.h"

// Where a script failed and what it said.
typedef struct md_parked_at {
  const char *file; // in the arena, or NULL: the reason names no place
  int line;
  const char *message; // within `reason`
} md_parked_at;

// Takes "file:line: text" apart.
md_parked_at md_parked_read(md_arena *arena, const char *reason);
// Appends, for a parked run, its reason in full and what to do then; nothing for another.
void md_parked_note(md_buffer *out, const md_run *run);
// Adds the parked runs among the newest to the errors of a status ({moment file line message run runs}): those of one
// moment that failed with the same words are one error, which names the newest of them.
int md_parked_errors(md_store *store, md_arena *arena, json_t *errors, md_error *err);
