// SPDX-License-Identifier: Apache-2.0
// Drives an engine in virtual time.
#include "cli/virtual.h"
#include "base/duration.h"
#include "cli/policy.h"
#include "experiment/assign.h"
#include "metrics/meter.h"
#include "store/vault.h"
#include <inttypes.h>
#include <stdio.h>

// More items than these, and than so many for each run that is alive, are a circle: at one instant, and on the way to
// the end of all waits. A run of the 10,000 steps that one may have is well below.
enum { INSTANT_ITEMS = 20000, INSTANT_ITEMS_A_RUN = 100, END_ITEMS = 20000, END_ITEMS_A_RUN = 1000 };

static int open_vault(md_virtual *driver, const md_virtual_options *options, md_error *err) {
  int code = options->db ? md_master_key_open(&driver->master_key, options->db, options->settings->key_file, err)
                         : md_master_key_new(&driver->master_key, err);
  return code ? code : md_vault_open(driver->store, driver->master_key, err);
}

int md_virtual_open(md_virtual *driver, const md_virtual_options *options, md_error *err) {
  *driver = (md_virtual){.post = {.settings = options->settings,
                                  .virtual_time = true,
                                  .closed = options->closed,
                                  .channel = options->channel,
                                  .copy = options->copy}};
  md_store_options store = {
      .path = options->db, .unsynced = options->unsynced, .cache_kib = (int)options->settings->page_cache};
  int64_t last = 0;
  driver->postroom.channel = options->channel; // closed with it from here on
  int code = md_store_open(&driver->store, &store, err);
  if (!code) code = open_vault(driver, options, err);
  if (code) return code;
  driver->post.master_key = driver->master_key;
  md_settings_get_int(driver->store, "engine_time", &last, NULL);
  md_virtual_clock_init(&driver->clock, last > options->start ? last : options->start);
  code = md_postroom_open(&driver->postroom, driver->store, &driver->post, err);
  md_callroom_options calls = {.settings = options->settings,
                               .virtual_time = true,
                               .answer = options->answer,
                               .context = options->answer_context};
  if (!code) code = md_callroom_open(&driver->callroom, &calls, err);
  if (code) return code;
  md_engine_options engine = {.store = driver->store,
                              .clock = &driver->clock.clock,
                              .master_key = driver->master_key,
                              .messenger = md_outbox_messenger(driver->postroom.outbox),
                              .caller = md_callroom_caller(&driver->callroom),
                              .assign = md_experiment_assign,
                              .arm = options->arm,
                              .arm_context = options->arm_context,
                              .meter = &md_meter_of_store,
                              .trigger_age_max = options->settings->max_age,
                              .accept_clock = true,
                              .observer = options->observer,
                              .verify = options->verify};
  md_policy_of_engine(options->settings, &engine);
  code = md_engine_new(&driver->engine, &engine, err);
  if (!code) code = md_callroom_attach(&driver->callroom, driver->engine, err);
  if (!code) code = md_postroom_attach(&driver->postroom, driver->engine, &driver->post, err);
  if (code || !options->db) return code;
  return md_checkpointer_start(&driver->checkpointer, options->db, err);
}

void md_virtual_close(md_virtual *driver) {
  md_checkpointer_stop(driver->checkpointer);
  md_engine_free(driver->engine);
  md_postroom_close(&driver->postroom);
  md_callroom_close(&driver->callroom);
  md_store_close(driver->store);
  md_master_key_free(driver->master_key);
  *driver = (md_virtual){0};
}

static int add_alive(void *context, const md_run_count *row) {
  if (row->state == MD_RUN_WAITING || row->state == MD_RUN_QUEUED) *(int64_t *)context += row->count;
  return 0;
}

static bool is_circle(md_virtual *driver, int64_t items, int64_t fixed, int64_t a_run) {
  int64_t alive = 0;
  return items > fixed && md_runs_counts(driver->store, add_alive, &alive, NULL) == 0 && items > fixed + a_run * alive;
}

// Names the run that is due next.
static int circle(md_virtual *driver, const char *where, const char *remedy, md_error *err) {
  md_run run;
  char which[200] = "some run";
  md_arena *arena = md_arena_new(0);
  if (arena && md_runs_next_due(driver->store, INT64_MAX, arena, &run, NULL) == 0)
    snprintf(which, sizeof which, "run %" PRId64 " of %.100s", run.id, run.moment);
  if (arena) md_arena_free(arena);
  return md_error_set(err, MD_EBUSY, "%s goes on and on %s: %s", which, where, remedy);
}

