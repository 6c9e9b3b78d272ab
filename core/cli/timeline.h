// SPDX-License-Identifier: Apache-2.0
// A run's timeline: what started it, every step with time, result and script line, and what it waits for. One thread.
#pragma once
#include "base/buffer.h"
#include "cli/output.h"
#include "store/runs.h"

// Appends lines for people. MD_ECORRUPT for a damaged journal.
int md_timeline_write(md_buffer *out, md_store *store, md_arena *arena, const md_run *run, int width, md_error *err);
// Adds the field "timeline": a list of { at, step, name, result, file, line }.
int md_timeline_field(md_line *line, md_store *store, md_arena *arena, const md_run *run, md_error *err);
