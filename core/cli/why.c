// SPDX-License-Identifier: Apache-2.0
// `momentd why SUBJECT`: all that is known of one person's events, runs and messages, and why each was sent or not.
#include "cli/why.h"
#include "base/json.h"
#include "cli/commands.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void title(md_inquiry *at, const char *text) {
  at->shown = 0;
  if (!at->json) md_print("\n%s\n", text);
}

static void end_section(const md_inquiry *at) {
  if (!at->json && at->shown == 0) puts("  none");
}

void md_why_begin(md_line *line, const char *kind) {
  md_line_begin(line);
  md_line_text(line, "kind", kind);
}

static void show_event(md_inquiry *at, const md_event *event) {
  if (at->event_count < MD_WHY_SHOWN_MAX) at->events[at->event_count++] = event->seq;
  if (at->json) {
    md_line line;
    md_why_begin(&line, "event");
    md_event_fields(&line, at->reader->store, at->reader->arena, event);
    md_line_end(&line);
  } else {
    md_event_row(&at->table, at->reader->store, at->reader->arena, event);
  }
}

static int show_events(md_inquiry *at) {
  md_reader *reader = at->reader;
  int code = 0;
  md_table_init(&at->table, md_event_headers);
  at->table.whole = MD_EVENT_WHOLE;
  for (int i = 0; i < at->row_count && code == 0; i++) {
    char value[24];
    md_event event = {0};
    snprintf(value, sizeof value, "%" PRId64, at->rows[i]);
    while (at->event_count < MD_WHY_SHOWN_MAX &&
           (code = md_events_next_about(reader->store, (md_key){"person", value}, event.seq, reader->arena, &event,
                                        &reader->err)) == 0)
      show_event(at, &event);
    if (code == MD_ENOTFOUND) code = 0;
  }
  if (at->json) return code;
  puts("\nEvents");
  md_table_print(&at->table, "  none");
  return code;
}

static int show_run(void *context, const md_run *run) {
  md_inquiry *at = context;
  if (at->run_count < MD_WHY_SHOWN_MAX) at->runs[at->run_count++] = run->id;
  if (at->json) {
    md_line line;
    md_why_begin(&line, "run");
    md_run_fields(&line, at->reader->store, at->reader->arena, run);
    md_line_end(&line);
  } else {
    md_run_row(&at->table, at->reader->store, at->reader->arena, run);
    md_parked_note(&at->notes, run);
  }
  return 0;
}

static int show_runs(md_inquiry *at) {
  int code = 0;
  md_table_init(&at->table, md_run_headers);
  md_buffer_init(&at->notes);
  for (int i = 0; i < at->row_count && !code; i++) {
    md_run_filter filter = {.person = at->rows[i], .limit = MD_WHY_SHOWN_MAX};
    code = md_runs_list(at->reader->store, &filter, show_run, at, &at->reader->err);
  }
  if (at->json) return code;
  puts("\nRuns");
  md_table_print(&at->table, "  none");
  md_print_buffer(&at->notes);
  return code;
}

static bool was_sent(md_message_state state) {
  return state == MD_MESSAGE_ACCEPTED || state == MD_MESSAGE_DELIVERED || state == MD_MESSAGE_BOUNCED ||
         state == MD_MESSAGE_COMPLAINED;
}

// One sentence: whether it went, and by which rule it did not.
static const char *verdict(md_arena *arena, const md_message *message) {
  const char *state = md_message_state_name(message->state);
  const char *detail = message->detail ? message->detail : "";
  const char *colon = message->detail ? ": " : "";
  if (message->state == MD_MESSAGE_ACCEPTED && message->reason && strcmp(message->reason, "shadow") == 0)
    return md_arena_printf(arena, "not sent: delivery is %s, so it was only rendered", message->mode);
  if (message->state == MD_MESSAGE_SUPPRESSED || message->state == MD_MESSAGE_WITHDRAWN)
    return md_arena_printf(arena, "not sent: %s%s%s", md_reason_text(message->reason), colon, detail);
  if (message->state == MD_MESSAGE_UNKNOWN)
    return md_arena_printf(arena, "handed over whole, but no final reply came%s%s", colon, detail);
  if (message->state == MD_MESSAGE_FAILED)
    return md_arena_printf(arena, "not sent: %s%s%s", message->reason ? md_reason_text(message->reason) : "it failed",
                           colon, detail);
  const char *by = message->basis ? ", by " : "", *basis = message->basis ? message->basis : "";
  if (was_sent(message->state)) return md_arena_printf(arena, "sent (%s)%s%s", state, by, basis);
  return md_arena_printf(arena, "not sent yet (%s)%s%s%s%s", state, by, basis, colon, detail);
}

