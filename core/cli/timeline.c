// SPDX-License-Identifier: Apache-2.0
// Timelines of runs, from their journals.
#include "cli/timeline.h"
#include "base/json.h"
#include "base/shown.h"
#include "cli/reader.h"
#include "cli/rows.h"
#include "engine/wait.h"
#include "store/messages.h"
#include <inttypes.h>
#include <string.h>

const char *md_timeline_event(md_store *store, md_arena *arena, int64_t seq) {
  md_event event;
  if (md_events_get(store, seq, arena, &event, NULL)) return md_arena_printf(arena, "event %" PRId64, seq);
  return md_arena_printf(arena, "%s (%s)", event.type, event.id);
}

static const char *send_text(md_arena *arena, const char *json) {
  md_arena *scope = md_json_scope(arena);
  const char *text = json;
  json_t *result = md_json_parse(json, strlen(json), true, NULL);
  if (json_is_true(json_object_get(result, "sent")))
    text = "queued";
  else if (md_json_text(result, "reason"))
    text = md_arena_printf(arena, "not sent: %s", md_json_text(result, "reason"));
  md_json_scope(scope);
  return text;
}

// Of a call: the status, or why there is no good answer.
static const char *call_text(md_arena *arena, const md_entry *entry) {
  md_arena *scope = md_json_scope(arena);
  json_t *result = md_json_parse(entry->json, strlen(entry->json), true, NULL);
  const char *text = md_json_text(result, "message");
  if (!text)
    text = md_arena_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(result, "status")));
  md_json_scope(scope);
  return text;
}

static const char *events_text(md_store *store, md_arena *arena, const md_entry *entry) {
  md_seqs seqs = md_seqs_open(entry->seqs, entry->seqs_len);
  int64_t first = md_seqs_next(&seqs);
  if (!first) return "nothing came";
  const char *text = md_timeline_event(store, arena, first);
  return entry->count == 1 ? text : md_arena_printf(arena, "%" PRId64 " events, first %s", entry->count, text);
}

static const char *seen_text(md_store *store, md_arena *arena, const md_entry *entry) {
  const char *text = entry->event_seq ? md_timeline_event(store, arena, entry->event_seq) : "none";
  if (entry->kind != MD_STEP_PAST || entry->count < 2) return text;
  return md_arena_printf(arena, "%" PRId64 " events, last %s", entry->count, text);
}

const char *md_timeline_result(md_store *store, md_arena *arena, const md_entry *entry) {
  switch (entry->result) {
  case MD_RESULT_NIL:
    return entry->kind == MD_STEP_SET ? "done" : "nil";
  case MD_RESULT_TRUE:
    return md_is_wait(entry->kind) ? "over, late" : "done";
  case MD_RESULT_FALSE:
    return "false";
  case MD_RESULT_JSON:
    if (entry->kind == MD_STEP_HTTP) return call_text(arena, entry);
    return entry->kind == MD_STEP_SEND ? send_text(arena, entry->json) : entry->json;
  case MD_RESULT_EVENT:
    return md_timeline_event(store, arena, entry->event_seq);
  case MD_RESULT_EVENTS:
    return events_text(store, arena, entry);
  case MD_RESULT_SEEN:
    return seen_text(store, arena, entry);
  case MD_RESULT_TIMEOUT:
    return entry->kind == MD_STEP_SLEEP ? "over" : "nothing came";
  }
  return "";
}

static void step_row(md_table *table, md_store *store, md_arena *arena, const md_entry *entry) {
  md_table_time(table, entry->at);
  md_table_cell(table, md_arena_printf(arena, "%s %s", md_step_kind_name(entry->kind), entry->name));
  md_table_cell(table, md_timeline_result(store, arena, entry));
  md_table_cell(table, md_arena_printf(arena, "%s:%d", entry->file, entry->line));
}

bool md_timeline_waits(md_arena *arena, const md_run *run, md_timeline_wait *out) {
  md_wait wait;
  char until[MD_TIME_TEXT];
  if (!run->wait || md_wait_unpack(run->wait, run->wait_len, &wait)) return false;
  const char *by = wait.by ? md_arena_printf(arena, " by %s", wait.by) : "";
  const char *gathered = wait.gathered ? md_arena_printf(arena, ", %d events so far", wait.gathered) : "";
  *out = (md_timeline_wait){
      .at = wait.opened_at,
      .step = md_arena_printf(arena, "%s%s%s%s", md_step_kind_name(wait.kind), wait.name[0] ? " " : "", wait.name, by),
      .result = "waits for the answer",
      .place = md_arena_printf(arena, "%s:%d", wait.file, wait.line),
  };
  if (wait.kind != MD_STEP_HTTP)
    out->result = md_arena_printf(arena, "waits until %s%s", md_time_text(md_wait_due(&wait), until), gathered);
  return true;
}

static void wait_row(md_table *table, md_arena *arena, const md_run *run) {
  md_timeline_wait wait;
  if (!md_timeline_waits(arena, run, &wait)) return;
  md_table_time(table, wait.at);
  md_table_cell(table, wait.step);
  md_table_cell(table, wait.result);
  md_table_cell(table, wait.place);
}

static void end_row(md_table *table, const md_run *run) {
  if (run->state == MD_RUN_WAITING) return;
  const char *why = run->state == MD_RUN_DONE ? run->outcome : run->reason;
  md_table_time(table, run->ended_at ? run->ended_at : run->turn_at);
  md_table_cell(table, md_run_state_name(run->state));
  md_table_cell(table, why);
  md_table_cell(table, NULL);
}

