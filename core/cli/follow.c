// SPDX-License-Identifier: Apache-2.0
// Asks the database again and again for what came since.
#include "cli/follow.h"
#include "cli/rows.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PAUSE_MS = 200, ROWS_AT_ONCE = 500 };

typedef struct follower {
  md_reader *reader;
  const md_follow *wanted;
  md_arena *scratch;
  int64_t last; // seq or id of the last one that was seen
  int got;
} follower;

static void show_event_row(follower *at, const md_event *event) {
  char time[MD_TIME_TEXT];
  const char *about = "", *person = md_person_name(at->reader->store, at->scratch, event->person);
  for (int i = 0; i < event->key_count && about; i++)
    about = md_arena_printf(at->scratch, "%s  %s %s", about, event->keys[i].kind, event->keys[i].value);
  md_print("%s  %-24s  ", md_time_text(event->received_at, time), event->type);
  md_print_escaped(event->id);
  fputs("  ", stdout);
  md_print_escaped(person);
  md_print_escaped(about);
  putchar('\n');
}

// Others are passed over here, not in the query: what has been seen is not looked at again.
static bool is_wanted(const follower *at, const char *type) {
  return !at->wanted->type || (type && strcmp(type, at->wanted->type) == 0);
}

static int show_event(void *context, const md_event *event) {
  follower *at = context;
  at->last = event->seq;
  at->got++;
  if (!is_wanted(at, event->type)) return 0;
  if (at->wanted->json) {
    md_line line;
    md_line_begin(&line);
    md_event_fields(&line, at->reader->store, at->scratch, event);
    md_line_end(&line);
  } else {
    show_event_row(at, event);
  }
  md_arena_reset(at->scratch);
  return 0;
}

static int show_unmatched(void *context, const md_unmatched *row) {
  follower *at = context;
  char time[MD_TIME_TEXT];
  at->last = row->id;
  at->got++;
  if (!is_wanted(at, row->type)) return 0;
  if (at->wanted->json) {
    md_line line;
    md_line_begin(&line);
    md_unmatched_fields(&line, row);
    md_line_end(&line);
    return 0;
  }
  md_print("%s  %-24s  %s  %s: %s", md_time_text(row->at, time), row->type ? row->type : "", row->moment, row->reason,
           md_reason_text(row->reason));
  if (row->detail) fputs(": ", stdout);
  md_print_escaped(row->detail);
  putchar('\n');
  return 0;
}

static int before_event(void *context, const md_event *event) {
  *(int64_t *)context = event->seq - 1;
  return 0;
}

static int before_unmatched(void *context, const md_unmatched *row) {
  *(int64_t *)context = row->id - 1;
  return 0;
}

static int last_unmatched(void *context, const md_unmatched *row) {
  *(int64_t *)context = row->id;
  return 1;
}

// Where the newest `limit` begin.
static int find_begin(follower *at, md_error *err) {
  md_store *store = at->reader->store;
  int limit = at->wanted->limit, code;
  if (!at->wanted->unmatched) {
    at->last = md_events_last_seq(store);
    return limit ? md_events_list(store, at->wanted->type, 0, limit, before_event, &at->last, err) : 0;
  }
  code = limit ? md_unmatched_list(store, 0, limit, before_unmatched, &at->last, err)
               : md_unmatched_list(store, 0, 1, last_unmatched, &at->last, err);
  return code > 0 ? 0 : code;
}

static int show_new(follower *at, md_error *err) {
  int code;
  do {
    at->got = 0;
    code = at->wanted->unmatched
               ? md_unmatched_after(at->reader->store, at->last, ROWS_AT_ONCE, show_unmatched, at, err)
               : md_events_after(at->reader->store, at->last, ROWS_AT_ONCE, show_event, at, err);
  } while (!code && at->got == ROWS_AT_ONCE);
  fflush(stdout);
  return code;
}

// The signals are taken in the pauses only: nothing is cut off.
static int follow(follower *at, const sigset_t *ends, md_error *err) {
  const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
  int code = find_begin(at, err);
  while (!code) {
    code = show_new(at, err);
    if (ferror(stdout) || sigtimedwait(ends, NULL, &pause) > 0) break;
  }
  return code;
}

int md_follow_run(md_reader *reader, const md_follow *wanted) {
  follower at = {.reader = reader, .wanted = wanted, .scratch = md_arena_new(0)};
  sigset_t ends, before;
  if (!at.scratch) return md_error_set(&reader->err, MD_ENOMEM, "out of memory");
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  sigprocmask(SIG_BLOCK, &ends, &before);
  int code = follow(&at, &ends, &reader->err);
  sigprocmask(SIG_SETMASK, &before, NULL);
  md_arena_free(at.scratch);
  return code;
}