static int show_message(void *context, const md_message *message) {
  md_inquiry *at = context;
  at->shown++;
  const char *text = verdict(at->reader->arena, message);
  char when[MD_TIME_TEXT];
  if (at->json) {
    md_line line;
    md_why_begin(&line, "message");
    md_message_fields(&line, message);
    md_line_bool(&line, "sent",
                 was_sent(message->state) && (!message->reason || strcmp(message->reason, "shadow") != 0));
    md_line_text(&line, "why", text);
    md_line_end(&line);
    return 0;
  }
  md_print("  %s  message %" PRId64 " of run %" PRId64 " (%s, %s): ", md_time_text(message->created_at, when),
           message->id, message->run, message->moment, message->template_name ? message->template_name : "?");
  md_print_escaped(text ? text : "");
  putchar('\n');
  return 0;
}

static int show_messages(md_inquiry *at) {
  int code = 0;
  title(at, "Messages");
  for (int i = 0; i < at->row_count && !code; i++) {
    md_message_filter filter = {.person = at->rows[i], .limit = MD_WHY_SHOWN_MAX};
    code = md_messages_list(at->reader->store, &filter, show_message, at, &at->reader->err);
  }
  end_section(at);
  return code;
}

static int show_unmatched(void *context, const md_unmatched *row) {
  md_inquiry *at = context;
  at->shown++;
  char when[MD_TIME_TEXT];
  if (at->json) {
    md_line line;
    md_why_begin(&line, "unmatched");
    md_unmatched_fields(&line, row);
    md_line_text(&line, "why", md_reason_text(row->reason));
    md_line_end(&line);
    return 0;
  }
  md_print("  %s  %s (%s) started no %s: %s%s", md_time_text(row->at, when), row->type, row->event_id, row->moment,
           md_reason_text(row->reason), row->detail ? ": " : "");
  md_print_escaped(row->detail);
  putchar('\n');
  return 0;
}

static int show_triggers(md_inquiry *at) {
  int code = 0;
  title(at, "Triggers that started nothing");
  for (int i = 0; i < at->event_count && !code; i++)
    code = md_unmatched_list(at->reader->store, at->events[i], 0, show_unmatched, at, &at->reader->err);
  end_section(at);
  return code;
}

static bool among(const int64_t *ids, int count, int64_t id) {
  for (int i = 0; id && i < count; i++)
    if (ids[i] == id) return true;
  return false;
}

static int show_incident(void *context, const md_incident *row) {
  md_inquiry *at = context;
  char when[MD_TIME_TEXT];
  if (!among(at->events, at->event_count, row->event_seq) && !among(at->runs, at->run_count, row->run)) return 0;
  at->shown++;
  if (at->json) {
    md_line line;
    md_why_begin(&line, "incident");
    md_line_text(&line, "incident", row->kind);
    md_line_text(&line, "event", md_event_id(at->reader->store, at->reader->arena, row->event_seq));
    md_line_raw(&line, "run", row->run ? md_arena_printf(at->reader->arena, "%" PRId64, row->run) : NULL);
    md_line_text(&line, "detail", row->detail);
    md_line_time(&line, "at", row->at);
    md_line_end(&line);
    return 0;
  }
  md_print("  %s  %s%s", md_time_text(row->at, when), md_reason_text(row->kind), row->detail ? ": " : "");
  md_print_escaped(row->detail);
  putchar('\n');
  return 0;
}

static int answer(md_inquiry *at) {
  int code = md_why_person(at);
  if (!code) code = show_events(at);
  if (!code) code = show_runs(at);
  if (!code) code = show_messages(at);
  if (!code) code = show_triggers(at);
  if (code) return code;
  title(at, "Incidents");
  code = md_incidents_list(at->reader->store, MD_WHY_SHOWN_MAX, show_incident, at, &at->reader->err);
  end_section(at);
  return code;
}

static int why(const md_cli_args *args) {
  md_reader reader;
  int code = md_reader_open(&reader, args);
  if (code) return code;
  md_inquiry *at = md_arena_alloc_zero(reader.arena, sizeof *at);
  if (!at) code = md_error_set(&reader.err, MD_ENOMEM, "out of memory");
  if (!code) {
    at->reader = &reader;
    at->subject = args->positional[0];
    at->json = md_cli_switch(args, "json");
    at->row_count = md_person_rows(&reader, at->subject, &at->rows);
    code = at->row_count < 0 ? at->row_count : 0;
  }
  if (!code && at->row_count == 0)
    code = md_error_set(&reader.err, MD_ENOTFOUND, "nobody is known as \"%s\" in %s", at->subject, reader.path);
  if (!code) code = answer(at);
  code = code ? md_cli_fail(&reader.err) : MD_EXIT_OK;
  md_reader_close(&reader);
  return code;
}

static const md_cli_option options[] = {{"json", NULL, "one JSON object a line; `kind` says what each is"}, {0}};

const md_cli_command md_cli_why = {
    .name = "why",
    .arguments = "SUBJECT",
    .summary = "Tell why a person got a message, and why not",
    .notes = "SUBJECT is a subject, an e-mail address or any other identity of the tracking plan.",
    .example = "  momentd why ida@example.com --db shop.db",
    .options = options,
    .positional_min = 1,
    .positional_max = 1,
    .settings = MD_CLI_DB_SETTING,
    .run = why,
};
