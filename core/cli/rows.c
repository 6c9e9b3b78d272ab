// SPDX-License-Identifier: Apache-2.0
// How rows of the database are shown.
#include "cli/rows.h"
#include "cli/reader.h"
#include "engine/wait.h"
#include <inttypes.h>
#include <string.h>

const char *const md_run_headers[] = {"RUN", "MOMENT", "STATE", "ABOUT", "PERSON", "STARTED", "RESULT", NULL};
const char *const md_message_headers[] = {"MESSAGE", "RUN", "TEMPLATE", "STATE", "TO", "CREATED", "WHY", NULL};
const char *const md_event_headers[] = {"RECEIVED", "TYPE", "ID", "SOURCE", "PERSON", "ABOUT", NULL};
const char *const md_unmatched_headers[] = {"AT", "EVENT", "TYPE", "MOMENT", "REASON", "DETAIL", NULL};

const char *md_waiting_for(md_arena *arena, const md_run *run) {
  md_wait wait;
  if (!run->wait || run->wait_len == 0 || md_wait_unpack(run->wait, run->wait_len, &wait)) return NULL;
  if (wait.type_count == 0) return "time";
  const char *text = wait.types[0];
  for (int i = 1; i < wait.type_count && text; i++)
    text = md_arena_printf(arena, "%s, %s", text, wait.types[i]);
  return text;
}

const char *md_run_end(md_arena *arena, const md_run *run) {
  if (run->state == MD_RUN_DONE) return run->outcome;
  if (run->reason) return run->reason;
  const char *waiting = md_waiting_for(arena, run);
  return waiting ? md_arena_printf(arena, "waits for %s", waiting) : NULL;
}

static void about_field(md_line *line, md_store *store, md_arena *arena, md_key about) {
  md_line inner;
  md_line_begin(&inner);
  md_line_text(&inner, "kind", about.kind);
  md_line_text(&inner, "value", md_key_value(store, arena, about));
  md_buffer_putc(&inner.text, '}');
  md_line_raw(line, "about", about.kind ? inner.text.data : NULL);
  md_buffer_deinit(&inner.text);
}

void md_run_fields(md_line *line, md_store *store, md_arena *arena, const md_run *run) {
  md_line_number(line, "id", run->id);
  md_line_text(line, "moment", run->moment);
  md_line_text(line, "version", md_version_digest(store, arena, run->version));
  md_line_text(line, "state", md_run_state_name(run->state));
  md_line_text(line, "outcome", run->outcome);
  md_line_text(line, "reason", run->reason);
  about_field(line, store, arena, run->about);
  md_line_text(line, "person", md_person_name(store, arena, run->person));
  md_line_text(line, "trigger", md_event_id(store, arena, run->trigger_seq));
  md_line_number(line, "steps", run->steps);
  md_line_text(line, "waiting_for", run->state == MD_RUN_WAITING ? md_waiting_for(arena, run) : NULL);
  md_line_time(line, "due_at", run->state == MD_RUN_WAITING ? run->due_at : 0);
  md_line_time(line, "started_at", run->started_at);
  md_line_time(line, "ended_at", run->ended_at);
}

void md_run_row(md_table *table, md_store *store, md_arena *arena, const md_run *run) {
  const char *about = md_key_value(store, arena, run->about);
  bool person = run->about.kind && strcmp(run->about.kind, "person") == 0;
  md_table_number(table, run->id);
  md_table_cell(table, run->moment);
  md_table_cell(table, md_run_state_name(run->state));
  md_table_cell(table, person || !run->about.kind ? "person" : md_arena_printf(arena, "%s %s", run->about.kind, about));
  md_table_cell(table, md_person_name(store, arena, run->person));
  md_table_time(table, run->started_at);
  md_table_cell(table, md_run_end(arena, run));
}

void md_message_fields(md_line *line, const md_message *message) {
  md_line_number(line, "id", message->id);
  md_line_number(line, "run", message->run);
  md_line_text(line, "moment", message->moment);
  md_line_text(line, "template", message->template_name);
  md_line_text(line, "variant", message->variant);
  md_line_text(line, "channel", message->channel);
  md_line_text(line, "class", message->class_name);
  md_line_text(line, "state", md_message_state_name(message->state));
  md_line_text(line, "reason", message->reason);
  md_line_text(line, "to", message->to);
  md_line_text(line, "locale", message->locale);
  md_line_text(line, "subject", message->subject);
  md_line_time(line, "created_at", message->created_at);
  md_line_time(line, "due_at", message->due_at);
  md_line_time(line, "final_at", message->final_at);
  md_line_time(line, "again_at", message->again_at);
  md_line_text(line, "basis", message->basis);
  md_line_text(line, "mode", message->mode);
  md_line_text(line, "detail", message->detail);
  md_line_text(line, "message_id", message->message_id);
  md_line_number(line, "attempts", message->attempts);
  md_line_text(line, "request", message->request);
}

