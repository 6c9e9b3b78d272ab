// SPDX-License-Identifier: Apache-2.0
// A shop in memory for the engine's tests: a store, a clock that stands, scripts as text, a messenger that says yes to
// all.
#pragma once
#include "base/digest.h"
#include "engine/engine.h"
#include "engine/journal.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SHOP_START ((md_micros)1770000000 * MD_SECOND)

typedef struct shop {
  md_store *store;
  md_engine *engine;
  md_virtual_clock clock;
  md_arena *arena;
  md_messenger messenger;
  char problems[2000];
  int answered;
  int next_id;
  md_event_status status; // of the last event
} shop;

static int shop_decide(void *context, md_store *store, const md_send *send, md_arena *arena, md_message *out,
                       md_error *err) {
  (void)context, (void)store, (void)err;
  *out = (md_message){.run = send->run->id,
                      .step = send->step,
                      .moment = send->run->moment,
                      .version = send->run->version,
                      .person = send->run->person,
                      .template_name = md_json_text(send->args, "template"),
                      .locale = "da",
                      .subject = "x",
                      .channel = "email",
                      .class_name = send->class_name,
                      .mode = "live",
                      .state = MD_MESSAGE_QUEUED,
                      .to = "ida@example.com",
                      .message_id = md_arena_printf(arena, "%lld.%d@test", (long long)send->run->id, send->step),
                      .data = "{}",
                      .created_at = send->now,
                      .due_at = send->now + 100 * 365 * MD_DAY};
  return 0;
}

static int shop_claim(void *context, md_store *store, md_micros now, md_error *err) {
  (void)context, (void)store, (void)now, (void)err;
  return 0;
}

static void shop_nothing(void *context) {
  (void)context;
}

static md_micros shop_due_at(void *context, md_store *store) {
  (void)context;
  return md_messages_due_at(store);
}

static void shop_problem(void *context, const char *moment, const char *text) {
  shop *s = context;
  size_t len = strlen(s->problems);
  snprintf(s->problems + len, sizeof s->problems - len, "%s: %s\n", moment, text);
}

// Loads scripts given as path, text, path, text … NULL.
static inline void shop_load(shop *s, ...) {
  md_source_file files[16];
  md_source source = {.files = files, .count = 0};
  va_list args;
  va_start(args, s);
  for (const char *path; (path = va_arg(args, const char *)) != NULL;) {
    const char *text = va_arg(args, const char *);
    files[source.count++] = (md_source_file){path, text, strlen(text)};
  }
  va_end(args);
  md_error err = {0};
  s->problems[0] = '\0';
  if (md_engine_load(s->engine, &source, shop_problem, s, &err)) fail_msg("load: %s", err.text);
}

// `more`: options beside those that every shop has.
static inline void shop_open_with(shop *s, const char *path, md_micros now, const md_engine_options *more) {
  memset(s, 0, sizeof *s);
  md_error err = {0};
  md_virtual_clock_init(&s->clock, now);
  s->arena = md_arena_new(0);
  md_json_scope(s->arena);
  if (md_store_open(&s->store, &(md_store_options){.path = path, .unsynced = true}, &err))
    fail_msg("store: %s", err.text);
  s->messenger = (md_messenger){.decide = shop_decide,
                                .claim = shop_claim,
                                .due_at = shop_due_at,
                                .committed = shop_nothing,
                                .rolled_back = shop_nothing};
  md_engine_options options = *more;
  options.store = s->store;
  options.clock = &s->clock.clock;
  options.messenger = &s->messenger;
  options.verify = true;
  options.accept_clock = true;
  if (md_engine_new(&s->engine, &options, &err)) fail_msg("engine: %s", err.text);
}

static inline void shop_open(shop *s) {
  shop_open_with(s, NULL, SHOP_START, &(md_engine_options){0});
}

static inline void shop_open_calling(shop *s, const md_caller *caller) {
  shop_open_with(s, NULL, SHOP_START, &(md_engine_options){.caller = caller});
}

// On the database at `path` (NULL: in memory), forgetting what is older than `retention`.
static inline void shop_open_at(shop *s, const char *path, md_micros retention, md_micros now) {
  shop_open_with(s, path, now, &(md_engine_options){.retention = retention});
}

static inline void shop_close(shop *s) {
  md_engine_free(s->engine);
  md_store_close(s->store);
  md_json_scope(NULL);
  md_arena_free(s->arena);
}

static void shop_done(md_submission *submission) {
  ((shop *)submission->context)->answered++;
}

// Batches until nothing is left that is due now.
static inline void shop_settle(shop *s) {
  for (int i = 0; i < 1000; i++) {
    md_error err = {0};
    int done = md_engine_batch(s->engine, false, &err);
    if (done < 0) fail_msg("batch: %s", err.text);
    md_micros due = md_engine_next_due(s->engine);
    if (done == 0 && (due == 0 || due > s->clock.at)) return;
  }
  fail_msg("the engine never comes to rest");
}

