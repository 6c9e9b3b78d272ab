// SPDX-License-Identifier: Apache-2.0
// `momentd runs cancel`, `runs retry`, `reload` and `clock reset`: acts of the running daemon.
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/moment_names.h"
#include "cli/output.h"
#include "cli/reader.h"
#include "cli/shares.h"
#include <inttypes.h>
#include <stdio.h>

static int exit_code(int code, const md_error *err) {
  if (!code) return MD_EXIT_OK;
  md_cli_fail(err);
  return code == MD_ENOTFOUND || code == MD_EDENIED ? MD_EXIT_UNREACHABLE : MD_EXIT_FAILED;
}

// Whether the refusal came from the daemon (it is there) or from the socket.
static int ask(const md_cli_args *args, json_t *request, json_t **answer, md_error *err) {
  int code = md_admin_hello(md_db_path(args), err);
  if (code) return exit_code(code, err);
  code = md_admin_ask(md_db_path(args), request, answer, err);
  return code ? md_cli_fail(err) : MD_EXIT_OK;
}

static void tell(int64_t run, const char *done, bool json) {
  md_line line;
  if (!json) {
    md_print("Run %" PRId64 " %s.\n", run, done);
    return;
  }
  md_line_begin(&line);
  md_line_number(&line, "run", run);
  md_line_text(&line, "done", done);
  md_line_end(&line);
}

static void tell_all(const char *moment, const char *done, int64_t count, bool json) {
  md_line line;
  if (!json) {
    printf("%" PRId64 " run%s of %s %s%s.\n", count, count == 1 ? "" : "s", moment, count == 1 ? "was " : "were ",
           done);
    return;
  }
  md_line_begin(&line);
  md_line_text(&line, "moment", moment);
  md_line_text(&line, "done", done);
  md_line_number(&line, "count", count);
  md_line_end(&line);
}

static int act_on_all(const md_cli_args *args, const char *moment, const char *command, const char *done) {
  md_reader reader;
  md_moment_row row;
  int64_t count = 0;
  bool reached = true;
  int code = md_reader_open(&reader, args);
  if (code) return code;
  code = md_moment_by_name(&reader, moment, &row);
  if (!code) code = md_shares_ask(reader.path, command, moment, "runs so far", &count, &reached, &reader.err);
  if (!code || count) tell_all(moment, done, count, md_cli_switch(args, "json"));
  code = !code ? MD_EXIT_OK : reached ? md_cli_fail(&reader.err) : exit_code(code, &reader.err);
  md_reader_close(&reader);
  return code;
}

// A run by its number, or all of a moment.
static int check_which(const md_cli_args *args) {
  bool all = md_cli_arg(args, "moment") != NULL;
  if (all == (args->positional_count == 1)) return md_cli_misuse(args, "give the number of a run, or --moment MOMENT");
  return MD_EXIT_OK;
}

static int act_on_run(const md_cli_args *args, const char *command, const char *done) {
  md_error err = {0};
  int64_t id = 0;
  if (md_cli_id(args->positional[0], "run", &id, &err)) return md_cli_misuse(args, "%s", err.text);
  md_arena *arena = md_arena_new(0);
  if (!arena) return MD_EXIT_FAILED;
  md_arena *scope = md_json_scope(arena);
  json_t *request = json_object(), *answer = NULL;
  json_object_set_new(request, "command", json_string(command));
  json_object_set_new(request, "run", json_integer(id));
  int code = ask(args, request, &answer, &err);
  if (!code) tell(id, done, md_cli_switch(args, "json"));
  md_json_scope(scope);
  md_arena_free(arena);
  return code;
}

static int cancel(const md_cli_args *args) {
  const char *moment = md_cli_arg(args, "moment");
  int code = check_which(args);
  if (code) return code;
  if (moment && !md_cli_switch(args, "yes"))
    return md_cli_misuse(args, "this cancels every run of %s that has not ended: say so with --yes", moment);
  if (moment) return act_on_all(args, moment, "runs.cancel_all", "cancelled; their queued messages are withdrawn");
  return act_on_run(args, "runs.cancel", "is cancelled; its queued messages are withdrawn");
}

static int retry(const md_cli_args *args) {
  const char *moment = md_cli_arg(args, "moment");
  int code = check_which(args);
  if (code) return code;
  if (moment) return act_on_all(args, moment, "runs.retry_all", "taken up again; momentd runs list tells how it went");
  return act_on_run(args, "runs.retry", "was taken up again; momentd runs show tells how it went");
}

