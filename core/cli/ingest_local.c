// SPDX-License-Identifier: Apache-2.0
// Takes lines into a database that this process owns: as history, or in virtual time.
#include "base/alloc.h"
#include "base/json.h"
#include "base/log.h"
#include "base/timestamp.h"
#include "cli/ingest.h"
#include "cli/summary.h"
#include "cli/usage_kind.h"
#include "cli/virtual.h"
#include "intake/event_decode.h"
#include "message/mode.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HISTORY_BATCH = 200 };

typedef struct local {
  md_virtual driver;
  md_settings settings;
  md_problems problems;
  md_arena *arena; // of the settings
  md_arena *lines; // of the events of one batch
  md_arena *scope;
  md_progress *progress;
  md_event events[HISTORY_BATCH];
  md_event_status statuses[HISTORY_BATCH];
  int64_t numbers[HISTORY_BATCH];
  int count;
} local;

static void count_status(local *at, int64_t line, md_event_status status) {
  if (status == MD_EVENT_ACCEPTED)
    at->progress->accepted++;
  else if (status == MD_EVENT_DUPLICATE)
    at->progress->duplicates++;
  else if (status == MD_EVENT_REFUSED)
    md_progress_refuse(at->progress, line, MD_EVENT_REFUSED_TEXT);
  else
    md_progress_conflict(at->progress, line, "another event has this source and id");
}

// 1: an event, 0: the line was refused, negative: the ingest cannot go on.
static int decode(local *at, const char *line, size_t len, int64_t number, md_event *out, md_error *err) {
  md_error why = {0};
  at->progress->lines++;
  int code = md_event_decode(at->lines, line, len, NULL, out, &why);
  if (code == MD_ENOMEM) return md_error_set(err, code, "out of memory");
  if (!code && len > MD_EVENT_BODY_MAX) code = md_error_set(&why, MD_ETOOBIG, "the event is larger than 256 KiB");
  if (!code) return 1;
  md_progress_refuse(at->progress, number, why.text);
  return 0;
}

// Gives every line to `take`; lines that cannot be one are refused.
static int each_line(local *at, md_ndjson *lines,
                     int (*take)(local *at, const char *line, size_t len, int64_t number, md_error *err),
                     md_error *err) {
  const char *line;
  size_t len;
  for (;;) {
    int code = md_ndjson_next(lines, &line, &len, err);
    if (code == 0) return 0;
    if (code == MD_ETOOBIG) {
      at->progress->lines++;
      md_progress_refuse(at->progress, lines->number, err->text);
      continue;
    }
    if (code > 0) code = take(at, line, len, lines->number, err);
    if (code < 0) return code;
    md_progress_show(at->progress);
  }
}

static int flush_history(local *at, md_error *err) {
  if (at->count == 0) return 0;
  int code = md_virtual_take(&at->driver, at->events, at->statuses, at->count, true, err);
  for (int i = 0; i < at->count && !code; i++)
    count_status(at, at->numbers[i], at->statuses[i]);
  at->count = 0;
  md_arena_reset(at->lines);
  return code;
}

static int take_history(local *at, const char *line, size_t len, int64_t number, md_error *err) {
  md_event *event = &at->events[at->count];
  int code = decode(at, line, len, number, event, err);
  if (code <= 0) return code;
  event->flags |= MD_EVENT_HISTORY;
  at->numbers[at->count++] = number;
  return at->count == HISTORY_BATCH ? flush_history(at, err) : 0;
}

static int take_in_time(local *at, const char *line, size_t len, int64_t number, md_error *err) {
  md_event event;
  md_event_status status = MD_EVENT_ACCEPTED;
  int code = decode(at, line, len, number, &event, err);
  if (code > 0) {
    code = md_virtual_event(&at->driver, &event, &status, err);
    if (!code) count_status(at, number, status);
  }
  md_arena_reset(at->lines);
  return code;
}

static int load_settings(local *at, const md_cli_args *args, md_error *err) {
  at->arena = md_arena_new(0);
  at->lines = md_arena_new(256 * 1024);
  if (!at->arena || !at->lines) return md_error_set(err, MD_ENOMEM, "out of memory");
  md_log_configure(MD_LOG_WARN, false, STDERR_FILENO);
  at->scope = md_json_scope(at->arena);
  return md_settings_load(&at->settings, args, at->arena, err);
}

static int open_driver(local *at, const md_virtual_options *options, bool in_virtual_time, md_error *err) {
  int code = md_virtual_open(&at->driver, options, err);
  if (!code) code = md_usage_claim(at->driver.store, in_virtual_time, err);
  return code ? code : md_scripts_load(at->driver.engine, &at->settings.scripts, &at->problems, err);
}