static inline void shop_prepare(shop *s, md_event *event, const char *type, const char *subject, const char *data,
                                const char *id) {
  memset(event, 0, sizeof *event);
  event->id = md_arena_strdup(s->arena, id ? id : md_arena_printf(s->arena, "e%d", ++s->next_id));
  event->source = "/test";
  event->type = type;
  event->subject = subject;
  event->data_text = data;
  event->data = data ? md_json_parse(data, strlen(data), true, NULL) : NULL;
  size_t len = data ? strlen(data) : 0;
  md_micros digest = (md_micros)md_hash64(1, data ? data : "", len);
  memcpy(event->digest, &digest, sizeof digest);
}

static inline int64_t shop_take(shop *s, md_event *event) {
  md_submission submission = {.events = event, .statuses = &s->status, .count = 1, .done = shop_done, .context = s};
  assert_true(md_queue_push(md_engine_inbox(s->engine), &submission.node));
  shop_settle(s);
  return event->seq;
}

static inline int64_t shop_event(shop *s, const char *type, const char *subject, const char *data) {
  md_event event;
  shop_prepare(s, &event, type, subject, data, NULL);
  return shop_take(s, &event);
}

// Moves the clock on, stopping wherever something is due.
static inline void shop_advance(shop *s, md_micros span) {
  md_micros end = s->clock.at + span;
  for (;;) {
    md_micros due = md_engine_next_due(s->engine);
    if (due == 0 || due > end || due > SHOP_START + 50 * 365 * MD_DAY) break;
    s->clock.at = due > s->clock.at ? due : s->clock.at;
    shop_settle(s);
  }
  s->clock.at = end;
  shop_settle(s);
}

static int shop_retry_act(md_submission *submission, md_engine *engine, md_error *err) {
  return md_engine_retry_run(engine, (int64_t)submission->count, err);
}

static int shop_cancel_act(md_submission *submission, md_engine *engine, md_error *err) {
  return md_engine_cancel_run(engine, (int64_t)submission->count, "by hand", err);
}

static inline int shop_act(shop *s, int (*act)(md_submission *, md_engine *, md_error *), int run) {
  md_submission submission = {.act = act, .count = run, .done = shop_done, .context = s};
  assert_true(md_queue_push(md_engine_inbox(s->engine), &submission.node));
  shop_settle(s);
  return submission.code;
}

static inline int shop_retry(shop *s, int run) {
  return shop_act(s, shop_retry_act, run);
}

static inline int shop_cancel(shop *s, int run) {
  return shop_act(s, shop_cancel_act, run);
}

typedef struct shop_runs {
  md_arena *arena;
  md_run list[64];
  int count;
} shop_runs;

static int shop_collect(void *context, const md_run *run) {
  shop_runs *all = context;
  md_run *copy = &all->list[all->count++];
  *copy = *run;
  copy->outcome = md_arena_strdup(all->arena, run->outcome);
  copy->reason = md_arena_strdup(all->arena, run->reason);
  copy->moment = md_arena_strdup(all->arena, run->moment);
  return all->count == 64;
}

// All runs, oldest first.
static inline shop_runs shop_all_runs(shop *s) {
  shop_runs newest = {.arena = s->arena}, all = {.arena = s->arena};
  md_runs_list(s->store, &(md_run_filter){0}, shop_collect, &newest, NULL);
  for (int i = newest.count - 1; i >= 0; i--)
    all.list[all.count++] = newest.list[i];
  return all;
}

// The outcome of the newest run; its state's name when it has none yet.
static inline const char *shop_outcome(shop *s) {
  shop_runs all = shop_all_runs(s);
  if (all.count == 0) return "no run";
  md_run *last = &all.list[all.count - 1];
  return last->outcome ? last->outcome : last->reason ? last->reason : md_run_state_name(last->state);
}

typedef struct shop_word {
  md_arena *arena;
  char text[500];
} shop_word;

static int shop_add_reason(void *context, const md_unmatched *row) {
  shop_word *out = context;
  size_t len = strlen(out->text);
  snprintf(out->text + len, sizeof out->text - len, "%s%s", len ? " " : "", row->reason);
  return 0;
}

// The reasons for which an event started nothing.
static inline const char *shop_unmatched(shop *s, int64_t seq) {
  shop_word word = {.arena = s->arena};
  md_unmatched_list(s->store, seq, 100, shop_add_reason, &word, NULL);
  return md_arena_strdup(s->arena, word.text);
}

static int shop_add_incident(void *context, const md_incident *row) {
  shop_word *out = context;
  size_t len = strlen(out->text);
  snprintf(out->text + len, sizeof out->text - len, "%s%s", len ? " " : "", row->kind);
  return 0;
}

static inline const char *shop_incidents(shop *s) {
  shop_word word = {.arena = s->arena};
  md_incidents_list(s->store, 100, shop_add_incident, &word, NULL);
  return md_arena_strdup(s->arena, word.text);
}

// For tests of one moment m: the plan that they define as SHOP_PLAN before they include this, the shop, and what sets
// it up for each test.
#ifdef SHOP_PLAN
#define MOMENT(options, body)                                                                                          \
  "local moment = require 'moment'\nreturn moment.define { class = 'service', " options                                \
  ", run = function(m, event, state)\n" body "\nend }\n"

static shop s;

static int set_up(void **state) {
  (void)state;
  shop_open(&s);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  shop_close(&s);
  return 0;
}

static void load(const char *text) {
  shop_load(&s, "events.lua", SHOP_PLAN, "m/moment.lua", text, NULL);
  assert_string_equal(s.problems, "");
}
#endif