int md_virtual_check_end(md_virtual *driver, int64_t begun, md_error *err) {
  if (!is_circle(driver, driver->done - begun, END_ITEMS, END_ITEMS_A_RUN)) return 0;
  return circle(driver, "after the last event",
                "virtual time would never end; say how far it is to go (ingest: --until, try: --advance)", err);
}

// Batches at this instant until there is nothing left to do.
static int settle(md_virtual *driver, bool hold, md_error *err) {
  int64_t begun = driver->done;
  for (int rounds = 0; !is_circle(driver, driver->done - begun + rounds, INSTANT_ITEMS, INSTANT_ITEMS_A_RUN);
       rounds++) {
    int done = md_engine_batch(driver->engine, hold, err);
    if (done < 0) return done;
    driver->done += done;
    int delivered = md_postroom_deliver(&driver->postroom) + md_callroom_answer(&driver->callroom);
    if (done == 0 && delivered == 0) return 0;
  }
  return circle(driver, "at one instant of virtual time",
                "something in it comes due again at once; let it wait for some time", err);
}

// Does what is due at `due` (the clock is not put back).
static int stop_at(md_virtual *driver, md_micros due, md_error *err) {
  if (due > driver->clock.at) driver->clock.at = due;
  int code = settle(driver, false, err);
  if (code) return code;
  md_micros next = md_engine_next_due(driver->engine);
  if (next == 0 || next > driver->clock.at) return 0;
  return md_error_set(err, MD_EBUSY, "what is due in virtual time is not done: the clock stands still");
}

int md_virtual_advance(md_virtual *driver, md_micros until, bool inclusive, md_error *err) {
  md_micros due;
  while ((due = md_engine_next_due(driver->engine)) != 0 && (due < until || (inclusive && due == until))) {
    int code = stop_at(driver, due, err);
    if (code) return code;
  }
  if (until > driver->clock.at) driver->clock.at = until;
  return 0;
}

static void done(md_submission *submission) {
  *(bool *)submission->context = true;
}

// Until the submission is answered, then until all is at rest.
static int carry_out(md_virtual *driver, md_submission *submission, bool hold, md_error *err) {
  bool answered = false;
  submission->done = done;
  submission->context = &answered;
  md_queue_push_always(md_engine_inbox(driver->engine), &submission->node);
  int code = settle(driver, hold, err);
  if (!code && !answered) code = md_error_set(err, MD_EBUSY, "the engine took no batch");
  if (!code && submission->code) code = md_error_set(err, submission->code, "%s", submission->error.text);
  return code;
}

int md_virtual_take(md_virtual *driver, md_event *events, md_event_status *statuses, int count, bool hold,
                    md_error *err) {
  md_submission submission = {.events = events, .statuses = statuses, .count = count};
  return carry_out(driver, &submission, hold, err);
}

int md_virtual_event(md_virtual *driver, md_event *event, md_event_status *status, md_error *err) {
  md_micros at = event->flags & MD_EVENT_HAS_TIME ? event->time : driver->clock.at;
  bool late = at < driver->clock.at;
  int code = at > driver->clock.at ? md_virtual_advance(driver, at, false, err) : 0;
  if (!code) code = md_virtual_take(driver, event, status, 1, true, err);
  if (!code && late && *status == MD_EVENT_ACCEPTED) driver->late++;
  return code;
}

int md_virtual_finish(md_virtual *driver, md_micros until, md_error *err) {
  md_micros work;
  int64_t begun = driver->done;
  int code = settle(driver, false, err);
  // A daily run that waits for more than a day would otherwise keep itself going: no wait is longer than this.
  if (until == 0) md_engine_end_schedules(driver->engine, driver->clock.at + MD_DURATION_MAX);
  while (!code && (work = md_engine_next_work(driver->engine)) != 0 && (until == 0 || work <= until))
    if (!(code = stop_at(driver, md_engine_next_due(driver->engine), err)) && until == 0)
      code = md_virtual_check_end(driver, begun, err);
  md_engine_end_schedules(driver->engine, 0);
  if (!code && until) code = md_virtual_advance(driver, until, true, err);
  if (!code && until > driver->clock.at) driver->clock.at = until;
  return code;
}
