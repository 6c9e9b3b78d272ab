// SPDX-License-Identifier: Apache-2.0
// Runs, messages, events and triggers as lines of JSON (DESIGN section 6) and as rows of tables. One thread.
#pragma once
#include "cli/output.h"
#include "store/messages.h"
#include "store/runs.h"

// Each writes fields into an open line. `arena` holds what is looked up meanwhile.
void md_run_fields(md_line *line, md_store *store, md_arena *arena, const md_run *run);
void md_message_fields(md_line *line, const md_message *message);
void md_event_fields(md_line *line, md_store *store, md_arena *arena, const md_event *event);
void md_unmatched_fields(md_line *line, const md_unmatched *row);

// Each has its headers, and a function that adds the cells of one row.
extern const char *const md_run_headers[];
extern const char *const md_message_headers[];
extern const char *const md_event_headers[];
extern const char *const md_unmatched_headers[];
#define MD_EVENT_WHOLE (1U << 0 | 1U << 1) // columns of an event that are cut last: the time and the type
void md_run_row(md_table *table, md_store *store, md_arena *arena, const md_run *run);
void md_message_row(md_table *table, const md_message *message);
void md_event_row(md_table *table, md_store *store, md_arena *arena, const md_event *event);
void md_unmatched_row(md_table *table, const md_unmatched *row);

// What an open wait waits for ("order.paid, order.cancelled", "time"), or NULL without one. In `arena`.
const char *md_waiting_for(md_arena *arena, const md_run *run);
// How a run ended or why it stands: its outcome, its reason, or what it waits for.
const char *md_run_end(md_arena *arena, const md_run *run);
// The word of a reason in a sentence for people; the word itself where there is none.
const char *md_reason_text(const char *reason);
