// SPDX-License-Identifier: Apache-2.0
// `momentd moments rollback`, `pause` and `resume`: acts of the running daemon on one moment.
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/moment_names.h"
#include "cli/output.h"
#include "cli/shares.h"
#include <inttypes.h>
#include <stdio.h>

// The database tells what there is; the daemon acts.
static int open_moment(md_reader *reader, const md_cli_args *args, md_moment_row *moment) {
  int code = md_reader_open(reader, args);
  if (code) return code;
  code = md_moment_by_name(reader, args->positional[0], moment) ? md_cli_fail(&reader->err) : MD_EXIT_OK;
  if (!code && md_admin_hello(reader->path, &reader->err)) {
    md_cli_fail(&reader->err);
    code = MD_EXIT_UNREACHABLE;
  }
  if (code) md_reader_close(reader);
  return code;
}

static json_t *request_of(const char *command, const char *moment) {
  json_t *request = json_object();
  json_object_set_new(request, "command", json_string(command));
  json_object_set_new(request, "moment", json_string(moment));
  return request;
}

static void tell_rollback(const md_cli_args *args, const char *moment, const char *from, const char *to) {
  md_line line;
  if (!md_cli_switch(args, "json")) {
    printf("New runs of %s take version %.*s now, in the place of %.*s, until the moment's files change.\n"
           "Runs in flight stay on theirs: momentd moments migrate %s moves those that fit.\n",
           moment, MD_DIGEST_SHOWN, to, MD_DIGEST_SHOWN, from ? from : "none", moment);
    return;
  }
  md_line_begin(&line);
  md_line_text(&line, "moment", moment);
  md_line_text(&line, "from", from);
  md_line_text(&line, "to", to);
  md_line_end(&line);
}

static int roll_back(md_reader *reader, const md_cli_args *args, const md_moment_row *moment) {
  md_version to;
  json_t *answer = NULL, *request = request_of("moments.rollback", moment->name);
  const char *given = md_cli_arg(args, "to"), *from = md_version_digest(reader->store, reader->arena, moment->live);
  int code = given ? md_version_by_prefix(reader, moment->name, given, &to) : 0;
  if (!code && given) json_object_set_new(request, "to", json_string(to.digest));
  if (!code) code = md_admin_ask(reader->path, request, &answer, &reader->err);
  if (code) return md_cli_fail(&reader->err);
  tell_rollback(args, moment->name, from, md_json_text(answer, "to"));
  return MD_EXIT_OK;
}

static int rollback(const md_cli_args *args) {
  md_reader reader;
  md_moment_row moment;
  int code = open_moment(&reader, args, &moment);
  if (code) return code;
  code = roll_back(&reader, args, &moment);
  md_reader_close(&reader);
  return code;
}

static void tell_json(const char *moment, const char *state, int64_t count) {
  md_line line;
  md_line_begin(&line);
  md_line_text(&line, "moment", moment);
  md_line_text(&line, "state", state);
  md_line_number(&line, "count", count);
  md_line_end(&line);
}

static int pause_moment(const md_cli_args *args) {
  md_reader reader;
  md_moment_row moment;
  json_t *answer = NULL;
  int code = open_moment(&reader, args, &moment);
  if (code) return code;
  code = md_admin_ask(reader.path, request_of("moments.pause", moment.name), &answer, &reader.err);
  if (!code && md_cli_switch(args, "json"))
    tell_json(moment.name, "paused", 0);
  else if (!code)
    printf("%s is paused: no run begins and no message of it goes out until it is resumed. Runs in flight go on.\n",
           moment.name);
  code = code ? md_cli_fail(&reader.err) : MD_EXIT_OK;
  md_reader_close(&reader);
  return code;
}

static int resume(const md_cli_args *args) {
  md_reader reader;
  md_moment_row moment;
  int64_t count = 0;
  bool reached = false;
  int code = open_moment(&reader, args, &moment);
  if (code) return code;
  code = md_shares_ask(reader.path, "moments.resume", moment.name, "triggers and messages released", &count, &reached,
                       &reader.err);
  if (!code && md_cli_switch(args, "json"))
    tell_json(moment.name, "live", count);
  else if (!code)
    printf("%s goes on; %" PRId64 " trigger%s and messages were waiting.\n", moment.name, count, count == 1 ? "" : "s");
  code = code ? md_cli_fail(&reader.err) : MD_EXIT_OK;
  md_reader_close(&reader);
  return code;
}

static const md_cli_option rollback_options[] = {
    {"to", "VERSION", "the version to go back to, by the beginning of its digest; otherwise the one before"},
    {"json", NULL, "one JSON object"},
    {0}};
static const md_cli_option options[] = {{"json", NULL, "one JSON object"}, {0}};

const md_cli_command md_cli_moments_rollback = {
    .name = "moments rollback",
    .arguments = "MOMENT",
    .summary = "Let new runs take an earlier version, until the moment's files change",
    .example = "  momentd moments rollback abandoned_cart --db shop.db",
    .options = rollback_options,
    .positional_min = 1,
    .positional_max = 1,
    .settings = MD_CLI_DB_SETTING,
    .run = rollback,
};

const md_cli_command md_cli_moments_pause = {
    .name = "moments pause",
    .arguments = "MOMENT",
    .summary = "Hold new runs and messages of a moment, without dropping anyone",
    .notes =
        "Triggers are kept, in order, and decided about when the moment is resumed: those that are older than its\n"
        "max_age by then start nothing.",
    .example = "  momentd moments pause abandoned_cart --db shop.db",
    .options = options,
    .positional_min = 1,
    .positional_max = 1,
    .settings = MD_CLI_DB_SETTING,
    .run = pause_moment,
};

const md_cli_command md_cli_moments_resume = {
    .name = "moments resume",
    .arguments = "MOMENT",
    .summary = "Let a paused moment go on, with all that came meanwhile",
    .example = "  momentd moments resume abandoned_cart --db shop.db",
    .options = options,
    .positional_min = 1,
    .positional_max = 1,
    .settings = MD_CLI_DB_SETTING,
    .run = resume,
};