// What shadow delivery "accepted" went to nobody.
static const char *shown_state(const md_message *message) {
  bool shadow = message->reason && strcmp(message->reason, "shadow") == 0;
  return shadow && message->state == MD_MESSAGE_ACCEPTED ? "accepted (shadow)" : md_message_state_name(message->state);
}

void md_message_row(md_table *table, const md_message *message) {
  md_table_number(table, message->id);
  md_table_number(table, message->run);
  md_table_cell(table, message->template_name);
  md_table_cell(table, shown_state(message));
  md_table_cell(table, message->to);
  md_table_time(table, message->created_at);
  md_table_cell(table, message->reason ? message->reason : message->detail);
}

void md_event_fields(md_line *line, md_store *store, md_arena *arena, const md_event *event) {
  md_line inner;
  md_line_begin(&inner);
  for (int i = 0; i < event->key_count; i++)
    md_line_text(&inner, event->keys[i].kind, md_key_value(store, arena, event->keys[i]));
  md_buffer_putc(&inner.text, '}');
  md_line_number(line, "seq", event->seq);
  md_line_text(line, "id", event->id);
  md_line_text(line, "type", event->type);
  md_line_text(line, "source", event->source);
  md_line_text(line, "subject", event->subject);
  md_line_time(line, "time", event->time);
  md_line_time(line, "received_at", event->received_at);
  md_line_text(line, "person", md_person_name(store, arena, event->person));
  md_line_raw(line, "about", inner.text.data);
  md_line_bool(line, "history", event->flags & MD_EVENT_HISTORY);
  md_line_raw(line, "data", event->data_text);
  md_buffer_deinit(&inner.text);
}

void md_event_row(md_table *table, md_store *store, md_arena *arena, const md_event *event) {
  const char *about = "";
  for (int i = 0; i < event->key_count && about; i++)
    about = md_arena_printf(arena, "%s%s%s %s", about, i ? ", " : "", event->keys[i].kind,
                            md_key_value(store, arena, event->keys[i]));
  md_table_time(table, event->received_at);
  md_table_cell(table, event->type);
  md_table_cell(table, event->id);
  md_table_cell(table, event->source);
  md_table_cell(table, md_person_name(store, arena, event->person));
  md_table_cell(table, about);
}

void md_unmatched_fields(md_line *line, const md_unmatched *row) {
  md_line_text(line, "event", row->event_id);
  md_line_text(line, "type", row->type);
  md_line_text(line, "moment", row->moment);
  md_line_text(line, "reason", row->reason);
  md_line_text(line, "detail", row->detail);
  md_line_time(line, "at", row->at);
}

void md_unmatched_row(md_table *table, const md_unmatched *row) {
  md_table_time(table, row->at);
  md_table_cell(table, row->event_id);
  md_table_cell(table, row->type);
  md_table_cell(table, row->moment);
  md_table_cell(table, row->reason);
  md_table_cell(table, row->detail);
}

const char *md_reason_text(const char *reason) {
  static const char *const texts[][2] = {
      {"no_address", "no address is known for this channel"},
      {"no_consent", "the person gave no consent for this class and channel"},
      {"suppressed", "the address is on the list of suppressed ones"},
      {"limit", "the moment's limit of runs that message one person was reached"},
      {"cap", "the cap of messages to one person was reached"},
      {"no_public_url", "a mail of its class needs an unsubscribe link"},
      {"late", "it was too late for its max_lateness"},
      {"unless", "the send's own condition (unless) held"},
      {"holdout", "the person is in the group that gets nothing"},
      {"template", "the template could not be filled"},
      {"secret_expired", "the secret that it carries was gone already"},
      {"paused", "its moment is paused"},
      {"restarted", "a newer trigger restarted its run"},
      {"cancelled", "its run was cancelled"},
      {"operator", "its run was cancelled by hand"},
      {"max_age", "the trigger was older than the moment's max_age"},
      {"about", "the event does not lead to what the moment is about"},
      {"where", "the moment's where said no"},
      {"again", "a run for the same key was there already"},
      {"depth", "the chain of emitted events was too long"},
      {"rate", "emitted events started too many runs within the hour"},
      {"error", "the script failed"},
      {"identity_conflict",
       "the event names two people who are known apart, or somebody else than the run's person; nothing was joined"},
      {"consent_incomplete", "a consent that says too little is none"},
      {"consent_unknown", "a consent or withdrawal names what there is not"},
      {"thing_conflict", "the event contradicts what the thing belongs to"},
  };
  if (!reason) return "";
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    if (strcmp(texts[i][0], reason) == 0) return texts[i][1];
  return reason;
}
