// SPDX-License-Identifier: Apache-2.0
// What a reload of one moment among many costs, on a database and a script tree on disk: from the wish to the swap
// (reading, digests, compiling, check; its specs apart), and how long the engine's thread has to stand for it. Prints
// "what: value" lines, never fails by a figure.
#include "base/alloc.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/build.h"
#include "cli/memory_channel.h"
#include "cli/virtual.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOMENTS = 100, ROUNDS = 40, TEXT = 4096 };

#define START (1767603600 * MD_SECOND)

static const char plan[] = "local plan = require 'plan'\nreturn plan.define {\n"
                           "  person = { strong = { 'subject', 'data.email' } },\n"
                           "  things = { order = { of = 'person', at = 'data.order_id' } },\n"
                           "  events = { ['order.placed'] = { means = 'x', typed = { ['data.total'] = 'money' } },\n"
                           "    ['order.paid'] = { means = 'x' }, ['order.cancelled'] = { means = 'x' } } }\n";
static const char shared[] = "local view = {}\n"
                             "function view.of(order)\n  local lines = {}\n"
                             "  for i, line in ipairs(order.data.lines or {}) do lines[i] = line.name end\n"
                             "  return { number = order.data.order_id, lines = lines }\nend\nreturn view\n";
static const char copy[] =
    "---\nsubject: Ordre {{number}}\npreview: Tak\n---\nHej {{name}}\n\nDin ordre {{number}} er her.\n\n"
    "{{#lines}}\n- {{.}}\n{{/lines}}\n";

typedef struct bench {
  char root[100], db[200], tree[200];
  const char *directories[1];
  md_settings settings;
  md_virtual driver;
  md_arena *arena;
} bench;

static void stop(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static void write_file(bench *b, const char *folder, const char *name, const char *text) {
  char path[600];
  md_error err = {0};
  snprintf(path, sizeof path, "%s/%s", b->tree, folder);
  if (md_directory_make(path, 0755, &err)) stop(path, err.text);
  snprintf(path, sizeof path, "%s/%s%s%s", b->tree, folder, folder[0] ? "/" : "", name);
  if (md_file_write(path, text, strlen(text), false, &err)) stop(path, err.text);
}

static void write_moment(bench *b, int number, int version) {
  char folder[20], text[TEXT];
  snprintf(folder, sizeof folder, "moment_%d", number);
  snprintf(text, sizeof text,
           "local moment = require 'moment'\nlocal view = require 'view'\n"
           "return moment.define {\n  title = 'Number %d', class = 'service', on = 'order.placed', about = 'order',\n"
           "  where = function(event) return (event.data.total or 0) > %d end,\n"
           "  goal = { event = 'order.paid', within = '7d' },\n"
           "  run = function(m, order)\n"
           "    local paid = m:wait_for({ 'order.paid', 'order.cancelled' }, { within = '3d' })\n"
           "    if paid and paid.type == 'order.cancelled' then return 'cancelled' end\n"
           "    local sent = m:send { template = 'mail', data = view.of(order) }\n"
           "    if not sent.sent then return sent.reason end\n"
           "    m:count('mails', 1, { moment = '%d' })\n    return 'version %d'\n  end,\n}\n",
           number, version, number, version);
  write_file(b, folder, "moment.lua", text);
}

static void write_tree(bench *b) {
  char folder[20];
  write_file(b, "", "events.lua", plan);
  write_file(b, "shared", "view.lua", shared);
  for (int i = 0; i < MOMENTS; i++) {
    snprintf(folder, sizeof folder, "moment_%d", i);
    write_moment(b, i, 0);
    write_file(b, folder, "mail.da.md", copy);
    write_file(b, folder, "mail.en.md", copy);
  }
}

static void open_bench(bench *b) {
  md_error err = {0};
  b->arena = md_arena_new(0);
  md_json_scope(b->arena);
  snprintf(b->db, sizeof b->db, "%s/bench.db", b->root);
  snprintf(b->tree, sizeof b->tree, "%s/scripts", b->root);
  b->directories[0] = b->tree;
  b->settings = (md_settings){.delivery = "shadow",
                              .moment_delivery = json_object(),
                              .addresses = json_object(),
                              .connections = json_object(),
                              .scripts = {b->directories, 1},
                              .sender = "shop@example.com",
                              .locale = "da",
                              .reload = "auto",
                              .max_age = MD_DAY};
  write_tree(b);
  md_virtual_options options = {
      .db = b->db, .start = START, .settings = &b->settings, .channel = md_memory_channel_new()};
  if (md_virtual_open(&b->driver, &options, &err)) stop("open", err.text);
}

static md_micros now(void) {
  return md_clock_real()->monotonic(md_clock_real());
}

// The parts of one reload, in microseconds.
typedef struct reload {
  md_micros noted, built, stored, committed, swapped;
} reload;

static reload reload_once(bench *b) {
  md_error err = {0};
  reload took;
  md_build build = {.door = MD_DOOR_FILES, .settings = &b->settings};
  md_store *store = md_engine_store(b->driver.engine);
  md_micros at = now();
  if (md_build_open(&build, b->driver.engine, &err)) stop("note", err.text);
  took.noted = now() - at;
  at = now();
  md_build_run(&build);
  if (build.code) stop("build", build.err.text);
  if (build.problems.count) stop("problem", build.problems.items[0].message);
  took.built = now() - at;
  at = now();
  if (md_store_begin(store, &err) || md_build_take(&build, b->driver.engine, &err)) stop("take", err.text);
  took.stored = now() - at;
  at = now();
  if (md_store_commit(store, &err)) stop("commit", err.text);
  took.committed = now() - at;
  at = now();
  md_build_settle(&build, b->driver.engine, 0);
  took.swapped = now() - at;
  md_build_close(&build);
  return took;
}

static int by_value(const void *a, const void *b) {
  md_micros x = *(const md_micros *)a, y = *(const md_micros *)b;
  return (x > y) - (x < y);
}

static void print(const char *what, md_micros *values) {
  qsort(values, ROUNDS, sizeof *values, by_value);
  printf("%s: median %.2f ms, most %.2f ms\n", what, (double)values[ROUNDS / 2] / 1000,
         (double)values[ROUNDS - 1] / 1000);
}

int main(void) {
  static bench b;
  static md_micros all[ROUNDS], pauses[ROUNDS], commits[ROUNDS];
  md_json_init();
  md_log_configure(MD_LOG_ERROR, false, STDERR_FILENO);
  snprintf(b.root, sizeof b.root, "/tmp/momentd-reloads-%d", (int)getpid());
  open_bench(&b);
  reload first = reload_once(&b);
  printf("first build of %d moments: %.1f ms, of which check and compiling aside %.1f ms\n", MOMENTS,
         (double)(first.noted + first.built + first.stored + first.committed + first.swapped) / 1000,
         (double)first.built / 1000);
  for (int i = 0; i < ROUNDS; i++) {
    write_moment(&b, i % MOMENTS, i + 1);
    reload took = reload_once(&b);
    pauses[i] = took.noted > took.stored + took.swapped ? took.noted : took.stored + took.swapped;
    commits[i] = took.committed;
    all[i] = took.noted + took.built + took.stored + took.committed + took.swapped;
  }
  print("reload of one moment among 100, to the swap", all);
  print("the engine's longest pause for it", pauses);
  print("the commit that it shares with its batch", commits);
  md_virtual_close(&b.driver);
  md_json_scope(NULL);
  md_arena_free(b.arena);
  char command[300];
  snprintf(command, sizeof command, "rm -rf %s", b.root);
  return system(command) ? 1 : 0;
}
