// SPDX-License-Identifier: Apache-2.0
// The daemon's main loop: drives the engine by its inbox, its timers and signals.
#include "cli/daemon.h"
#include "base/alloc.h"
#include "base/log.h"
#include "cli/descriptors.h"
#include "cli/policy.h"
#include "cli/usage_kind.h"
#include "experiment/assign.h"
#include "metrics/meter.h"
#include "store/vault.h"
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { RETRY_MS = 1000, BLOCKED_MS = 250, LONGEST_MS = 60000, STOP_STEP_MS = 20 };
#define ROUND_SPAN (50 * (MD_SECOND / 1000)) // what the loop's other business waits at most
#define STOP_SPAN MD_SECOND // for what is due while the daemon stops; the rest is due at the next start

static const int signal_numbers[] = {SIGTERM, SIGINT, SIGHUP};

static void arm(md_daemon *daemon, uint64_t milliseconds);

// Until when the loop may sleep. What is due and was not done (no sender is free, timers are held) is looked at again
// after a while; a result or a submission wakes the loop anyway. By engine time, which the batch before has just read:
// the machine's clock may have been set back (B3).
static void sleep_until_due(md_daemon *daemon) {
  md_micros due = md_engine_next_due(daemon->engine), key = md_vault_due(daemon->store);
  if (key && (due == 0 || key < due)) due = key;
  md_micros left = due - md_engine_time(daemon->engine);
  if (due == 0 || left > LONGEST_MS * 1000LL)
    arm(daemon, LONGEST_MS);
  else
    arm(daemon, left > 0 ? (uint64_t)(left + 999) / 1000 : BLOCKED_MS);
}

// Batches until nothing is left or `span` is over; the answer is that of the last one. A run that comes due again at
// once leaves always something.
static int take_batches(md_daemon *daemon, md_micros span) {
  md_clock *clock = md_clock_real();
  md_micros end = clock->monotonic(clock) + span;
  md_error err = {0};
  int done = 0;
  do
    done = md_engine_batch(daemon->engine, false, &err);
  while (done > 0 && clock->monotonic(clock) < end);
  return done;
}

static void drive(md_daemon *daemon) {
  int done = take_batches(daemon, ROUND_SPAN);
  if (done > 0)
    uv_async_send(&daemon->wake); // signals and the admin socket have their turn between
  else if (done < 0)
    arm(daemon, RETRY_MS);
  else
    sleep_until_due(daemon);
}

static void on_timer(uv_timer_t *timer) {
  drive(timer->data);
}

static void arm(md_daemon *daemon, uint64_t milliseconds) {
  uv_timer_start(&daemon->timer, on_timer, milliseconds, 0);
}

static void on_wake(uv_async_t *async) {
  drive(async->data);
}

// Any thread.
static void wake(void *context) {
  md_daemon *daemon = context;
  uv_async_send(&daemon->wake);
}

static bool ready(void *context) {
  const md_daemon *daemon = context;
  return md_engine_ready(daemon->engine);
}

static void on_signal(uv_signal_t *handle, int number) {
  md_daemon *daemon = handle->data;
  md_error err = {0};
  if (number == SIGHUP) {
    if (md_builder_reload(daemon->builder, MD_DOOR_RELOAD, NULL, &err))
      md_log(MD_LOG_WARN, "cli", "SIGHUP does nothing", "error", err.text, NULL);
    return;
  }
  md_log(MD_LOG_INFO, "cli", "stopping", "signal", number == SIGTERM ? "SIGTERM" : "SIGINT", NULL);
  daemon->stopping = true;
  uv_stop(&daemon->loop);
}

// One that was asked for since `run` began is pending (cli/run.c).
static void take_reloads(void) {
  sigset_t reload;
  sigemptyset(&reload);
  sigaddset(&reload, SIGHUP);
  pthread_sigmask(SIG_UNBLOCK, &reload, NULL);
}