static void close_local(local *at) {
  md_virtual_close(&at->driver);
  md_problems_clear(&at->problems);
  md_json_scope(at->scope);
  if (at->arena) md_arena_free(at->arena);
  if (at->lines) md_arena_free(at->lines);
  md_free(at);
}

static int end(local *at, const md_cli_args *args, int code, md_error *err) {
  if (at->driver.store && !code) {
    md_progress_end(at->progress);
    code = md_summary_print(at->driver.store, at->progress, at->driver.late, md_cli_switch(args, "json"), err);
  }
  bool found = at->progress->refused || at->progress->conflicts || at->problems.count;
  int exit_code = code == MD_EINVAL ? MD_EXIT_USAGE : code || found ? MD_EXIT_FAILED : MD_EXIT_OK;
  if (code) md_cli_fail(err);
  close_local(at);
  return exit_code;
}

// History is received now; but no timer of the database may fire meanwhile, so the clock stops short of the first.
static md_micros history_time(md_store *store) {
  md_clock *clock = md_clock_real();
  md_micros now = clock->now(clock), due = md_runs_due_at(store);
  return due && due <= now ? due - 1 : now;
}

int md_ingest_history(const md_cli_args *args, md_ndjson *lines, md_progress *progress) {
  md_error err = {0};
  local *at = md_alloc_zero(sizeof *at);
  if (!at) return md_cli_fail(&(md_error){.code = MD_ENOMEM});
  at->progress = progress;
  int code = load_settings(at, args, &err);
  md_virtual_options options = {.db = at->settings.db, .settings = &at->settings, .closed = true, .start = 1};
  if (!code) code = open_driver(at, &options, false, &err);
  if (code == MD_EBUSY)
    md_error_set(&err, code, "%s is open in a running daemon; history cannot go in over HTTP: stop the daemon first",
                 at->settings.db);
  if (!code && history_time(at->driver.store) > at->driver.clock.at)
    at->driver.clock.at = history_time(at->driver.store);
  if (!code) code = each_line(at, lines, take_history, &err);
  if (!code) code = flush_history(at, &err);
  return end(at, args, code, &err);
}

static int only_files(const md_settings *settings, md_error *err) {
  if (!settings->mail || strncmp(settings->mail, "file:", 5) == 0) return 0;
  return md_error_set(err, MD_EINVAL, "in virtual time mail goes only into files: give --mail file:DIR, not %s",
                      settings->mail);
}

static int read_until(const md_cli_args *args, md_micros *until, md_error *err) {
  const char *text = md_cli_arg(args, "until");
  *until = 0;
  return text ? md_timestamp_parse(text, strlen(text), until, err) : 0;
}

// The clock of a new database begins at its first event, before which nothing is taken.
static int first_time(local *at, md_ndjson *lines, const char **line, size_t *len, md_micros *out, md_error *err) {
  int code;
  md_event event;
  *out = 1;
  while ((code = md_ndjson_next(lines, line, len, err)) > 0) {
    code = decode(at, *line, *len, lines->number, &event, err);
    if (code == 0) continue;
    if (code > 0 && event.flags & MD_EVENT_HAS_TIME) *out = event.time;
    at->progress->lines -= code > 0; // it is taken again, as the first
    break;
  }
  md_arena_reset(at->lines);
  return code;
}

static int run_virtual(local *at, md_ndjson *lines, md_micros until, md_error *err) {
  const char *line = NULL;
  size_t len = 0;
  md_virtual_options options = {.db = at->settings.db, .settings = &at->settings, .unsynced = true};
  int first = first_time(at, lines, &line, &len, &options.start, err);
  if (first < 0) return first;
  int code = open_driver(at, &options, true, err);
  if (!code && first > 0) code = take_in_time(at, line, len, lines->number, err);
  if (!code && first > 0) code = each_line(at, lines, take_in_time, err);
  return code ? code : md_virtual_finish(&at->driver, until, err);
}

int md_ingest_virtual(const md_cli_args *args, md_ndjson *lines, md_progress *progress) {
  md_error err = {0};
  md_micros until = 0;
  local *at = md_alloc_zero(sizeof *at);
  if (!at) return md_cli_fail(&(md_error){.code = MD_ENOMEM});
  at->progress = progress;
  int code = load_settings(at, args, &err);
  if (!code) code = read_until(args, &until, &err);
  if (!code) code = only_files(&at->settings, &err);
  if (!code) code = run_virtual(at, lines, until, &err);
  return end(at, args, code, &err);
}
