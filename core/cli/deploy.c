// SPDX-License-Identifier: Apache-2.0
// `momentd deploy`: sends a script tree to a running daemon, which takes it whole or not at all.
#include "cli/admin_client.h"
#include "cli/archive.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "script/source.h"
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct deploying {
  md_settings settings;
  md_arena *arena;
  md_source source;
  md_buffer archive;
  json_t *answer;
} deploying;

static const char *author(void) {
  const struct passwd *user = getpwuid(geteuid());
  return user ? user->pw_name : NULL;
}

// What cannot be read would be missing over there, and its moments would be retired.
static int refuse(const md_source *source, md_error *err) {
  return source->refused ? md_error_set(err, MD_EDENIED, "%s", source->refused->why) : 0;
}

static int pack(deploying *at, const char *directory, md_error *err) {
  int code = md_source_read(directory, at->arena, &at->source, err);
  if (!code) code = refuse(&at->source, err);
  if (!code && at->source.count == 0)
    code = md_error_set(err, MD_EINVAL, "%s has no scripts: give the directory that holds the moments' folders",
                        directory);
  return code ? code : md_archive_pack(&at->source, &at->archive, err);
}

static int hand_over(deploying *at, const md_cli_args *args, md_error *err) {
  const char *note = md_cli_arg(args, "note"), *by = author();
  json_t *request = json_object();
  json_object_set_new(request, "command", json_string("deploy"));
  if (note && json_object_set_new(request, "note", json_string(note)))
    return md_error_set(err, MD_EINVAL, "--note is no valid UTF-8");
  if (by) json_object_set_new(request, "author", json_string(by));
  json_object_set_new(request, "dry_run", json_boolean(md_cli_switch(args, "dry-run")));
  return md_admin_ask_with(at->settings.db, request, at->archive.data, at->archive.len, &at->answer, err);
}

static void print_changes(const json_t *moments) {
  static const char *const headers[] = {"MOMENT", "CHANGE", "VERSION", "WAS", NULL};
  md_table table;
  size_t i;
  json_t *row;
  md_table_init(&table, headers);
  json_array_foreach(moments, i, row) {
    const char *version = md_json_text(row, "version"), *was = md_json_text(row, "was");
    char digests[2][13];
    snprintf(digests[0], sizeof digests[0], "%.12s", version ? version : "-");
    snprintf(digests[1], sizeof digests[1], "%.12s", was ? was : "-");
    md_table_cell(&table, md_json_text(row, "moment"));
    md_table_cell(&table, md_json_text(row, "change"));
    md_table_cell(&table, digests[0]);
    md_table_cell(&table, digests[1]);
  }
  md_table_print(&table, "No moments.");
}

static void print_errors(const json_t *errors) {
  size_t i;
  json_t *item;
  json_array_foreach(errors, i, item) {
    const char *file = md_json_text(item, "file");
    md_print("%s", file ? file : md_json_text(item, "moment"));
    if (file) md_print(":%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(item, "line")));
    md_print(": %s\n", md_json_text(item, "message"));
  }
}

static int show(const deploying *at, bool dry_run, bool json) {
  const json_t *errors = json_object_get(at->answer, "errors");
  bool wrong = json_array_size(errors) > 0;
  if (json) {
    md_line line;
    md_line_begin(&line);
    md_line_bool(&line, "applied", json_is_true(json_object_get(at->answer, "applied")));
    md_line_json(&line, "moments", json_object_get(at->answer, "moments"));
    md_line_json(&line, "errors", errors);
    md_line_end(&line);
    return wrong ? MD_EXIT_FAILED : MD_EXIT_OK;
  }
  print_changes(json_object_get(at->answer, "moments"));
  print_errors(errors);
  if (wrong)
    md_print("Nothing was deployed.\n");
  else
    md_print(dry_run ? "Nothing was deployed: this was a dry run.\n" : "Deployed.\n");
  return wrong ? MD_EXIT_FAILED : MD_EXIT_OK;
}

static int deploy(const md_cli_args *args) {
  md_error err = {0};
  deploying at = {.arena = md_arena_new(0)};
  if (!at.arena) return md_cli_fail(&(md_error){.code = MD_ENOMEM});
  md_arena *scope = md_json_scope(at.arena);
  md_buffer_init(&at.archive);
  int code = md_settings_load(&at.settings, args, at.arena, &err);
  if (!code) code = pack(&at, args->positional[0], &err);
  if (!code) code = hand_over(&at, args, &err);
  code = code ? md_cli_fail(&err) : show(&at, md_cli_switch(args, "dry-run"), md_cli_switch(args, "json"));
  md_buffer_deinit(&at.archive);
  md_json_scope(scope);
  md_arena_free(at.arena);
  return code;
}

static const md_cli_option options[] = {
    {"note", "TEXT", "why; kept with the new versions"},
    {"dry-run", NULL, "build and check all of it, say what would change, and change nothing"},
    {"json", NULL, "one JSON object: applied, moments with change, version and was, errors"},
    {0}};

const md_cli_command md_cli_deploy = {
    .name = "deploy",
    .arguments = "DIR",
    .summary = "Send a script tree to the running daemon, which takes it whole or not at all",
    .notes =
        "The daemon builds it aside: every new version compiles, passes `momentd check` and its own specs, or\n"
        "nothing of it goes live. Moments that are not in DIR take no new runs. The daemon's own script files are\n"
        "passed over until they change.",
    .example = "  momentd deploy scripts --note \"friendlier reminders\" --db shop.db",
    .options = options,
    .positional_min = 1,
    .positional_max = 1,
    .settings = MD_CLI_DB_SETTING,
    .run = deploy,
};