static int open_loop(md_daemon *daemon, md_error *err) {
  int failed = uv_loop_init(&daemon->loop);
  if (failed) return md_error_set(err, MD_EIO, "the event loop cannot be made: %s", uv_strerror(failed));
  uv_async_init(&daemon->loop, &daemon->wake, on_wake);
  uv_timer_init(&daemon->loop, &daemon->timer);
  daemon->wake.data = daemon->timer.data = daemon;
  for (int i = 0; i < 3; i++) {
    uv_signal_init(&daemon->loop, &daemon->signals[i]);
    daemon->signals[i].data = daemon;
    uv_signal_start(&daemon->signals[i], on_signal, signal_numbers[i]);
  }
  take_reloads();
  daemon->handles = true;
  return 0;
}

typedef struct key_list {
  md_api_key *keys;
  size_t count;
  md_arena *arena;
  const char *without;
} key_list;

static int add_key(void *context, const md_api_key *key) {
  key_list *list = context;
  if (key->revoked_at || (list->without && strcmp(key->name, list->without) == 0)) return 0;
  md_api_key *keys = md_arena_alloc(list->arena, (list->count + 1) * sizeof *keys);
  if (!keys) return MD_ENOMEM;
  if (list->count) memcpy(keys, list->keys, list->count * sizeof *keys);
  md_api_key *copy = &keys[list->count++];
  *copy = *key;
  copy->name = md_arena_strdup(list->arena, key->name);
  copy->scopes = md_arena_strdup(list->arena, key->scopes);
  copy->source = md_arena_strdup(list->arena, key->source);
  copy->types = md_arena_strdup(list->arena, key->types);
  list->keys = keys;
  return 0;
}

int md_daemon_keys(md_store *store, const char *without, md_auth **out, md_error *err) {
  key_list list = {.arena = md_arena_new(0), .without = without};
  if (!list.arena) return md_error_set(err, MD_ENOMEM, "out of memory");
  int code = md_keys_list(store, add_key, &list, err);
  if (!code) *out = md_auth_new(list.keys, list.count);
  if (!code && !*out) code = md_error_set(err, MD_ENOMEM, "out of memory");
  md_arena_free(list.arena);
  return code;
}

static int open_engine(md_daemon *daemon, md_error *err) {
  const md_settings *settings = daemon->settings;
  md_store_options store = {.path = settings->db, .cache_kib = (int)settings->page_cache};
  int code = md_policy_check(settings, err);
  if (!code) code = md_store_open(&daemon->store, &store, err);
  if (!code) code = md_master_key_open(&daemon->master_key, settings->db, settings->key_file, err);
  if (!code) code = md_vault_open(daemon->store, daemon->master_key, err);
  md_postroom_options post = {.settings = settings, .master_key = daemon->master_key};
  if (!code) code = md_usage_claim(daemon->store, false, err);
  if (!code) code = md_postroom_open(&daemon->postroom, daemon->store, &post, err);
  if (!code) code = md_callroom_open(&daemon->callroom, &(md_callroom_options){.settings = settings}, err);
  if (!code) code = md_watch_open(&daemon->watch, settings->db, settings->turn_limit, err);
  if (code) return code;
  md_engine_options options = {.store = daemon->store,
                               .clock = md_clock_real(),
                               .master_key = daemon->master_key,
                               .messenger = md_outbox_messenger(daemon->postroom.outbox),
                               .caller = md_callroom_caller(&daemon->callroom),
                               .assign = md_experiment_assign,
                               .meter = &md_meter_of_store,
                               .trigger_age_max = settings->max_age,
                               .retention = settings->retention,
                               .keep_versions = settings->keep_versions,
                               .vm_cache = (size_t)settings->vm_cache,
                               .inbox_limit = (size_t)settings->queue_limit,
                               .wake = wake,
                               .wake_context = daemon,
                               .watch = daemon->watch,
                               .accept_clock = settings->accept_clock};
  md_policy_of_engine(settings, &options);
  code = md_engine_new(&daemon->engine, &options, err);
  md_builder_options build = {.loop = &daemon->loop, .engine = daemon->engine, .settings = settings};
  if (!code) code = md_builder_open(&daemon->builder, &build, err);
  if (!code) code = md_builder_start(daemon->builder, err);
  if (!code) code = md_callroom_attach(&daemon->callroom, daemon->engine, err);
  return code ? code : md_postroom_attach(&daemon->postroom, daemon->engine, &post, err);
}

