// SPDX-License-Identifier: Apache-2.0
// Posts lines in batches to the running daemon, again where it has no room now.
#include "base/json.h"
#include "cli/ingest.h"
#include "cli/output.h"
#include "cli/target.h"
#include "intake/event_decode.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BATCH_MAX = 500, BATCH_BYTES = 3 * 1024 * 1024, FIRST_PAUSE_MS = 200, LONGEST_PAUSE_MS = 5000 };
#define PATIENCE (2 * MD_MINUTE) // without any batch taken

typedef struct sender {
  md_target target;
  md_progress *progress;
  md_arena *arena; // of one line, or one answer
  md_buffer body;
  int64_t lines[BATCH_MAX]; // their numbers
  int count, most;
  bool any; // a batch was taken
} sender;

static md_micros monotonic(void) {
  md_clock *clock = md_clock_real();
  return clock->monotonic(clock);
}

static void take_result(sender *s, const json_t *item) {
  json_int_t index = json_integer_value(json_object_get(item, "index"));
  const char *status = md_json_text(item, "status"), *why = md_json_text(item, "error");
  int64_t line = index >= 0 && index < s->count ? s->lines[index] : 0;
  if (status && strcmp(status, "accepted") == 0)
    s->progress->accepted++;
  else if (status && strcmp(status, "duplicate") == 0)
    s->progress->duplicates++;
  else if (status && strcmp(status, "conflict") == 0)
    md_progress_conflict(s->progress, line, why ? why : "another event has this source and id");
  else
    md_progress_refuse(s->progress, line, why ? why : "refused");
}

// An array with one result an event, whatever the status; anything else ends the ingest.
static int take_answer(sender *s, const md_http_answer *answer, md_error *err) {
  const char *body = answer->body.data ? answer->body.data : "";
  md_arena *scope = md_json_scope(s->arena);
  size_t i;
  json_t *item, *results = md_json_parse(body, answer->body.len, false, NULL);
  bool list = json_is_array(results);
  const char *text = results && !list ? md_json_text(results, "error") : NULL;
  json_array_foreach(list ? results : NULL, i, item) take_result(s, item);
  int code = list ? 0 : md_error_set(err, MD_EDENIED, "the daemon answered %d: %s", answer->status, text ? text : body);
  md_json_scope(scope);
  md_arena_reset(s->arena);
  return code;
}

static void pause_for(const md_http_answer *answer, int *pause_ms) {
  int wait = answer->retry_after > 0 ? (int)answer->retry_after * 1000 : *pause_ms;
  usleep((useconds_t)(wait > LONGEST_PAUSE_MS ? LONGEST_PAUSE_MS : wait) * 1000);
  *pause_ms = *pause_ms * 2 > LONGEST_PAUSE_MS ? LONGEST_PAUSE_MS : *pause_ms * 2;
}

// Once a batch was taken, a daemon that restarts is waited for: what it took twice it knows by id.
static int post(sender *s, md_error *err) {
  md_micros began = monotonic();
  int pause_ms = FIRST_PAUSE_MS;
  for (;;) {
    md_http_answer answer;
    int code =
        md_target_post(&s->target, "application/cloudevents-batch+json", s->body.data, s->body.len, &answer, err);
    bool again = code ? s->any : answer.status == 503;
    if (!code && !again) code = take_answer(s, &answer, err);
    if (again && monotonic() - began > PATIENCE) {
      if (!code) code = md_error_set(err, MD_EBUSY, "the daemon has had no room for two minutes (503)");
      again = false;
    }
    if (again) pause_for(&answer, &pause_ms);
    md_http_answer_deinit(&answer);
    if (again) continue;
    s->any = s->any || code == 0;
    return code;
  }
}

static int flush(sender *s, md_error *err) {
  if (s->count == 0) return 0;
  md_buffer_putc(&s->body, ']');
  if (!md_buffer_ok(&s->body)) return md_error_set(err, MD_ENOMEM, "out of memory");
  int code = post(s, err);
  s->count = 0;
  md_buffer_clear(&s->body);
  md_progress_show(s->progress);
  return code;
}

// A line that is no event is refused here: within a batch it would spoil the others.
static int add_line(sender *s, const char *line, size_t len, int64_t number, md_error *err) {
  md_event event;
  md_error why = {0};
  s->progress->lines++;
  int code = md_event_decode(s->arena, line, len, NULL, &event, &why);
  md_arena_reset(s->arena);
  if (code == MD_ENOMEM) return md_error_set(err, code, "out of memory");
  if (!code && len > MD_EVENT_BODY_MAX) code = md_error_set(&why, MD_ETOOBIG, "the event is larger than 256 KiB");
  if (code) {
    md_progress_refuse(s->progress, number, why.text);
    return 0;
  }
  if (s->body.len + len > BATCH_BYTES) code = flush(s, err);
  md_buffer_putc(&s->body, s->count ? ',' : '[');
  md_buffer_append(&s->body, line, len);
  s->lines[s->count++] = number;
  return !code && s->count == s->most ? flush(s, err) : code;
}

static int send_all(sender *s, md_ndjson *lines, md_error *err) {
  const char *line;
  size_t len;
  for (;;) {
    int code = md_ndjson_next(lines, &line, &len, err);
    if (code == MD_ETOOBIG) {
      s->progress->lines++;
      md_progress_refuse(s->progress, lines->number, err->text);
      continue;
    }
    if (code == 0) return flush(s, err);
    if (code > 0) code = add_line(s, line, len, lines->number, err);
    if (code < 0) return code;
  }
}

static void summary(const md_progress *progress, bool json) {
  if (!json) {
    printf("%" PRId64 " events: %" PRId64 " accepted, %" PRId64 " known already, %" PRId64 " conflicting, %" PRId64
           " refused\n",
           progress->lines, progress->accepted, progress->duplicates, progress->conflicts, progress->refused);
    return;
  }
  md_line line;
  md_line_begin(&line);
  md_line_number(&line, "events", progress->lines);
  md_line_number(&line, "accepted", progress->accepted);
  md_line_number(&line, "duplicates", progress->duplicates);
  md_line_number(&line, "conflicts", progress->conflicts);
  md_line_number(&line, "refused", progress->refused);
  md_line_end(&line);
}

static int finish(sender *s, const md_cli_args *args, int code, const md_error *err) {
  bool unreachable = code == MD_ENETWORK || code == MD_ETIMEOUT || code == MD_EBUSY;
  md_progress_end(s->progress);
  summary(s->progress, md_cli_switch(args, "json"));
  if (code) md_cli_fail(err);
  if (unreachable) return MD_EXIT_UNREACHABLE;
  return code || s->progress->refused || s->progress->conflicts ? MD_EXIT_FAILED : MD_EXIT_OK;
}

int md_ingest_http(const md_cli_args *args, md_ndjson *lines, md_progress *progress) {
  md_error err = {0};
  int64_t most = 0;
  if (md_cli_number(args, "batch", 1, 200, &most, &err) || most > BATCH_MAX)
    return md_cli_misuse(args, "--batch is a number from 1 to %d", BATCH_MAX);
  sender s = {.progress = progress, .arena = md_arena_new(64 * 1024), .most = (int)most};
  if (!s.arena) return md_cli_fail(&(md_error){.code = MD_ENOMEM});
  md_buffer_init(&s.body);
  int code = md_target_open(&s.target, args);
  if (!code) {
    int failed = send_all(&s, lines, &err);
    code = finish(&s, args, failed, &err);
  }
  md_target_close(&s.target);
  md_buffer_deinit(&s.body);
  md_arena_free(s.arena);
  return code;
}
