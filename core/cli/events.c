// SPDX-License-Identifier: Apache-2.0
// `momentd events`: what came in, and triggers that started nothing.
#include "cli/commands.h"
#include "cli/follow.h"
#include "cli/reader.h"
#include "cli/rows.h"
#include <string.h>

typedef struct listing {
  md_reader *reader;
  md_arena *scratch; // emptied after every row
  md_table table;
  const char *type; // of unmatched triggers, or NULL
  int64_t left;     // rows still to show
  bool json;
} listing;

static int show_event(void *context, const md_event *event) {
  listing *at = context;
  if (at->json) {
    md_line line;
    md_line_begin(&line);
    md_event_fields(&line, at->reader->store, at->scratch, event);
    md_line_end(&line);
  } else {
    md_event_row(&at->table, at->reader->store, at->scratch, event);
  }
  md_arena_reset(at->scratch);
  return 0;
}

static int show_unmatched(void *context, const md_unmatched *row) {
  listing *at = context;
  if (at->left == 0 || (at->type && (!row->type || strcmp(row->type, at->type) != 0))) return 0;
  at->left--;
  if (!at->json) {
    md_unmatched_row(&at->table, row);
    return 0;
  }
  md_line line;
  md_line_begin(&line);
  md_unmatched_fields(&line, row);
  md_line_end(&line);
  return 0;
}

static int follow_all(md_reader *reader, const md_cli_args *args, int limit) {
  md_follow wanted = {.type = md_cli_arg(args, "type"),
                      .limit = limit,
                      .unmatched = md_cli_switch(args, "unmatched"),
                      .json = md_cli_switch(args, "json")};
  int code = md_follow_run(reader, &wanted);
  code = code ? md_cli_fail(&reader->err) : MD_EXIT_OK;
  md_reader_close(reader);
  return code;
}

static int events(const md_cli_args *args) {
  md_reader reader;
  md_error err = {0};
  int64_t limit = 0;
  bool unmatched = md_cli_switch(args, "unmatched");
  if (args->positional_count && strcmp(args->positional[0], "list") != 0)
    return md_cli_misuse(args, "momentd events does not take \"%s\"", args->positional[0]);
  bool follow = md_cli_switch(args, "follow");
  if (md_cli_number(args, "limit", follow ? 0 : 1, follow ? 10 : 50, &limit, &err))
    return md_cli_misuse(args, "%s", err.text);
  int code = md_reader_open(&reader, args);
  if (code) return code;
  if (follow) return follow_all(&reader, args, (int)limit);
  listing at = {.reader = &reader,
                .scratch = md_arena_new(0),
                .type = md_cli_arg(args, "type"),
                .left = limit,
                .json = md_cli_switch(args, "json")};
  md_table_init(&at.table, unmatched ? md_unmatched_headers : md_event_headers);
  at.table.whole = unmatched ? 1U << 0 | 1U << 2 | 1U << 4 : MD_EVENT_WHOLE; // the time, the type, and the reason
  if (!at.scratch)
    code = md_error_set(&reader.err, MD_ENOMEM, "out of memory");
  else if (unmatched)
    code = md_unmatched_list(reader.store, 0, at.type ? 0 : (int)limit, show_unmatched, &at, &reader.err);
  else
    code = md_events_list(reader.store, at.type, 0, (int)limit, show_event, &at, &reader.err);
  if (!at.json && !code) md_table_print(&at.table, unmatched ? "No unmatched triggers." : "No events.");
  if (at.scratch) md_arena_free(at.scratch);
  code = code ? md_cli_fail(&reader.err) : MD_EXIT_OK;
  md_reader_close(&reader);
  return code;
}

static const md_cli_option options[] = {
    {"type", "TYPE", "only events of this type"},
    {"unmatched", NULL, "triggers that started no run: max_age about where again depth rate error paused"},
    {"follow", NULL, "show the newest, and each further one when it comes, until SIGINT or SIGTERM"},
    {"limit", "N", "at most so many, the newest first (default 50); with --follow: so many of those there are (10)"},
    {"json", NULL, "one JSON object a line"},
    {0}};

const md_cli_command md_cli_events = {
    .name = "events",
    .arguments = "[list]",
    .summary = "List events, the newest first, or triggers that started nothing",
    .example = "  momentd events --db shop.db --unmatched\n"
               "  momentd events list --db shop.db --follow --type order.placed",
    .options = options,
    .positional_max = 1,
    .settings = MD_CLI_DB_SETTING,
    .run = events,
};