static int read_proxies(md_daemon *daemon, md_error *err) {
  const md_setting_list *list = &daemon->settings->trusted_proxies;
  daemon->proxies = md_alloc(((size_t)list->count + 1) * sizeof *daemon->proxies);
  int code = daemon->proxies ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
  for (int i = 0; i < list->count && !code; i++)
    code = md_network_parse(list->items[i], &daemon->proxies[i], err);
  return code;
}

static int open_intake(md_daemon *daemon, md_error *err) {
  const md_settings *settings = daemon->settings;
  md_auth *keys = NULL;
  unsigned connections = 0;
  int code = md_descriptors_connections(settings->max_connections, &connections, err);
  if (!code) code = read_proxies(daemon, err);
  if (!code) code = md_daemon_keys(daemon->store, NULL, &keys, err);
  if (code) return code;
  md_intake_options options = {.listen = settings->listen,
                               .inbox = md_engine_inbox(daemon->engine),
                               .ready = ready,
                               .ready_context = daemon,
                               .keys = keys,
                               .trusted_proxies = daemon->proxies,
                               .shop_name = settings->sender_name ? settings->sender_name : settings->consent_sender,
                               .trusted_proxy_count = (size_t)settings->trusted_proxies.count,
                               .limits = {.header_bytes = (size_t)settings->header_limit,
                                          .body_bytes = (size_t)settings->body_limit,
                                          .batch_bytes = (size_t)settings->batch_limit,
                                          .memory_bytes = (size_t)settings->memory_limit,
                                          .connections = connections,
                                          .connections_address = (unsigned)settings->max_connections_address,
                                          .idle_seconds = (unsigned)(settings->idle_timeout / MD_SECOND),
                                          .request_seconds = (unsigned)(settings->request_timeout / MD_SECOND)}};
  code = md_policy_unsubscribe(daemon->master_key, &options.unsubscribe, err);
  return code ? code : md_intake_start(&daemon->intake, &options, err);
}

static void scripts_changed(void *context) {
  md_daemon *daemon = context;
  md_builder_reload(daemon->builder, MD_DOOR_FILES, NULL, NULL);
}

// After the first build: what changes while it goes on is seen at the first look.
static int open_watcher(md_daemon *daemon, md_error *err) {
  const md_settings *settings = daemon->settings;
  md_watcher_options options = {.loop = &daemon->loop,
                                .directories = &settings->scripts,
                                .poll = strcmp(settings->reload, "poll") == 0,
                                .changed = scripts_changed,
                                .context = daemon};
  return strcmp(settings->reload, "manual") == 0 ? 0 : md_watcher_open(&daemon->watcher, &options, err);
}

static int open_all(md_daemon *daemon, md_error *err) {
  int code = open_loop(daemon, err);
  if (!code) code = open_engine(daemon, err);
  if (!code) code = md_checkpointer_start(&daemon->checkpointer, daemon->settings->db, err);
  if (!code) code = md_admin_open(&daemon->admin, &daemon->loop, daemon->settings->db, md_daemon_admin, daemon, err);
  if (!code) code = open_watcher(daemon, err);
  if (!code) code = open_intake(daemon, err);
  if (code) return code;
  int host = (int)(strrchr(daemon->settings->listen, ':') - daemon->settings->listen);
  snprintf(daemon->url, sizeof daemon->url, "http://%.*s:%d", host, daemon->settings->listen,
           md_intake_port(daemon->intake));
  if (daemon->postroom.own_links) md_outbox_set_link_base(daemon->postroom.outbox, daemon->url);
  return 0;
}

