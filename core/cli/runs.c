// SPDX-License-Identifier: Apache-2.0
// `momentd runs list` and `momentd runs show`.
#include "cli/commands.h"
#include "cli/parked.h"
#include "cli/reader.h"
#include "cli/rows.h"
#include "cli/states.h"
#include "cli/timeline.h"
#include <stdio.h>
#include <string.h>

typedef struct listing {
  md_reader *reader;
  md_arena *scratch; // emptied after every row
  md_table table;
  md_buffer notes; // on parked runs, below the table
  bool json;
} listing;

static int show_run(void *context, const md_run *run) {
  listing *at = context;
  if (at->json) {
    md_line line;
    md_line_begin(&line);
    md_run_fields(&line, at->reader->store, at->scratch, run);
    md_line_end(&line);
  } else {
    md_run_row(&at->table, at->reader->store, at->scratch, run);
    md_parked_note(&at->notes, run);
  }
  md_arena_reset(at->scratch);
  return 0;
}

// Runs of a person are those of all rows that were joined into one.
static int list_runs(listing *at, md_run_filter *filter, const char *subject) {
  md_reader *reader = at->reader;
  static const int64_t anybody = 0;
  const int64_t *rows = &anybody;
  int count = 1, code = 0;
  if (subject) count = md_person_rows(reader, subject, &rows);
  if (count == 0) return md_error_set(&reader->err, MD_ENOTFOUND, "nobody is known as \"%s\"", subject);
  if (count < 0) return count;
  for (int i = 0; i < count && !code; i++) {
    filter->person = rows[i];
    code = md_runs_list(reader->store, filter, show_run, at, &reader->err);
  }
  return code;
}

static int read_filter(const md_cli_args *args, md_run_filter *filter, md_error *err) {
  int64_t limit = 0;
  const char *state = md_cli_arg(args, "state");
  filter->moment = md_cli_arg(args, "moment");
  int code = md_cli_number(args, "limit", 1, 50, &limit, err);
  filter->limit = (int)limit;
  return code ? code : md_run_state_parse(state, &filter->state, err);
}

static int list(const md_cli_args *args) {
  md_reader reader;
  md_run_filter filter = {0};
  md_error err = {0};
  if (read_filter(args, &filter, &err)) return md_cli_misuse(args, "%s", err.text);
  int code = md_reader_open(&reader, args);
  if (code) return code;
  listing at = {.reader = &reader, .scratch = md_arena_new(0), .json = md_cli_switch(args, "json")};
  md_table_init(&at.table, md_run_headers);
  md_buffer_init(&at.notes);
  code = at.scratch ? list_runs(&at, &filter, md_cli_arg(args, "person")) : md_error_set(&reader.err, MD_ENOMEM, " ");
  if (!at.json && !code) md_table_print(&at.table, "No runs.");
  md_print_buffer(&at.notes);
  if (at.scratch) md_arena_free(at.scratch);
  code = code ? md_cli_fail(&reader.err) : MD_EXIT_OK;
  md_reader_close(&reader);
  return code;
}

static int add_message(void *context, const md_message *message) {
  md_message_row(context, message);
  return 0;
}

static int add_message_json(void *context, const md_message *message) {
  md_buffer *list = context;
  md_line line;
  md_line_begin(&line);
  md_message_fields(&line, message);
  md_buffer_putc(&line.text, '}');
  if (list->len > 1) md_buffer_putc(list, ',');
  md_buffer_append(list, line.text.data ? line.text.data : "", line.text.len);
  md_buffer_deinit(&line.text);
  return 0;
}

static int show_text(md_reader *reader, const md_run *run) {
  md_buffer text;
  md_table messages;
  md_message_filter filter = {.run = run->id};
  md_buffer_init(&text);
  int code = md_timeline_write(&text, reader->store, reader->arena, run, md_screen_width(), &reader->err);
  md_print_buffer(&text);
  md_table_init(&messages, md_message_headers);
  if (!code) code = md_messages_list(reader->store, &filter, add_message, &messages, &reader->err);
  putchar('\n');
  md_table_print(&messages, "No messages.");
  return code;
}

static int show_json(md_reader *reader, const md_run *run) {
  md_line line;
  md_buffer messages;
  md_message_filter filter = {.run = run->id};
  md_line_begin(&line);
  md_buffer_init(&messages);
  md_buffer_putc(&messages, '[');
  md_run_fields(&line, reader->store, reader->arena, run);
  int code = md_timeline_field(&line, reader->store, reader->arena, run, &reader->err);
  if (!code) code = md_messages_list(reader->store, &filter, add_message_json, &messages, &reader->err);
  md_buffer_putc(&messages, ']');
  md_line_raw(&line, "messages", md_buffer_ok(&messages) ? messages.data : NULL);
  md_buffer_deinit(&messages);
  md_line_end(&line);
  return code;
}

static int show(const md_cli_args *args) {
  md_reader reader;
  md_run run;
  md_error err = {0};
  int64_t id = 0;
  if (md_cli_id(args->positional[0], "run", &id, &err)) return md_cli_misuse(args, "%s", err.text);
  int code = md_reader_open(&reader, args);
  if (code) return code;
  code = md_runs_get(reader.store, id, reader.arena, &run, &reader.err);
  if (!code) code = md_cli_switch(args, "json") ? show_json(&reader, &run) : show_text(&reader, &run);
  code = code ? md_cli_fail(&reader.err) : MD_EXIT_OK;
  md_reader_close(&reader);
  return code;
}

static const md_cli_option list_options[] = {
    {"moment", "MOMENT", "only runs of this moment"},
    {"state", "STATE", "only runs in this state: waiting, queued, done, parked or cancelled"},
    {"person", "SUBJECT", "only runs of this person: a subject, e-mail address or other identity"},
    {"limit", "N", "at most so many, the newest first (default 50)"},
    {"json", NULL, "one JSON object a line"},
    {0}};

const md_cli_command md_cli_runs_list = {
    .name = "runs list",
    .arguments = "",
    .summary = "List runs, the newest first",
    .example = "  momentd runs list --db shop.db --moment order_confirmation --state parked",
    .options = list_options,
    .settings = MD_CLI_DB_SETTING,
    .run = list,
};

static const md_cli_option show_options[] = {{"json", NULL, "one JSON object"}, {0}};

const md_cli_command md_cli_runs_show = {
    .name = "runs show",
    .arguments = "RUN",
    .summary = "Show a run's timeline: each step with its time, result and script line",
    .example = "  momentd runs show 7 --db shop.db",
    .options = show_options,
    .positional_min = 1,
    .positional_max = 1,
    .settings = MD_CLI_DB_SETTING,
    .run = show,
};
