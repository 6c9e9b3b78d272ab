// SPDX-License-Identifier: Apache-2.0
// `momentd event`: sends one event to the running daemon.
#include "base/digest.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/target.h"
#include <stdio.h>
#include <string.h>

static const char *new_id(md_arena *arena) {
  uint8_t bytes[12];
  char text[2 * sizeof bytes + 1];
  md_random_bytes(bytes, sizeof bytes);
  md_hex(bytes, sizeof bytes, text);
  return md_arena_strdup(arena, text);
}

// The CloudEvent as JSON, or NULL after a usage error was printed.
static json_t *make_event(const md_cli_args *args, md_arena *arena) {
  md_error err = {0};
  const char *data = md_cli_arg(args, "data"), *id = md_cli_arg(args, "id"), *source = md_cli_arg(args, "source");
  json_t *event = json_object();
  json_object_set_new(event, "specversion", json_string("1.0"));
  json_object_set_new(event, "type", json_string(args->positional[0]));
  json_object_set_new(event, "id", json_string(id ? id : new_id(arena)));
  json_object_set_new(event, "source", json_string(source ? source : "/momentd/cli"));
  if (md_cli_arg(args, "subject")) json_object_set_new(event, "subject", json_string(md_cli_arg(args, "subject")));
  if (md_cli_arg(args, "time")) json_object_set_new(event, "time", json_string(md_cli_arg(args, "time")));
  if (!data) return event;
  json_t *parsed = md_json_parse(data, strlen(data), true, &err);
  if (!parsed) {
    md_cli_misuse(args, "--data is no JSON: %s", err.text);
    return NULL;
  }
  json_object_set_new(event, "data", parsed);
  return event;
}

static int show_answer(const md_http_answer *answer, bool json) {
  const char *body = answer->body.data ? answer->body.data : "";
  bool taken = answer->status == 202;
  md_error err = {0};
  json_t *object = md_json_parse(body, answer->body.len, false, &err);
  if (json && object) {
    printf("%s\n", body);
  } else if (taken && object) {
    const char *status = md_json_text(object, "status"), *id = md_json_text(object, "id");
    md_print("%s %s\n", status ? status : "accepted", id ? id : "");
  } else {
    const char *text = object ? md_json_text(object, "error") : NULL;
    md_print_error("momentd: the daemon answered %d: %s\n", answer->status, text ? text : body);
  }
  return taken ? MD_EXIT_OK : MD_EXIT_FAILED;
}

static int send_event(const md_cli_args *args, const json_t *event) {
  md_target target;
  md_error err = {0};
  md_buffer body;
  md_http_answer answer;
  int code = md_target_open(&target, args);
  if (!code) {
    md_buffer_init(&body);
    md_json_write(&body, event);
    code = md_target_post(&target, "application/cloudevents+json", body.data, body.len, &answer, &err);
    if (code) md_cli_fail(&err);
    code = code ? MD_EXIT_UNREACHABLE : show_answer(&answer, md_cli_switch(args, "json"));
    md_http_answer_deinit(&answer);
    md_buffer_deinit(&body);
  }
  md_target_close(&target);
  return code;
}

static int event(const md_cli_args *args) {
  md_arena *arena = md_arena_new(0);
  if (!arena) return md_cli_fail(&(md_error){.code = MD_ENOMEM});
  md_arena *scope = md_json_scope(arena);
  json_t *made = make_event(args, arena);
  int code = made ? send_event(args, made) : MD_EXIT_USAGE;
  md_json_scope(scope);
  md_arena_free(arena);
  return code;
}

static const md_cli_option options[] = {{"subject", "SUBJECT", "whom it concerns"},
                                        {"data", "JSON", "its data"},
                                        {"id", "ID", "its id; otherwise a new one"},
                                        {"source", "SOURCE", "its source (default /momentd/cli)"},
                                        {"time", "TIME", "its time in RFC 3339; otherwise when it is received"},
                                        MD_TARGET_OPTIONS,
                                        {"json", NULL, "print the daemon's answer as it is"},
                                        {0}};

const md_cli_command md_cli_event = {
    .name = "event",
    .arguments = "TYPE",
    .summary = "Send one event to the running daemon",
    .example = "  momentd event order.placed --subject kunde-1 \\\n"
               "      --data '{\"order_id\":\"o-1\",\"email\":\"ida@example.com\"}'",
    .options = options,
    .positional_min = 1,
    .positional_max = 1,
    .settings = MD_CLI_DB_SETTING,
    .run = event,
};
