// SPDX-License-Identifier: Apache-2.0
// Prints what happens in a shop while it happens.
#include "cli/try_show.h"
#include "cli/mail_text.h"
#include "cli/memory_channel.h"
#include "cli/reader.h"
#include "cli/rows.h"
#include "cli/timeline.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { STEP_COLUMN = 26, RESULT_COLUMN = 32 };

// Columns are kept where they fit: what was printed cannot be aligned anew.
static void row(md_micros at, const char *step, const char *result, const char *place) {
  char time[MD_TIME_TEXT];
  md_print("%s  %-*s  %-*s%s%s\n", md_time_text(at, time), STEP_COLUMN, step, place ? RESULT_COLUMN : 0,
           result ? result : "", place ? "  " : "", place ? place : "");
}

static void begin(md_line *line, const char *kind, md_micros at) {
  md_line_begin(line);
  md_line_text(line, "kind", kind);
  if (at) md_line_time(line, "at", at);
}

void md_try_show_event(const md_try_show *show, const md_event *event) {
  md_micros now = show->shop->driver.clock.at;
  md_line line;
  if (!show->json) {
    row(now, "event", md_arena_printf(show->scratch, "%s (%s)", event->type, event->id), NULL);
    return;
  }
  begin(&line, "event", now);
  md_line_text(&line, "type", event->type);
  md_line_text(&line, "id", event->id);
  md_line_end(&line);
}

static md_try_run *followed(md_try_show *show, int64_t id) {
  for (int i = 0; i < show->run_count; i++)
    if (show->runs[i].id == id) return &show->runs[i];
  if (show->run_count == MD_TRY_RUNS) return NULL;
  show->runs[show->run_count] = (md_try_run){.id = id, .waited_at = -1};
  return &show->runs[show->run_count++];
}

// Where lines of one run begin after those of another.
static void head(md_try_show *show, const md_run *run) {
  md_store *store = show->shop->driver.store;
  md_try_run *at = followed(show, run->id);
  if (show->json || !at || show->run == run->id) return;
  show->run = run->id;
  if (at->begun) {
    printf("Run %" PRId64 " goes on\n", run->id);
    return;
  }
  at->begun = true;
  bool thing = run->about.kind && strcmp(run->about.kind, "person") != 0;
  const char *person = md_person_name(store, show->scratch, run->person);
  md_print("Run %" PRId64 " of %s starts, about %s%s%s%sperson %s\n", run->id, run->moment,
           thing ? run->about.kind : "", thing ? " " : "", thing ? run->about.value : "", thing ? ", " : "",
           person ? person : "unknown");
}

static void show_step(void *context, const md_run *run, const md_entry *entry) {
  md_try_show *show = context;
  md_store *store = show->shop->driver.store;
  md_line line;
  head(show, run);
  if (!show->json) {
    const char *name = md_step_kind_name(entry->kind);
    row(entry->at, md_arena_printf(show->scratch, "%s %s", name, entry->name),
        md_timeline_result(store, show->scratch, entry),
        md_arena_printf(show->scratch, "%s:%d", entry->file, entry->line));
    return;
  }
  md_line_begin(&line);
  md_line_text(&line, "kind", "step");
  md_line_number(&line, "run", run->id);
  md_timeline_step(&line, store, show->scratch, entry);
  md_line_end(&line);
}

static void show_said(void *context, const md_run *run, const char *text, int line) {
  md_try_show *show = context;
  head(show, run);
  if (!show->json) {
    row(show->shop->driver.clock.at, "log", text, md_arena_printf(show->scratch, "line %d", line));
    return;
  }
  md_line out;
  begin(&out, "log", show->shop->driver.clock.at);
  md_line_number(&out, "run", run->id);
  md_line_text(&out, "text", text);
  md_line_number(&out, "line", line);
  md_line_end(&out);
}

md_observer md_try_observer(md_try_show *show) {
  return (md_observer){.context = show, .step = show_step, .said = show_said};
}

