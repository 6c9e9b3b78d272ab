// SPDX-License-Identifier: Apache-2.0
// A run's timeline: what started it, every step with time, result and script line, and what it waits for. One thread.
#pragma once
#include "base/buffer.h"
#include "cli/output.h"
#include "engine/journal.h"
#include "store/runs.h"

// Appends lines for people. MD_ECORRUPT for a damaged journal.
int md_timeline_write(md_buffer *out, md_store *store, md_arena *arena, const md_run *run, int width, md_error *err);
// Adds the field "timeline": a list of { at, step, name, result, file, line }.
int md_timeline_field(md_line *line, md_store *store, md_arena *arena, const md_run *run, md_error *err);

// One step of it: what came of it, for people; and its fields at step name result event file line.
const char *md_timeline_result(md_store *store, md_arena *arena, const md_entry *entry);
void md_timeline_step(md_line *line, md_store *store, md_arena *arena, const md_entry *entry);
// "order.placed (e-1)"
const char *md_timeline_event(md_store *store, md_arena *arena, int64_t seq);

// The open wait of a run. Texts are in `arena`.
typedef struct md_timeline_wait {
  md_micros at;
  const char *step, *result, *place; // "wait_for order.paid", "waits until …", "m/moment.lua:7"
} md_timeline_wait;
// False when it has none.
bool md_timeline_waits(md_arena *arena, const md_run *run, md_timeline_wait *out);
