// SPDX-License-Identifier: Apache-2.0
// `momentd messages list` and `momentd messages show`.
#include "base/file.h"
#include "cli/commands.h"
#include "cli/mail_text.h"
#include "cli/reader.h"
#include "cli/rows.h"
#include "cli/states.h"
#include "message/compose.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct listing {
  md_table table;
  bool json;
} listing;

static int show_message(void *context, const md_message *message) {
  listing *at = context;
  if (!at->json) {
    md_message_row(&at->table, message);
    return 0;
  }
  md_line line;
  md_line_begin(&line);
  md_message_fields(&line, message);
  md_line_end(&line);
  return 0;
}

static int list_messages(md_reader *reader, listing *at, md_message_filter *filter, const char *subject) {
  static const int64_t anybody = 0;
  const int64_t *rows = &anybody;
  int count = subject ? md_person_rows(reader, subject, &rows) : 1, code = 0;
  if (count == 0) return md_error_set(&reader->err, MD_ENOTFOUND, "nobody is known as \"%s\"", subject);
  if (count < 0) return count;
  for (int i = 0; i < count && !code; i++) {
    filter->person = rows[i];
    code = md_messages_list(reader->store, filter, show_message, at, &reader->err);
  }
  return code;
}

static int read_filter(const md_cli_args *args, md_message_filter *filter, md_error *err) {
  int64_t limit = 0;
  const char *run = md_cli_arg(args, "run");
  filter->moment = md_cli_arg(args, "moment");
  int code = md_cli_number(args, "limit", 1, 50, &limit, err);
  filter->limit = (int)limit;
  if (!code && run) code = md_cli_id(run, "run", &filter->run, err);
  return code ? code : md_message_state_parse(md_cli_arg(args, "state"), &filter->state, err);
}

static int list(const md_cli_args *args) {
  md_reader reader;
  md_error err = {0};
  md_message_filter filter = {0};
  if (read_filter(args, &filter, &err)) return md_cli_misuse(args, "%s", err.text);
  int code = md_reader_open(&reader, args);
  if (code) return code;
  listing at = {.json = md_cli_switch(args, "json")};
  md_table_init(&at.table, md_message_headers);
  code = list_messages(&reader, &at, &filter, md_cli_arg(args, "person"));
  if (!at.json && !code) md_table_print(&at.table, "No messages.");
  code = code ? md_cli_fail(&reader.err) : MD_EXIT_OK;
  md_reader_close(&reader);
  return code;
}

static void show_fields(const md_message *message) {
  char created[MD_TIME_TEXT], due[MD_TIME_TEXT], ended[MD_TIME_TEXT], again[MD_TIME_TEXT];
  const char *const pairs[][2] = {{"moment", message->moment},
                                  {"template", message->template_name},
                                  {"variant", message->variant},
                                  {"class", message->class_name},
                                  {"channel", message->channel},
                                  {"delivery", message->mode},
                                  {"to", message->to},
                                  {"locale", message->locale},
                                  {"subject", message->subject},
                                  {"message-id", message->message_id},
                                  {"created", md_time_text(message->created_at, created)},
                                  {"due", md_time_text(message->due_at, due)},
                                  {"final", md_time_text(message->final_at, ended)},
                                  {"request", message->request},
                                  {"reason", message->reason},
                                  {"detail", message->detail},
                                  {"again from", message->again_at ? md_time_text(message->again_at, again) : NULL},
                                  {"allowed by", message->basis}};
  md_print("Message %" PRId64 " of run %" PRId64 ": %s\n", message->id, message->run,
           md_message_state_name(message->state));
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    if (!pairs[i][1] || !pairs[i][1][0]) continue;
    md_print("  %-12s", pairs[i][0]);
    md_print_escaped(pairs[i][1]);
    putchar('\n');
  }
  if (message->reason) md_print("  %-12s%s\n", "that is", md_reason_text(message->reason));
}

static void print_text(const char *text) {
  putchar('\n');
  md_print_lines(text);
  putchar('\n');
}

// What was sent live is not kept: it is made again from the version that the message is pinned to.
static int render_again(md_reader *reader, const md_message *message, md_copy *copy) {
  const char *const locales[] = {message->locale, NULL};
  md_version_file *files = NULL;
  md_buffer mail;
  md_compose compose = {.moment = message->moment,
                        .class_name = message->class_name,
                        .template_name = message->template_name,
                        .variant = message->variant,
                        .locales = locales,
                        .from = {.address = "momentd@localhost"},
                        .to = {.address = message->to ? message->to : "nobody@localhost"},
                        .message_id = message->message_id ? message->message_id : "0@localhost",
                        .date = message->created_at};
  int code =
      md_versions_files(reader->store, message->version, reader->arena, &files, &compose.file_count, &reader->err);
  if (!code && compose.file_count == 0)
    code = md_error_set(&reader->err, MD_ENOTFOUND, "the files of its version are not kept any more");
  compose.files = files;
  if (!code && message->data) compose.data = md_json_parse(message->data, strlen(message->data), false, &reader->err);
  if (!code && message->data && !compose.data) code = MD_ECORRUPT;
  md_buffer_init(&mail);
  if (!code) code = md_compose_mail(&compose, reader->arena, copy, &mail, &reader->err);
  md_buffer_deinit(&mail);
  return code;
}

