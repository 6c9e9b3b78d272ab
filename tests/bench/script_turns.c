// SPDX-License-Identifier: Apache-2.0
// How much CPU turns take: a clean one of a moment with a module of 30 functions, and replays of ten steps. Prints,
// never fails.
#include "script/vm.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

typedef struct host {
  json_t *answer;
  int at, journal;
} host;

static void take_step(void *context, const md_step *step, md_answer *answer) {
  host *h = context;
  (void)step;
  answer->replayed = h->at < h->journal;
  if (answer->replayed)
    answer->value = h->answer;
  else
    answer->kind = MD_ANSWER_SUSPEND;
  h->at++;
}

static double tell_time(void *context) {
  (void)context;
  return 1700000000;
}

static uint64_t tell_random(void *context) {
  (void)context;
  return 4;
}

static void drop_log(void *context, const char *level, const char *text, int line) {
  (void)context;
  (void)level;
  (void)text;
  (void)line;
}

static md_vm *build(const char *moment_lua, const char *module_lua) {
  md_source_file files[] = {{"m1/moment.lua", moment_lua, strlen(moment_lua)},
                            {"shared/lib.lua", module_lua, strlen(module_lua)}};
  md_source source = {.files = files, .count = 2};
  md_vm *vm = NULL;
  md_error err;
  if (md_vm_new(&vm, "m1", &source, NULL, &err)) fprintf(stderr, "%s\n", err.text);
  return vm;
}

// Microseconds a turn.
static double measure(md_vm *vm, host *h, int rounds, const json_t *data) {
  const md_turn_host turn_host = {
      .context = h, .step = take_step, .now = tell_time, .random = tell_random, .log = drop_log};
  const md_event_view trigger = {.id = "e1", .type = "a", .source = "s", .time = 1, .data = data};
  md_arena *arena = md_arena_new(65536), *before = md_json_scope(arena);
  md_turn_end end;
  md_error err;
  double start = seconds();
  for (int i = 0; i < rounds; i++) {
    h->at = 0;
    if (md_vm_turn(vm, &turn_host, &trigger, 0, &end, &err) > MD_TURN_SUSPENDED) fprintf(stderr, "%s\n", err.text);
    md_arena_reset(arena);
  }
  double elapsed = seconds() - start;
  md_json_scope(before);
  md_arena_free(arena);
  return elapsed * 1e6 / rounds;
}

// Microseconds to throw a state away and build it anew.
static double measure_rebuild(const char *moment_lua, const char *module_lua, int rounds) {
  double start = seconds();
  for (int i = 0; i < rounds; i++)
    md_vm_free(build(moment_lua, module_lua));
  return (seconds() - start) * 1e6 / rounds;
}

static void module_of_30(char *out, size_t room) {
  size_t used = (size_t)snprintf(out, room, "local M = {}\n");
  for (int i = 0; i < 30; i++)
    used += (size_t)snprintf(out + used, room - used, "function M.f%d(x) return x + %d end\n", i, i);
  snprintf(out + used, room - used, "return M\n");
}

int main(void) {
  static const char clean[] = "local moment, lib = require 'moment', require 'lib'\n"
                              "return moment.define { class = 'service', on = 'a', run = function(m) return end }";
  static const char steps[] = "local moment = require 'moment'\n"
                              "return moment.define { class = 'service', on = 'a', run = function(m, event)\n"
                              "  for i = 1, 10 do m:get('key') end\n  m:sleep('1h') end }";
  static const char sends[] = "local moment = require 'moment'\n"
                              "return moment.define { class = 'service', on = 'a', run = function(m, event)\n"
                              "  for i = 1, 10 do m:send { template = 'x', data = event.data } end\n"
                              "  m:wait_for({ 'a.b', 'c.*' }, { within = '1h' }) end }";
  char module[4096];
  md_json_init();
  module_of_30(module, sizeof module);
  md_arena *arena = md_arena_new(0);
  md_json_scope(arena);
  host h = {.answer = json_integer(1), .journal = 10};
  static const char order[] =
      "{\"order_id\":\"A-1\",\"total\":249.5,\"currency\":\"DKK\",\"email\":\"ida@example.com\","
      "\"lines\":[{\"sku\":\"1\",\"n\":2},{\"sku\":\"2\",\"n\":1}]}";
  json_t *data = md_json_parse(order, strlen(order), false, NULL);
  md_vm *vm = build(clean, module);
  printf("state %zu KiB\n", md_vm_memory(vm) >> 10);
  printf("state thrown away and built anew: %.0f us\n", measure_rebuild(clean, module, 3000));
  printf("clean turn, module of 30 functions: %.2f us\n", measure(vm, &h, 500000, NULL));
  printf("clean turn with an order as trigger: %.2f us\n", measure(vm, &h, 300000, data));
  md_vm_free(vm);
  vm = build(steps, module);
  printf("replays of ten steps (get) that then sleep: %.0f/s\n", 1e6 / measure(vm, &h, 200000, NULL));
  md_vm_free(vm);
  vm = build(sends, module);
  printf("replays of ten sends with data that then wait: %.0f/s\n", 1e6 / measure(vm, &h, 100000, data));
  md_vm_free(vm);
  md_arena_free(arena);
  return 0;
}