static md_try_copy *copy_of(const md_try_show *show, int64_t run, const char *template_name) {
  for (md_try_copy *at = show->copies; at; at = at->next)
    if (at->run == run && strcmp(at->template_name, template_name) == 0) return at;
  return NULL;
}

static void copy_chosen(void *context, int64_t run, const char *template_name, const char *file, const char *why) {
  md_try_show *show = context;
  md_try_copy *at = copy_of(show, run, template_name);
  if (!at) {
    at = md_arena_alloc_zero(show->arena, sizeof *at);
    if (!at) return;
    *at = (md_try_copy){.next = show->copies, .run = run, .template_name = md_arena_strdup(show->arena, template_name)};
    if (!at->template_name) return;
    show->copies = at;
  }
  at->file = md_arena_strdup(show->arena, file);
  at->why = why;
}

md_copy_observer md_try_copy_observer(md_try_show *show) {
  return (md_copy_observer){show, copy_chosen};
}

// With a margin, so that it is told from the steps.
static void print_text(const char *text, size_t len) {
  while (len > 0 && strchr("\r\n ", text[len - 1]))
    len--;
  for (size_t i = 0; i < len; i++) {
    unsigned char c = (unsigned char)text[i];
    if (i == 0 || text[i - 1] == '\n') fputs(c == '\n' || c == '\r' ? "    |" : "    | ", stdout);
    if (c >= 0x20 || c == '\n' || c == '\t') putchar(c);
  }
  putchar('\n');
}

static void show_mail(md_try_show *show, const md_message *message) {
  size_t len = 0;
  md_buffer text;
  const char *mail = md_memory_channel_mail(show->shop->channel, message->id, &len);
  const md_try_copy *copy = mail ? copy_of(show, message->run, message->template_name) : NULL;
  bool kept_back = message->state == MD_MESSAGE_SUPPRESSED || message->state == MD_MESSAGE_FAILED;
  md_buffer_init(&text);
  if (mail && md_mail_plain(mail, len, &text, NULL)) md_mail_html(mail, len, &text, NULL);
  if (show->json) {
    md_line line;
    begin(&line, "message", 0);
    md_message_fields(&line, message);
    md_buffer_putc(&text, '\0');
    md_line_text(&line, "text", mail ? text.data : NULL);
    md_line_text(&line, "copy", copy ? copy->file : NULL);
    md_line_text(&line, "copy_why", copy ? copy->why : NULL);
    md_line_end(&line);
  } else if (mail) {
    md_print("    mail %s to %s, \"", message->template_name, message->to ? message->to : "nobody");
    md_print_escaped(message->subject);
    printf("\"\n");
    if (copy) md_print("    copy %s: %s\n", copy->file ? copy->file : "", copy->why);
    print_text(text.data ? text.data : "", text.len);
  } else if (kept_back) {
    md_print("    no mail %s: %s", message->template_name, md_reason_text(message->reason));
    if (message->detail) md_print(": %s", message->detail);
    putchar('\n');
  }
  md_buffer_deinit(&text);
}

typedef struct inbox {
  md_try_show *show;
  md_message message; // the oldest that was not shown yet
} inbox;

static bool is_open(const md_try_show *show, const md_message *message) {
  for (int i = 0; i < show->message_count; i++)
    if (show->messages[i] == message->id) return false;
  return message->state != MD_MESSAGE_QUEUED && message->state != MD_MESSAGE_ATTEMPTING;
}

static int find_oldest(void *context, const md_message *message) {
  inbox *at = context;
  if (is_open(at->show, message)) at->message.id = message->id;
  return 0;
}

