// SPDX-License-Identifier: Apache-2.0
// `momentd ingest`: takes a file of events, one JSON object a line.
#include "cli/ingest.h"
#include "cli/commands.h"
#include "cli/settings.h"
#include "cli/target.h"

static int ingest(const md_cli_args *args) {
  md_ndjson lines;
  md_progress progress;
  md_error err = {0};
  bool history = md_cli_switch(args, "history"), in_virtual_time = md_cli_switch(args, "virtual-time");
  if (history && in_virtual_time) return md_cli_misuse(args, "--history and --virtual-time exclude each other");
  if (!in_virtual_time && md_cli_arg(args, "until")) return md_cli_misuse(args, "--until belongs to --virtual-time");
  if (md_ndjson_open(&lines, args->positional[0], &err)) return md_cli_fail(&err);
  md_progress_begin(&progress, md_cli_switch(args, "quiet"));
  int code = history           ? md_ingest_history(args, &lines, &progress)
             : in_virtual_time ? md_ingest_virtual(args, &lines, &progress)
                               : md_ingest_http(args, &lines, &progress);
  md_ndjson_close(&lines);
  return code;
}

static const md_cli_option options[] = {
    {"history", NULL, "store only: nothing is started, no wait is answered; needs a database that no daemon has open"},
    {"virtual-time", NULL, "run the events in their own time, in a database of its own, mail only into files"},
    {"until", "TIME", "with --virtual-time: run on only until this time (RFC 3339)"},
    {"batch", "N", "events a request, 1 to 500 (default 200)"},
    MD_TARGET_OPTIONS,
    {"quiet", NULL, "no progress on standard error"},
    {"json", NULL, "the summary as one JSON object"},
    {0}};

const md_cli_command md_cli_ingest = {
    .name = "ingest",
    .arguments = "FILE|-",
    .summary = "Take a file of events (NDJSON of CloudEvents, plain or gzip)",
    .notes = "Without --history or --virtual-time it posts to the running daemon. Events that were taken before are\n"
             "recognised by source and id, so an ingest that broke off can simply be repeated. With --virtual-time\n"
             "a file of --config holds as for momentd run.",
    .example = "  momentd ingest orders.ndjson.gz --virtual-time --db trial.db --scripts scripts \\\n"
               "      --mail file:outbox --delivery live",
    .options = options,
    .positional_min = 1,
    .positional_max = 1,
    .settings = MD_CLI_ENGINE_SETTINGS,
    .run = ingest,
};
