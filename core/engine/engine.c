// SPDX-License-Identifier: Apache-2.0
// The engine's life: opened on a store, asked when it wants to be driven, freed.
#include "engine/engine.h"
#include "base/alloc.h"
#include "engine/calling.h"
#include "engine/state.h"
#include "store/suppressions.h"
#include <string.h>

#define VM_CACHE ((size_t)256 << 20)

static void no_wake(void *context) {
  (void)context;
}

static int check_clock(md_engine *engine, md_micros last, md_error *err) {
  if (!md_timekeeper_gap(&engine->timekeeper, last) || engine->options.accept_clock) return 0;
  return md_error_set(
      err, MD_EDENIED,
      "the clock is %lld days past the last batch of this database; if it is right, start with --accept-clock",
      (long long)((engine->timekeeper.wall - last) / MD_DAY));
}

static int open_time(md_engine *engine, md_error *err) {
  int64_t last = 0;
  int rc = md_settings_get_int(engine->store, "engine_time", &last, err);
  if (rc && rc != MD_ENOTFOUND) return rc;
  md_timekeeper_init(&engine->timekeeper, engine->options.clock, last);
  engine->now = last;
  return check_clock(engine, last, err);
}

int md_engine_new(md_engine **out, const md_engine_options *options, md_error *err) {
  md_engine *engine = md_alloc_zero(sizeof *engine);
  if (!engine) return md_error_set(err, MD_ENOMEM, "out of memory");
  engine->options = *options;
  engine->store = options->store;
  engine->vms.limit = options->vm_cache ? options->vm_cache : VM_CACHE;
  if (options->master_key) md_address_key(options->master_key, engine->address_key);
  engine->arena = md_arena_new(256 * 1024);
  engine->inbox = md_queue_new(options->inbox_limit ? options->inbox_limit : 8192,
                               options->wake ? options->wake : no_wake, options->wake_context);
  engine->calls_back = md_queue_new(0, options->wake ? options->wake : no_wake, options->wake_context);
  engine->unneeded.cursor = INT64_MIN;
  engine->pending = engine->offering = engine->heavy = engine->ready = true;
  int rc = engine->arena && engine->inbox && engine->calls_back ? md_plan_new(&engine->plan, NULL, err) : MD_ENOMEM;
  if (rc == 0) rc = open_time(engine, err);
  if (rc == 0) rc = md_retention_open(engine, err);
  if (rc) {
    md_engine_free(engine);
    return rc;
  }
  engine->last_event = md_events_last_seq(engine->store);
  if ((rc = md_quarantine_start(engine, err)) != 0) {
    md_engine_free(engine);
    return rc;
  }
  *out = engine;
  return 0;
}

void md_engine_free(md_engine *engine) {
  if (!engine) return;
  md_calling_free(engine);
  md_loaded_free_all(engine);
  for (int i = 0; i < engine->moment_count; i++)
    md_free(engine->moments[i].name);
  md_free(engine->moments);
  md_plan_free(engine->plan);
  md_plan_free(engine->older_plan);
  md_experiments_free(engine->experiments);
  md_rate_deinit(&engine->rate);
  md_held_deinit(&engine->held);
  md_strikes_deinit(&engine->strikes);
  md_unplanned_deinit(&engine->unplanned);
  md_retention_deinit(&engine->retention);
  if (engine->inbox) md_queue_free(engine->inbox);
  if (engine->arena) md_arena_free(engine->arena);
  md_free(engine);
}

void md_engine_unplanned(const md_engine *engine,
                         void (*each)(void *context, const char *type, int64_t count, const char *nearest),
                         void *context) {
  md_unplanned_each(&engine->unplanned, engine->plan, each, context);
}

md_queue *md_engine_inbox(md_engine *engine) {
  return engine->inbox;
}

bool md_engine_is_asked(const md_engine *engine) {
  return engine->carried || md_queue_wait(engine->inbox, 0);
}

// Of two times, where 0 is never.
static md_micros earlier(md_micros a, md_micros b) {
  return a == 0 || (b != 0 && b < a) ? b : a;
}

md_micros md_engine_next_due(md_engine *engine) {
  md_micros work = md_engine_next_work(engine);
  return engine->timekeeper.held ? work : earlier(work, md_schedule_due(engine));
}

void md_engine_end_schedules(md_engine *engine, md_micros until) {
  engine->schedules_until = until;
}

md_micros md_engine_next_work(md_engine *engine) {
  if (md_engine_is_behind(engine) || engine->heavy || engine->carried || !engine->ready)
    return engine->now ? engine->now : 1;
  md_micros run = engine->timekeeper.held ? 0 : md_runs_due_at(engine->store);
  md_micros message = engine->options.messenger->due_at(engine->options.messenger->context, engine->store);
  return earlier(earlier(earlier(run, message), md_calling_due_at(engine)), md_retention_due(&engine->retention));
}

bool md_engine_ready(const md_engine *engine) {
  return __atomic_load_n(&engine->ready, __ATOMIC_RELAXED);
}

md_micros md_engine_time(const md_engine *engine) {
  return engine->now;
}

void md_engine_reset_clock(md_engine *engine) {
  md_timekeeper_reset(&engine->timekeeper);
  engine->now = engine->timekeeper.at;
}

md_store *md_engine_store(md_engine *engine) {
  return engine->store;
}
