// SPDX-License-Identifier: Apache-2.0
// `momentd experiment list`: the arms that people have met.
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/reader.h"
#include "store/exposures.h"

static const char *const headers[] = {"EXPERIMENT", "ARM", "EXPOSED", NULL};

typedef struct listing {
  md_table table;
  bool json;
} listing;

static int show(void *context, const char *experiment, const char *arm, int64_t count) {
  listing *at = context;
  if (!at->json) {
    md_table_cell(&at->table, experiment);
    md_table_cell(&at->table, arm);
    md_table_number(&at->table, count);
    return 0;
  }
  md_line line;
  md_line_begin(&line);
  md_line_text(&line, "experiment", experiment);
  md_line_text(&line, "arm", arm);
  md_line_number(&line, "exposed", count);
  md_line_end(&line);
  return 0;
}

static int list(const md_cli_args *args) {
  md_reader reader;
  int code = md_reader_open(&reader, args);
  if (code) return code;
  listing at = {.json = md_cli_switch(args, "json")};
  md_table_init(&at.table, headers);
  code = md_exposures_counts(reader.store, show, &at, &reader.err);
  if (!at.json) md_table_print(&at.table, "No exposures.");
  code = code ? md_cli_fail(&reader.err) : MD_EXIT_OK;
  md_reader_close(&reader);
  return code;
}

static const md_cli_option options[] = {{"json", NULL, "one JSON object a line"}, {0}};

const md_cli_command md_cli_experiment_list = {
    .name = "experiment list",
    .arguments = "",
    .summary = "Count who has met which arm of an experiment",
    .example = "  momentd experiment list --db shop.db",
    .options = options,
    .settings = MD_CLI_DB_SETTING,
    .run = list,
};