static bool was_composed(const md_message *message) {
  return message->template_name && message->data && message->locale && !message->rendering;
}

static void show_again(md_reader *reader, const md_message *message) {
  md_copy copy = {0};
  if (!was_composed(message)) return;
  if (render_again(reader, message, &copy)) {
    md_print("\nIt cannot be shown: %s\n", reader->err.text);
    return;
  }
  printf("\nMade again from version %" PRId64 " (--html FILE writes its HTML):\n", message->version);
  print_text(copy.text ? copy.text : copy.html ? copy.html : "");
}

static int html_of(md_reader *reader, const md_message *message, md_buffer *html) {
  md_copy copy = {0};
  if (message->rendering) return md_mail_html(message->rendering, strlen(message->rendering), html, &reader->err);
  if (!was_composed(message))
    return md_error_set(&reader->err, MD_ENOTFOUND, "message %" PRId64 " was never filled in", message->id);
  int code = render_again(reader, message, &copy);
  if (!code && !copy.html)
    code = md_error_set(&reader->err, MD_ENOTFOUND, "message %" PRId64 " has no HTML part", message->id);
  if (!code) md_buffer_puts(html, copy.html);
  return code;
}

static int write_html(md_reader *reader, const md_message *message, const char *file) {
  md_buffer html;
  md_buffer_init(&html);
  int code = html_of(reader, message, &html);
  if (!code) code = md_file_write(file, html.data ? html.data : "", html.len, false, &reader->err);
  md_buffer_deinit(&html);
  if (!code) md_print("Its HTML is in %s.\n", file);
  return code;
}

static void show_json(const md_message *message) {
  md_line line;
  md_line_begin(&line);
  md_message_fields(&line, message);
  md_line_raw(&line, "data", message->data);
  md_line_text(&line, "rendering", message->rendering);
  md_line_end(&line);
}

static int show(const md_cli_args *args) {
  md_reader reader;
  md_message message;
  md_error err = {0};
  int64_t id = 0;
  const char *html = md_cli_arg(args, "html");
  if (md_cli_id(args->positional[0], "message", &id, &err)) return md_cli_misuse(args, "%s", err.text);
  int code = md_reader_open(&reader, args);
  if (code) return code;
  code = md_messages_get(reader.store, id, reader.arena, &message, &reader.err);
  if (!code && md_cli_switch(args, "json"))
    show_json(&message);
  else if (!code)
    show_fields(&message);
  if (!code && !html && message.rendering && !md_cli_switch(args, "json")) print_text(message.rendering);
  if (!code && !html && !md_cli_switch(args, "json")) show_again(&reader, &message);
  if (!code && html) code = write_html(&reader, &message, html);
  code = code ? md_cli_fail(&reader.err) : MD_EXIT_OK;
  md_reader_close(&reader);
  return code;
}

static const md_cli_option list_options[] = {
    {"moment", "MOMENT", "only messages of this moment"},
    {"state", "STATE", "only messages in this state: queued, attempting, accepted, failed, suppressed …"},
    {"run", "RUN", "only messages of this run"},
    {"person", "SUBJECT", "only messages to this person"},
    {"limit", "N", "at most so many, the newest first (default 50)"},
    {"json", NULL, "one JSON object a line"},
    {0}};

const md_cli_command md_cli_messages_list = {
    .name = "messages list",
    .arguments = "",
    .summary = "List messages and decisions not to send, the newest first",
    .example = "  momentd messages list --db shop.db --state suppressed",
    .options = list_options,
    .settings = MD_CLI_DB_SETTING,
    .run = list,
};

static const md_cli_option show_options[] = {
    {"html", "FILE", "write its HTML into this file"}, {"json", NULL, "one JSON object"}, {0}};

const md_cli_command md_cli_messages_show = {
    .name = "messages show",
    .arguments = "MESSAGE",
    .summary = "Show a message with its state, its reason and what it says",
    .example = "  momentd messages show 3 --db shop.db --html mail.html",
    .options = show_options,
    .positional_min = 1,
    .positional_max = 1,
    .settings = MD_CLI_DB_SETTING,
    .run = show,
};