static int steps(md_table *table, md_store *store, md_arena *arena, const md_run *run, md_error *err) {
  md_journal_reader reader;
  md_entry entry;
  int code;
  md_journal_read(&reader, run->journal, run->journal_len);
  while ((code = md_journal_next(&reader, &entry)) == 1)
    step_row(table, store, arena, &entry);
  return code ? md_error_set(err, code, "the journal of run %" PRId64 " is damaged", run->id) : 0;
}

// Why the run stopped, and why a message of it was not sent, in lines of their own.
static int add_detail(void *context, const md_message *message) {
  bool kept_back = message->state == MD_MESSAGE_SUPPRESSED || message->state == MD_MESSAGE_FAILED;
  if (kept_back && message->detail)
    md_shown_printf(context, "%s %s: %s: %s\n", message->template_name, md_message_state_name(message->state),
                    message->reason ? message->reason : "no reason", message->detail);
  return 0;
}

static int details(md_buffer *out, md_store *store, const md_run *run, md_error *err) {
  bool stopped = run->state == MD_RUN_PARKED || run->state == MD_RUN_CANCELLED;
  if (stopped && run->reason) md_shown_printf(out, "%s: %s\n", md_run_state_name(run->state), run->reason);
  return md_messages_list(store, &(md_message_filter){.run = run->id}, add_detail, out, err);
}

int md_timeline_write(md_buffer *out, md_store *store, md_arena *arena, const md_run *run, int width, md_error *err) {
  static const char *const headers[] = {"TIME", "STEP", "RESULT", "LINE", NULL};
  const char *digest = md_version_digest(store, arena, run->version);
  const char *person = md_person_name(store, arena, run->person);
  bool thing = run->about.kind && strcmp(run->about.kind, "person") != 0;
  md_table table;
  md_shown_printf(out, "Run %" PRId64 " of %s, version %.12s: %s\n", run->id, run->moment, digest ? digest : "?",
                  md_run_state_name(run->state));
  md_shown_printf(out, "about %s%s%sperson %s\n", thing ? run->about.kind : "", thing ? " " : "",
                  thing ? md_arena_printf(arena, "%s, ", run->about.value) : "", person ? person : "unknown");
  md_table_init(&table, headers);
  table.whole = 1U << 0 | 1U << 3; // the time and the script's line
  table.wraps = 1U << 1 | 1U << 2;
  md_table_time(&table, run->started_at);
  md_table_cell(&table, "trigger");
  md_table_cell(&table, md_timeline_event(store, arena, run->trigger_seq));
  md_table_cell(&table, NULL);
  int code = steps(&table, store, arena, run, err);
  if (run->state == MD_RUN_WAITING) wait_row(&table, arena, run);
  end_row(&table, run);
  md_table_write(&table, out, width, "");
  return code ? code : details(out, store, run, err);
}

static json_t *event_ids(md_store *store, md_arena *arena, const md_entry *entry) {
  md_arena *scope = md_json_scope(arena);
  json_t *list = json_array();
  md_seqs seqs = md_seqs_open(entry->seqs, entry->seqs_len);
  for (int64_t seq = md_seqs_next(&seqs); seq; seq = md_seqs_next(&seqs)) {
    const char *id = md_event_id(store, arena, seq);
    json_array_append_new(list, id ? json_string(id) : json_null());
  }
  md_json_scope(scope);
  return list;
}

void md_timeline_step(md_line *line, md_store *store, md_arena *arena, const md_entry *entry) {
  md_line_time(line, "at", entry->at);
  md_line_text(line, "step", md_step_kind_name(entry->kind));
  md_line_text(line, "name", entry->name);
  if (entry->result == MD_RESULT_JSON)
    md_line_raw(line, "result", entry->json);
  else if (entry->late || (entry->result == MD_RESULT_TRUE && md_is_wait(entry->kind)))
    md_line_text(line, "result", "late");
  else if (entry->result == MD_RESULT_TRUE || entry->result == MD_RESULT_FALSE)
    md_line_bool(line, "result", entry->result == MD_RESULT_TRUE);
  else
    md_line_text(line, "result", entry->result == MD_RESULT_TIMEOUT ? "timeout" : NULL);
  if (entry->result == MD_RESULT_EVENTS)
    md_line_json(line, "events", event_ids(store, arena, entry));
  else
    md_line_text(line, "event", entry->event_seq ? md_event_id(store, arena, entry->event_seq) : NULL);
  if (entry->kind == MD_STEP_PAST) md_line_number(line, "count", entry->count);
  md_line_text(line, "file", entry->file);
  md_line_number(line, "line", entry->line);
}

static void step_json(md_buffer *list, md_store *store, md_arena *arena, const md_entry *entry) {
  md_line line;
  md_line_begin(&line);
  md_timeline_step(&line, store, arena, entry);
  md_buffer_putc(&line.text, '}');
  if (list->len > 1) md_buffer_putc(list, ',');
  if (md_buffer_ok(&line.text))
    md_buffer_append(list, line.text.data, line.text.len);
  else
    list->failed = true;
  md_buffer_deinit(&line.text);
}

int md_timeline_field(md_line *line, md_store *store, md_arena *arena, const md_run *run, md_error *err) {
  md_journal_reader reader;
  md_entry entry;
  md_buffer list;
  int code;
  md_buffer_init(&list);
  md_buffer_putc(&list, '[');
  md_journal_read(&reader, run->journal, run->journal_len);
  while ((code = md_journal_next(&reader, &entry)) == 1)
    step_json(&list, store, arena, &entry);
  md_buffer_putc(&list, ']');
  if (!md_buffer_ok(&list)) line->text.failed = true;
  md_line_raw(line, "timeline", md_buffer_ok(&list) ? list.data : NULL);
  md_buffer_deinit(&list);
  return code ? md_error_set(err, code, "the journal of run %" PRId64 " is damaged", run->id) : 0;
}
