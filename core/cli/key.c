// SPDX-License-Identifier: Apache-2.0
// `momentd key add`, `list` and `revoke`: through the daemon while it runs, else in the database itself.
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/reader.h"
#include "intake/auth.h"
#include <stdio.h>
#include <string.h>

static json_t *request(const md_cli_args *args, const char *command) {
  static const char *const fields[] = {"types", "source", "scopes", NULL};
  json_t *object = json_object();
  json_object_set_new(object, "command", json_string(command));
  json_object_set_new(object, "name", json_string(args->positional[0]));
  for (int i = 0; fields[i]; i++)
    if (md_cli_arg(args, fields[i])) json_object_set_new(object, fields[i], json_string(md_cli_arg(args, fields[i])));
  return object;
}

static int add_here(md_store *store, const md_cli_args *args, char text[static MD_API_KEY_SIZE], md_error *err) {
  md_clock *clock = md_clock_real();
  const char *scopes = md_cli_arg(args, "scopes");
  md_api_key key = {.name = args->positional[0],
                    .scopes = scopes ? scopes : "events",
                    .source = md_cli_arg(args, "source"),
                    .types = md_cli_arg(args, "types"),
                    .created_at = clock->now(clock)};
  int code = md_api_key_make(key.name, text, key.hash, err);
  return code ? code : md_keys_insert(store, &key, err);
}

// Without a daemon: takes the database for a moment.
static int change_here(const md_cli_args *args, bool add, char text[static MD_API_KEY_SIZE], md_error *err) {
  md_store *store = NULL;
  md_clock *clock = md_clock_real();
  md_store_options options = {.path = md_db_path(args)};
  int code = md_store_open(&store, &options, err);
  if (!code) code = md_store_begin(store, err);
  if (!code)
    code = add ? add_here(store, args, text, err) : md_keys_revoke(store, args->positional[0], clock->now(clock), err);
  if (!code)
    code = md_store_commit(store, err);
  else if (store && md_store_in_transaction(store))
    md_store_rollback(store);
  md_store_close(store);
  return code;
}

// `key`: the new one; NULL: one was revoked.
static void tell(const md_cli_args *args, const char *key) {
  md_line line;
  if (md_cli_switch(args, "json")) {
    md_line_begin(&line);
    md_line_text(&line, "name", args->positional[0]);
    if (key) md_line_text(&line, "key", key);
    if (!key) md_line_bool(&line, "revoked", true);
    md_line_end(&line);
  } else if (key) {
    puts(key);
  } else {
    md_print("Key %s is revoked.\n", args->positional[0]);
  }
  if (key) fputs("This is the only time that the key is shown.\n", stderr);
}

static int change(const md_cli_args *args, bool add) {
  md_error err = {0};
  char text[MD_API_KEY_SIZE] = "";
  md_arena *arena = md_arena_new(0);
  if (!arena) return MD_EXIT_FAILED;
  md_arena *scope = md_json_scope(arena);
  json_t *answer = NULL, *hello = json_object();
  json_object_set_new(hello, "command", json_string("status"));
  bool daemon = md_admin_ask(md_db_path(args), hello, &answer, NULL) == 0;
  int code = daemon ? md_admin_ask(md_db_path(args), request(args, add ? "key.add" : "key.revoke"), &answer, &err)
                    : change_here(args, add, text, &err);
  const char *key = daemon && !code && add ? md_json_text(answer, "key") : text;
  if (!code) tell(args, add ? key : NULL);
  md_json_scope(scope);
  md_arena_free(arena);
  return code ? md_cli_fail(&err) : MD_EXIT_OK;
}

static int add(const md_cli_args *args) {
  return change(args, true);
}

static int revoke(const md_cli_args *args) {
  return change(args, false);
}

typedef struct listing {
  md_table table;
  bool json;
} listing;

static int show_key(void *context, const md_api_key *key) {
  listing *at = context;
  if (at->json) {
    md_line line;
    md_line_begin(&line);
    md_line_text(&line, "name", key->name);
    md_line_text(&line, "scopes", key->scopes);
    md_line_text(&line, "types", key->types);
    md_line_text(&line, "source", key->source);
    md_line_time(&line, "created_at", key->created_at);
    md_line_time(&line, "revoked_at", key->revoked_at);
    md_line_end(&line);
    return 0;
  }
  md_table_cell(&at->table, key->name);
  md_table_cell(&at->table, key->scopes);
  md_table_cell(&at->table, key->types ? key->types : "all but reserved");
  md_table_cell(&at->table, key->source ? key->source : "as they say");
  md_table_time(&at->table, key->created_at);
  md_table_time(&at->table, key->revoked_at);
  return 0;
}

static int list(const md_cli_args *args) {
  static const char *const headers[] = {"NAME", "SCOPES", "TYPES", "SOURCE", "CREATED", "REVOKED", NULL};
  md_reader reader;
  int code = md_reader_open(&reader, args);
  if (code) return code;
  listing at = {.json = md_cli_switch(args, "json")};
  md_table_init(&at.table, headers);
  code = md_keys_list(reader.store, show_key, &at, &reader.err);
  if (!at.json && !code) md_table_print(&at.table, "No keys.");
  code = code ? md_cli_fail(&reader.err) : MD_EXIT_OK;
  md_reader_close(&reader);
  return code;
}

static const md_cli_option add_options[] = {
    {"types", "TYPES", "the event types it may send, joined by commas: \"order.*,consent.given\""},
    {"source", "SOURCE", "the source that its events bear, whatever they say"},
    {"scopes", "SCOPES", "what it is for, joined by commas (default events)"},
    {"json", NULL, "one JSON object"},
    {0}};

const md_cli_command md_cli_key_add = {
    .name = "key add",
    .arguments = "NAME",
    .summary = "Make an API key; it is printed once and stored only as a hash",
    .notes = "Types consent.*, profile.* and password.* must be named; message.*, run.*, version.* and channel.* are\n"
             "never taken from outside. Clients send it as Authorization: Bearer KEY.",
    .example = "  momentd key add webshop --db shop.db --types 'order.*,cart.*' --source /webshop",
    .options = add_options,
    .positional_min = 1,
    .positional_max = 1,
    .settings = MD_CLI_DB_SETTING,
    .run = add,
};

static const md_cli_option list_options[] = {{"json", NULL, "one JSON object a line"}, {0}};

const md_cli_command md_cli_key_list = {
    .name = "key list",
    .arguments = "",
    .summary = "List API keys, revoked ones too",
    .example = "  momentd key list --db shop.db",
    .options = list_options,
    .settings = MD_CLI_DB_SETTING,
    .run = list,
};

static const md_cli_option revoke_options[] = {{"json", NULL, "one JSON object"}, {0}};

const md_cli_command md_cli_key_revoke = {
    .name = "key revoke",
    .arguments = "NAME",
    .summary = "Revoke an API key at once",
    .example = "  momentd key revoke webshop --db shop.db",
    .options = revoke_options,
    .positional_min = 1,
    .positional_max = 1,
    .settings = MD_CLI_DB_SETTING,
    .run = revoke,
};
