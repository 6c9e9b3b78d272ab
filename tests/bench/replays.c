// SPDX-License-Identifier: Apache-2.0
// What replaying costs in the whole engine, on a database in memory: an event for each of many waiting runs whose
// journals hold so many steps, and how many bytes of journal a step takes. Prints "what: value" lines, never fails.
#include "base/json.h"
#include "base/log.h"
#include "cli/memory_channel.h"
#include "cli/virtual.h"
#include "store/runs.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define START (1767603600 * MD_SECOND)

enum { BATCH = 200, SCRIPT_BYTES = 600, STEPS = 100 };

typedef struct bench {
  md_virtual driver;
  md_settings settings;
  md_arena *arena;
  int next;
} bench;

static void stop(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static void refused(void *context, const char *moment, const char *text) {
  (void)context;
  stop(moment, text);
}

static bench *open_bench(const char *body) {
  char script[SCRIPT_BYTES];
  static const char copy[] = "---\nsubject: s\n---\nHej\n";
  bench *b = calloc(1, sizeof *b);
  md_error err = {0};
  if (!b) stop("bench", "out of memory");
  b->arena = md_arena_new(0);
  md_json_scope(b->arena);
  b->settings = (md_settings){.delivery = "shadow",
                              .moment_delivery = json_object(),
                              .addresses = json_object(),
                              .sender = "shop@example.com",
                              .locale = "da",
                              .max_age = MD_DAY};
  md_virtual_options options = {.start = START, .settings = &b->settings, .channel = md_memory_channel_new()};
  if (md_virtual_open(&b->driver, &options, &err)) stop("open", err.text);
  snprintf(script, sizeof script,
           "return require('moment').define { class = 'service', on = 'a', run = function(m, event)\n%s\n"
           "while m:wait_for('b', { within = '1d' }) do end end }",
           body);
  md_source_file files[] = {{"m/moment.lua", script, strlen(script)}, {"m/x.da.md", copy, sizeof copy - 1}};
  md_source source = {.files = files, .count = 2};
  if (md_engine_load(b->driver.engine, &source, refused, NULL, &err)) stop("load", err.text);
  return b;
}

static void close_bench(bench *b) {
  md_virtual_close(&b->driver);
  md_json_scope(NULL);
  md_arena_free(b->arena);
  free(b);
}

// One event of the type for each of `count` customers from `first` on, in batches.
static void take(bench *b, const char *type, int first, int count) {
  static md_event events[BATCH];
  static md_event_status statuses[BATCH];
  static char ids[BATCH][16], subjects[BATCH][40];
  for (int done = 0; done < count;) {
    int n = count - done < BATCH ? count - done : BATCH;
    md_error err = {0};
    for (int i = 0; i < n; i++) {
      snprintf(ids[i], sizeof ids[i], "e-%d", ++b->next);
      snprintf(subjects[i], sizeof subjects[i], "c%d@example.com", first + done + i);
      events[i] = (md_event){.id = ids[i], .source = "/b", .type = type, .subject = subjects[i], .time = START};
      memcpy(events[i].digest, &b->next, sizeof b->next);
    }
    if (md_virtual_take(&b->driver, events, statuses, n, false, &err)) stop("take", err.text);
    done += n;
  }
}

static double cpu_seconds(void) {
  return (double)clock() / CLOCKS_PER_SEC;
}

// Microseconds an event that makes a run with so many steps in its journal replay them and wait again.
static double replay(int steps, int runs) {
  char body[80];
  snprintf(body, sizeof body, "for _ = 1, %d do m:get('key') end", steps);
  bench *b = open_bench(body);
  take(b, "a", 1, runs);
  double begun = cpu_seconds();
  take(b, "b", 1, runs);
  double took = (cpu_seconds() - begun) * 1e6 / runs;
  close_bench(b);
  return took;
}

static size_t journal_of(const char *body, int answers) {
  md_run run;
  md_error err = {0};
  bench *b = open_bench(body);
  take(b, "a", 1, 1);
  for (int i = 0; i < answers; i++)
    take(b, "b", 1, 1);
  if (md_runs_get(b->driver.store, 1, b->arena, &run, &err)) stop("the run", err.text);
  size_t len = run.journal_len;
  close_bench(b);
  return len;
}

static void print_bytes(const char *step) {
  char body[200];
  snprintf(body, sizeof body, "for i = 1, %d do %s end", STEPS, step);
  printf("journal bytes of %s: %.1f\n", step, (double)journal_of(body, 0) / STEPS);
}

int main(void) {
  static const struct { int steps, runs; } sizes[] = {{0, 20000}, {10, 20000}, {1000, 1000}};
  static const char *const kinds[] = {"m:get('key')",
                                      "m:add('key')",
                                      "m:profile()",
                                      "m:count('n')",
                                      "m:emit { type = 'c', data = { n = i } }",
                                      "m:send { template = 'x' }",
                                      "m:past('b')",
                                      NULL};
  md_json_init();
  md_log_configure(MD_LOG_ERROR, false, STDERR_FILENO); // 1,000 steps are worth a warning each
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    double took = replay(sizes[i].steps, sizes[i].runs);
    printf("replays of %d steps: %.0f/s, %.1f us CPU each with its event and its commit\n", sizes[i].steps, 1e6 / took,
           took);
  }
  for (int i = 0; kinds[i]; i++)
    print_bytes(kinds[i]);
  printf("journal bytes of m:wait_for('b', { within = '1d' }): %.1f\n", (double)journal_of("", STEPS) / STEPS);
  return 0;
}
