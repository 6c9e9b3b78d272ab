// SPDX-License-Identifier: Apache-2.0
// `momentd quarantine list` and `redrive`: what is held back, and letting it go.
#include "store/quarantine.h"
#include "base/timestamp.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/reader.h"
#include "cli/shares.h"
#include "store/versions.h"
#include <inttypes.h>
#include <stdio.h>

typedef struct listing {
  md_table table;
  md_arena *arena;
  json_t *live; // the version of each moment
  bool json;
} listing;

// `live`: "true", "false", or NULL where it is no version.
static int show(listing *at, const char *kind, const char *moment, md_micros since, const char *event, int64_t run,
                const char *live, const char *what) {
  md_line line;
  char time[MD_TIME_TEXT];
  if (at->json) {
    md_line_begin(&line);
    md_line_text(&line, "kind", kind);
    md_line_text(&line, "moment", moment);
    md_line_time(&line, "since", since);
    md_line_text(&line, "event", event);
    md_line_number(&line, "run", run);
    md_line_raw(&line, "live", live);
    md_line_text(&line, "detail", what);
    md_line_end(&line);
    return 0;
  }
  md_table_cell(&at->table, kind);
  md_table_cell(&at->table, moment);
  md_table_cell(&at->table, md_time_text(since, time));
  md_table_cell(&at->table, event ? event : "-");
  md_table_cell(&at->table, what);
  return 0;
}

static int add_live(void *context, const md_moment_row *moment) {
  listing *at = context;
  return json_object_set_new(at->live, moment->name, json_integer(moment->live)) ? MD_ENOMEM : 0;
}

// A stopped version that is not live holds nothing back; it would again, if it came back.
static int show_row(void *context, const md_quarantine *row) {
  listing *at = context;
  const char *what = row->detail ? row->detail : "", *live = NULL;
  if (row->kind == MD_QUARANTINE_VERSION)
    live = json_integer_value(json_object_get(at->live, row->moment)) == row->version ? "true" : "false";
  if (live && *live == 'f' && !at->json)
    what = md_arena_printf(at->arena, "not live any more, so that nothing waits for it: %s", what);
  return what ? show(at, md_quarantine_kind_name(row->kind), row->moment, row->at, row->event_id, row->run, live, what)
              : MD_ENOMEM;
}

static int show_triggers(void *context, const char *moment, int64_t count, md_micros last) {
  listing *at = context;
  const char *what =
      md_arena_printf(at->arena, "%" PRId64 " event%s that it could not judge", count, count == 1 ? "" : "s");
  return what ? show(at, "trigger", moment, last, NULL, 0, NULL, what) : MD_ENOMEM;
}

static int list(const md_cli_args *args) {
  static const char *const headers[] = {"KIND", "MOMENT", "SINCE", "EVENT", "WHAT", NULL};
  md_reader reader;
  int code = md_reader_open(&reader, args);
  if (code) return code;
  listing at = {.arena = reader.arena, .live = json_object(), .json = md_cli_switch(args, "json")};
  md_table_init(&at.table, headers);
  code = md_moments_list(reader.store, add_live, &at, &reader.err);
  if (!code) code = md_quarantine_list(reader.store, show_row, &at, &reader.err);
  if (!code) code = md_failed_triggers(reader.store, show_triggers, &at, &reader.err);
  if (!code && !at.json) md_table_print(&at.table, "Nothing is held back.");
  code = code ? md_cli_fail(&reader.err) : MD_EXIT_OK;
  md_reader_close(&reader);
  return code;
}

static void tell(const md_cli_args *args, int64_t count) {
  md_line line;
  if (!md_cli_switch(args, "json")) {
    md_print("%" PRId64 " thing%s of %s went on.\n", count, count == 1 ? "" : "s", args->positional[0]);
    return;
  }
  md_line_begin(&line);
  md_line_text(&line, "moment", args->positional[0]);
  md_line_number(&line, "count", count);
  md_line_end(&line);
}

static int redrive(const md_cli_args *args) {
  md_error err = {0};
  int64_t count = 0;
  bool reached = false;
  int code = md_shares_ask(md_db_path(args), "quarantine.redrive", args->positional[0], "things went on", &count,
                           &reached, &err);
  if (!code || count) tell(args, count);
  if (!code) return MD_EXIT_OK;
  md_cli_fail(&err);
  return reached ? MD_EXIT_FAILED : MD_EXIT_UNREACHABLE;
}

static const md_cli_option options[] = {{"json", NULL, "one JSON object a line"}, {0}};

const md_cli_command md_cli_quarantine_list = {
    .name = "quarantine list",
    .arguments = "",
    .summary = "List turns, versions and triggers that are held back",
    .example = "  momentd quarantine list --db shop.db",
    .options = options,
    .settings = MD_CLI_DB_SETTING,
    .run = list,
};

const md_cli_command md_cli_quarantine_redrive = {
    .name = "quarantine redrive",
    .arguments = "MOMENT",
    .summary = "Let what is held back of a moment go on, after a fix",
    .example = "  momentd quarantine redrive order_confirmation --db shop.db",
    .options = options,
    .positional_min = 1,
    .positional_max = 1,
    .settings = MD_CLI_DB_SETTING,
    .run = redrive,
};