typedef struct stopper {
  md_intake *intake;
  atomic_bool done;
} stopper;

static void *stop_intake(void *context) {
  stopper *at = context;
  md_intake_stop(at->intake);
  atomic_store(&at->done, true);
  return NULL;
}

// All that was handed in is taken; what is due beside it has a while.
static void drain(md_daemon *daemon) {
  int done = take_batches(daemon, STOP_SPAN);
  while (done > 0 && md_engine_is_asked(daemon->engine))
    done = take_batches(daemon, 0);
}

// B4. What came in is answered: the engine takes batches until intake has answered all and ended.
static void finish_intake(md_daemon *daemon) {
  pthread_t thread;
  stopper at = {.intake = daemon->intake};
  if (!daemon->intake) return;
  if (pthread_create(&thread, NULL, stop_intake, &at)) {
    md_log(MD_LOG_ERROR, "cli", "no thread can be made to stop the intake; it ends with the process", NULL);
    return;
  }
  while (!atomic_load(&at.done)) {
    take_batches(daemon, ROUND_SPAN);
    md_queue_wait(md_engine_inbox(daemon->engine), STOP_STEP_MS);
  }
  pthread_join(thread, NULL);
  daemon->intake = NULL;
  drain(daemon);
}

static void handle_closed(uv_handle_t *handle) {
  (void)handle; // embedded in the daemon
}

static void close_loop(md_daemon *daemon) {
  if (!daemon->handles) return;
  md_admin_close(daemon->admin);
  md_watcher_close(daemon->watcher);
  md_builder_close(daemon->builder);
  uv_close((uv_handle_t *)&daemon->wake, handle_closed);
  uv_close((uv_handle_t *)&daemon->timer, handle_closed);
  for (int i = 0; i < 3; i++)
    uv_close((uv_handle_t *)&daemon->signals[i], handle_closed);
  uv_run(&daemon->loop, UV_RUN_DEFAULT);
  uv_loop_close(&daemon->loop);
}

static void close_all(md_daemon *daemon) {
  finish_intake(daemon);
  md_postroom_stop(&daemon->postroom);
  md_callroom_stop(&daemon->callroom);
  md_builder_stop(daemon->builder);
  if (daemon->engine) drain(daemon);
  md_checkpointer_stop(daemon->checkpointer);
  close_loop(daemon);
  md_engine_free(daemon->engine);
  md_watch_close(daemon->watch);
  md_postroom_close(&daemon->postroom);
  md_callroom_close(&daemon->callroom);
  md_store_close(daemon->store);
  md_master_key_free(daemon->master_key);
  md_free(daemon->proxies);
}

static void announce(const md_daemon *daemon) {
  printf("momentd: listening on %s\n", daemon->url);
  fflush(stdout);
  md_log(MD_LOG_INFO, "cli", "ready", "url", daemon->url, "db", daemon->settings->db, "delivery",
         daemon->settings->delivery, "pid", md_log_int(getpid()), NULL);
}

int md_daemon_run(const md_settings *settings, md_error *err) {
  md_clock *clock = md_clock_real();
  md_daemon *daemon = md_alloc_zero(sizeof *daemon);
  if (!daemon) return md_error_set(err, MD_ENOMEM, "out of memory");
  daemon->settings = settings;
  daemon->started_at = clock->now(clock);
  int code = open_all(daemon, err);
  if (!code) {
    announce(daemon);
    drive(daemon);
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
  }
  close_all(daemon);
  if (!code) md_log(MD_LOG_INFO, "cli", "stopped", NULL);
  md_free(daemon);
  return code;
}