// A mail that waits for its time is shown when it has gone.
static int show_messages(md_try_show *show, md_error *err) {
  md_store *store = show->shop->driver.store;
  int code = 0;
  for (;;) {
    inbox at = {.show = show};
    code = md_messages_list(store, &(md_message_filter){0}, find_oldest, &at, err);
    if (code || !at.message.id || show->message_count == MD_SHOP_MESSAGES) return code;
    show->messages[show->message_count++] = at.message.id;
    code = md_messages_get(store, at.message.id, show->scratch, &at.message, err);
    if (code) return code;
    show_mail(show, &at.message);
  }
}

static void show_wait(md_try_show *show, md_try_run *at, const md_run *run) {
  md_timeline_wait wait;
  if (at->waited_at == run->steps || !md_timeline_waits(show->scratch, run, &wait)) return;
  at->waited_at = run->steps;
  head(show, run);
  if (!show->json) {
    row(wait.at, wait.step, wait.result, wait.place);
    return;
  }
  md_line line;
  begin(&line, "wait", wait.at);
  md_line_number(&line, "run", run->id);
  md_line_text(&line, "step", wait.step);
  md_line_text(&line, "result", wait.result);
  md_line_text(&line, "place", wait.place);
  md_line_end(&line);
}

static void show_end(md_try_show *show, md_try_run *at, const md_run *run) {
  const char *why = run->state == MD_RUN_DONE ? run->outcome : run->reason;
  at->ended = true;
  show->parked |= run->state == MD_RUN_PARKED;
  head(show, run);
  if (show->json) {
    md_line line;
    begin(&line, "end", 0);
    md_run_fields(&line, show->shop->driver.store, show->scratch, run);
    md_line_end(&line);
    return;
  }
  row(run->ended_at ? run->ended_at : run->turn_at, md_run_state_name(run->state), why, NULL);
  if (run->state == MD_RUN_PARKED)
    puts("    The steps of this turn are undone. Mend the script and try again; a daemon keeps such a run, and takes "
         "it\n"
         "    up where it stands: momentd runs retry.");
}

static int show_run(void *context, const md_run *run) {
  md_try_show *show = context;
  md_try_run *at = followed(show, run->id);
  bool ended = run->state != MD_RUN_WAITING && run->state != MD_RUN_QUEUED;
  if (!at || at->ended) return 0;
  if (ended)
    show_end(show, at, run);
  else if (run->state == MD_RUN_WAITING)
    show_wait(show, at, run);
  return 0;
}

int md_try_show_state(md_try_show *show, md_error *err) {
  int code = show_messages(show, err);
  if (!code) code = md_runs_list(show->shop->driver.store, &(md_run_filter){0}, show_run, show, err);
  fflush(stdout);
  return code;
}

static int show_unmatched(void *context, const md_unmatched *row) {
  md_try_show *show = context;
  if (show->json) {
    md_line line;
    begin(&line, "unmatched", 0);
    md_unmatched_fields(&line, row);
    md_line_end(&line);
  } else {
    md_print("%s started nothing: %s: %s%s%s\n", row->type, row->reason, md_reason_text(row->reason),
             row->detail ? ": " : "", row->detail ? row->detail : "");
  }
  show->run = -1;
  return 0;
}

int md_try_show_nothing(md_try_show *show, const char *moment, md_error *err) {
  int code = md_unmatched_list(show->shop->driver.store, 0, 0, show_unmatched, show, err);
  if (!code && show->run != -1)
    md_print_error("momentd: nothing was started: %s says in `on` which events start it\n", moment);
  return code;
}

static int show_incident(void *context, const md_incident *row) {
  const md_try_show *show = context;
  md_line line;
  if (!show->json) {
    md_print("Incident: %s%s%s\n", md_reason_text(row->kind), row->detail ? ": " : "", row->detail ? row->detail : "");
    return 0;
  }
  begin(&line, "incident", row->at);
  md_line_text(&line, "incident", row->kind);
  md_line_text(&line, "detail", row->detail);
  md_line_end(&line);
  return 0;
}

int md_try_show_incidents(md_try_show *show, md_error *err) {
  return md_incidents_list(show->shop->driver.store, MD_TRY_RUNS, show_incident, show, err);
}
