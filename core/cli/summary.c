// SPDX-License-Identifier: Apache-2.0
// Sums up a database after an ingest.
#include "cli/summary.h"
#include "base/json.h"
#include "cli/output.h"
#include "store/messages.h"
#include "store/runs.h"
#include <inttypes.h>
#include <stdio.h>

typedef struct counts {
  json_t *runs;     // moment → { "done: outcome": n }
  json_t *messages; // moment → { "accepted": n, "suppressed: no_address": n }
} counts;

static int bump(json_t *tables, const char *moment, const char *what) {
  json_t *table = json_object_get(tables, moment);
  if (!table) {
    table = json_object();
    json_object_set_new(tables, moment, table);
  }
  json_int_t old = json_integer_value(json_object_get(table, what));
  return json_object_set_new(table, what, json_integer(old + 1)) ? MD_ENOMEM : 0;
}

static int count_run(void *context, const md_run *run) {
  counts *at = context;
  char what[200];
  const char *end = run->state == MD_RUN_DONE ? run->outcome : run->reason;
  snprintf(what, sizeof what, "%s%s%s", md_run_state_name(run->state), end ? ": " : "", end ? end : "");
  return bump(at->runs, run->moment, what);
}

static int count_message(void *context, const md_message *message) {
  counts *at = context;
  char what[120];
  snprintf(what, sizeof what, "%s%s%s", md_message_state_name(message->state), message->reason ? ": " : "",
           message->reason ? message->reason : "");
  return bump(at->messages, message->moment, what);
}

static void print_tables(const char *title, json_t *tables) {
  const char *moment, *what;
  json_t *table, *count;
  json_object_foreach(tables, moment, table) {
    md_print("%s of %s\n", title, moment);
    json_object_foreach(table, what, count) {
      printf("  %8" JSON_INTEGER_FORMAT "  ", json_integer_value(count));
      md_print_escaped(what);
      putchar('\n');
    }
  }
}

static void print_text(const counts *at, const md_progress *progress, int64_t late) {
  printf("%" PRId64 " lines: %" PRId64 " accepted, %" PRId64 " known already, %" PRId64 " conflicting, %" PRId64
         " refused, %" PRId64 " out of order\n",
         progress->lines, progress->accepted, progress->duplicates, progress->conflicts, progress->refused, late);
  print_tables("Runs", at->runs);
  print_tables("Messages", at->messages);
}

static void print_json(const counts *at, const md_progress *progress, int64_t late, int64_t events) {
  md_line line;
  md_line_begin(&line);
  md_line_number(&line, "lines", progress->lines);
  md_line_number(&line, "accepted", progress->accepted);
  md_line_number(&line, "duplicates", progress->duplicates);
  md_line_number(&line, "conflicts", progress->conflicts);
  md_line_number(&line, "refused", progress->refused);
  md_line_number(&line, "out_of_order", late);
  md_line_number(&line, "events", events);
  md_line_json(&line, "runs", at->runs);
  md_line_json(&line, "messages", at->messages);
  md_line_end(&line);
}

int md_summary_print(md_store *store, const md_progress *progress, int64_t late, bool json, md_error *err) {
  md_arena *arena = md_arena_new(0);
  if (!arena) return md_error_set(err, MD_ENOMEM, "out of memory");
  md_arena *scope = md_json_scope(arena);
  counts at = {json_object(), json_object()};
  int code = md_runs_list(store, &(md_run_filter){0}, count_run, &at, err);
  if (!code) code = md_messages_list(store, &(md_message_filter){0}, count_message, &at, err);
  int64_t events = code ? 0 : md_store_count(store, "events", err);
  if (events < 0) code = (int)events;
  if (!code && json)
    print_json(&at, progress, late, events);
  else if (!code)
    print_text(&at, progress, late);
  md_json_scope(scope);
  md_arena_free(arena);
  return code;
}
