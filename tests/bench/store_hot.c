// SPDX-License-Identifier: Apache-2.0
// Measures the store's share of a trigger event: the lookups and inserts of one customer's first event, in batches, on
// a database that holds many already. Usage: store_hot FILE PREFILL EVENTS BATCH [checkpoint]
#include "base/digest.h"
#include "store/checkpoint.h"
#include "store/people.h"
#include "store/runs.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char data[] = "{\"cart_id\":\"c-000000000\",\"currency\":\"DKK\",\"customer\":{\"name\":\"Anna Jensen\"},"
                           "\"email\":\"anna.jensen@example.com\",\"items\":[{\"name\":\"Kop\",\"price\":149,\"sku\":"
                           "\"K-1\"},{\"name\":\"Te\",\"price\":89,\"sku\":\"T-7\"}],\"total\":238}";
static const uint8_t journal[96], wait_blob[120];

enum { PARTS = 4 }; // measured apart: what happens once after the start shows in the first

typedef struct customer {
  char event[32], email[64], cart[32], person[24];
} customer;

static void fail(const char *what, const md_error *err) {
  fprintf(stderr, "%s: %s\n", what, err->text);
  exit(1);
}

static void require(int code, int expected, const char *what, const md_error *err) {
  if (code != expected) fail(what, err);
}

static customer customer_of(int64_t n) {
  customer c;
  uint64_t mixed = md_hash64(7, &n, sizeof n);
  snprintf(c.event, sizeof c.event, "evt-%016" PRIx64, mixed);
  snprintf(c.email, sizeof c.email, "anna.%" PRIx64 "@example.com", mixed);
  snprintf(c.cart, sizeof c.cart, "c-%016" PRIx64, mixed);
  return c;
}

static void look_up(md_store *store, const customer *c, md_arena *arena) {
  md_error err;
  md_event event;
  md_thing thing;
  md_run run;
  int64_t row;
  require(md_events_find_id(store, "shop", c->event, &row, event.digest, &err), MD_ENOTFOUND, "find_id", &err);
  require(md_people_find(store, "data.email", c->email, &row, &err), MD_ENOTFOUND, "find person", &err);
  require(md_things_get(store, "cart", c->cart, arena, &thing, &err), MD_ENOTFOUND, "get thing", &err);
  require(md_runs_next_live(store, (md_key){"cart", c->cart}, 0, INT64_MAX, arena, &run, &err), MD_ENOTFOUND,
          "live run", &err);
}

static void insert(md_store *store, customer *c, md_micros now, md_arena *arena) {
  md_error err;
  md_identity email = {"data.email", c->email, true};
  int64_t person;
  require(md_people_insert(store, &email, 1, now, &person, &err), 0, "insert person", &err);
  snprintf(c->person, sizeof c->person, "%" PRId64, person);
  md_event event = {.received_at = now, .time = now, .id = c->event, .source = "shop", .type = "cart.updated"};
  event.data_text = data;
  event.person = person;
  event.keys[0] = (md_key){"cart", c->cart};
  event.key_count = 1;
  require(md_events_insert(store, &event, &err), 0, "insert event", &err);
  md_thing thing = {.kind = "cart", .value = c->cart, .parent_kind = "person", .parent_value = c->person};
  thing.first_seq = event.seq;
  require(md_things_insert(store, &thing, &err), 0, "insert thing", &err);
  md_run found, run = {.moment = "abandoned_cart", .version = 1, .state = MD_RUN_WAITING, .person = person};
  require(md_runs_next_live(store, (md_key){"person", c->person}, 0, INT64_MAX, arena, &found, &err), MD_ENOTFOUND,
          "live", &err);
  run.about = event.keys[0];
  run.trigger_seq = event.seq;
  run.journal = journal;
  run.journal_len = sizeof journal;
  run.wait = wait_blob;
  run.wait_len = sizeof wait_blob;
  run.due_at = now + MD_HOUR;
  run.started_at = run.turn_at = now;
  require(md_runs_insert(store, &run, &err), 0, "insert run", &err);
}

static void run_batch(md_store *store, int64_t first, int count, md_arena *arena) {
  md_error err;
  require(md_store_begin(store, &err), 0, "begin", &err);
  for (int i = 0; i < count; i++) {
    customer c = customer_of(first + i);
    look_up(store, &c, arena);
    insert(store, &c, 1700000000 * MD_SECOND + first * 1000, arena);
  }
  require(md_settings_set_int(store, "engine_time", first, &err), 0, "settings", &err);
  require(md_store_commit(store, &err), 0, "commit", &err);
  md_arena_reset(arena);
}

static double seconds(clockid_t clock) {
  struct timespec at;
  clock_gettime(clock, &at);
  return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void run_events(md_store *store, int64_t first, int64_t count, int batch, md_arena *arena) {
  for (int64_t done = 0; done < count; done += batch)
    run_batch(store, first + done, (int)(count - done < batch ? count - done : batch), arena);
}

static void print_memory(void) {
  char line[128];
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status))
    if (strncmp(line, "VmRSS", 5) == 0 || strncmp(line, "VmHWM", 5) == 0) fputs(line, stdout);
  if (status) fclose(status);
}

static void measure(md_store *store, int64_t first, int64_t count, int batch, md_arena *arena) {
  double cpu = seconds(CLOCK_THREAD_CPUTIME_ID), all = seconds(CLOCK_PROCESS_CPUTIME_ID);
  double wall = seconds(CLOCK_MONOTONIC);
  run_events(store, first, count, batch, arena);
  printf("batch %d: %.2f us CPU, %.2f us CPU with the checkpointer, %.2f us wall an event\n", batch,
         (seconds(CLOCK_THREAD_CPUTIME_ID) - cpu) * 1e6 / (double)count,
         (seconds(CLOCK_PROCESS_CPUTIME_ID) - all) * 1e6 / (double)count,
         (seconds(CLOCK_MONOTONIC) - wall) * 1e6 / (double)count);
}

int main(int argc, char **argv) {
  if (argc < 5) return fprintf(stderr, "usage: store_hot FILE PREFILL EVENTS BATCH [checkpoint]\n"), 2;
  md_error err;
  md_store *store;
  md_checkpointer *checkpointer = NULL;
  md_arena *arena = md_arena_new(0);
  int64_t prefill = atoll(argv[2]), events = atoll(argv[3]);
  print_memory();
  double from = seconds(CLOCK_MONOTONIC);
  require(md_store_open(&store, &(md_store_options){.path = argv[1]}, &err), 0, "open", &err);
  printf("open: %.3f s\n", seconds(CLOCK_MONOTONIC) - from);
  if (argc > 5) require(md_checkpointer_start(&checkpointer, argv[1], &err), 0, "checkpointer", &err);
  int64_t there = md_events_last_seq(store);
  if (there < prefill) run_events(store, there, prefill - there, 1024, arena);
  if (there < prefill) there = prefill;
  for (int part = 0; part < PARTS; part++)
    measure(store, there + part * (events / PARTS), events / PARTS, atoi(argv[4]), arena);
  print_memory();
  md_checkpointer_stop(checkpointer);
  md_store_close(store);
  md_arena_free(arena);
  return 0;
}