static void print_json(const json_t *item) {
  md_buffer text;
  md_buffer_init(&text);
  md_json_write(&text, item);
  md_buffer_putc(&text, '\n');
  md_print_buffer(&text);
}

static int print_errors(const json_t *errors, bool json) {
  size_t i;
  json_t *item;
  json_array_foreach(errors, i, item) {
    if (json) {
      print_json(item);
      continue;
    }
    const char *file = md_json_text(item, "file");
    md_print("%s", file ? file : md_json_text(item, "moment"));
    if (file) printf(":%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(item, "line")));
    md_print(": %s\n", md_json_text(item, "message"));
  }
  return json_array_size(errors) ? MD_EXIT_FAILED : MD_EXIT_OK;
}

static int reload(const md_cli_args *args) {
  md_error err = {0};
  md_arena *arena = md_arena_new(0);
  if (!arena) return MD_EXIT_FAILED;
  md_arena *scope = md_json_scope(arena);
  json_t *request = json_object(), *answer = NULL;
  json_object_set_new(request, "command", json_string("reload"));
  int code = ask(args, request, &answer, &err);
  if (!code) code = print_errors(json_object_get(answer, "errors"), md_cli_switch(args, "json"));
  if (!code && !md_cli_switch(args, "json")) puts("The scripts were read anew; no problems.");
  md_json_scope(scope);
  md_arena_free(arena);
  return code;
}

static int clock_reset(const md_cli_args *args) {
  md_error err = {0};
  md_arena *arena = md_arena_new(0);
  if (!arena) return MD_EXIT_FAILED;
  md_arena *scope = md_json_scope(arena);
  json_t *request = json_object(), *answer = NULL;
  json_object_set_new(request, "command", json_string("clock.reset"));
  int code = ask(args, request, &answer, &err);
  if (!code) puts(md_cli_switch(args, "json") ? "{\"clock\":\"reset\"}" : "The clock is taken as right; timers go on.");
  md_json_scope(scope);
  md_arena_free(arena);
  return code;
}

static const md_cli_option clock_options[] = {{"json", NULL, "one JSON object"}, {0}};
static const md_cli_option retry_options[] = {
    {"moment", "MOMENT", "all parked runs of this moment"}, {"json", NULL, "one JSON object"}, {0}};
static const md_cli_option cancel_options[] = {{"moment", "MOMENT", "all runs of this moment that have not ended"},
                                               {"yes", NULL, "all of them are really meant"},
                                               {"json", NULL, "one JSON object"},
                                               {0}};
static const md_cli_option reload_options[] = {{"json", NULL, "one JSON object a problem"}, {0}};

const md_cli_command md_cli_runs_cancel = {
    .name = "runs cancel",
    .arguments = "[RUN]",
    .summary = "Cancel a run, or all of a moment, and withdraw queued messages",
    .example = "  momentd runs cancel 7 --db shop.db\n  momentd runs cancel --moment abandoned_cart --yes",
    .options = cancel_options,
    .positional_min = 0,
    .positional_max = 1,
    .settings = MD_CLI_DB_SETTING,
    .run = cancel,
};

const md_cli_command md_cli_runs_retry = {
    .name = "runs retry",
    .arguments = "[RUN]",
    .summary = "Take parked runs up again, on the version that is live now",
    .example = "  momentd runs retry 7 --db shop.db\n  momentd runs retry --moment abandoned_cart",
    .options = retry_options,
    .positional_min = 0,
    .positional_max = 1,
    .settings = MD_CLI_DB_SETTING,
    .run = retry,
};

const md_cli_command md_cli_reload = {
    .name = "reload",
    .arguments = "",
    .summary = "Read the scripts anew, as SIGHUP does, and show what was refused",
    .example = "  momentd reload --db shop.db",
    .options = reload_options,
    .settings = MD_CLI_DB_SETTING,
    .run = reload,
};

const md_cli_command md_cli_clock_reset = {
    .name = "clock reset",
    .arguments = "",
    .summary = "Take the machine's clock as right: held timers go on, a wrong future is left",
    .example = "  momentd clock reset --db shop.db",
    .options = clock_options,
    .settings = MD_CLI_DB_SETTING,
    .run = clock_reset,
};
