// SPDX-License-Identifier: Apache-2.0
// The intake's thread: started, told of new keys, stopped.
#include "intake/server.h"
#include "base/alloc.h"
#include "base/digest.h"
#include "base/log.h"
#include "intake/daemon.h"
#include "intake/linger.h"
#include "intake/listen.h"
#include "intake/request.h"
#include "intake/submit.h"
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { STOP_CHECK_MS = 20, STOP_GRACE_MS = 5000 };

static const md_intake_limits defaults = {
    .header_bytes = 16 * 1024,
    .body_bytes = MD_EVENT_BODY_MAX,
    .batch_bytes = MD_BATCH_BODY_MAX,
    .memory_bytes = (size_t)256 * 1024 * 1024,
    .connections = 1024,
    .connections_address = 64,
    .idle_seconds = 30,
    .request_seconds = 60,
};

static md_intake_limits with_defaults(md_intake_limits limits) {
#define OR_DEFAULT(name) limits.name = limits.name ? limits.name : defaults.name
  OR_DEFAULT(header_bytes);
  OR_DEFAULT(body_bytes);
  OR_DEFAULT(batch_bytes);
  OR_DEFAULT(memory_bytes);
  OR_DEFAULT(connections);
  OR_DEFAULT(connections_address);
  OR_DEFAULT(idle_seconds);
  OR_DEFAULT(request_seconds);
#undef OR_DEFAULT
  return limits;
}

static void take_keys(md_intake *intake) {
  md_auth *old = NULL;
  uv_mutex_lock(&intake->mutex);
  if (intake->swap_auth) {
    old = intake->auth;
    intake->auth = intake->next_auth;
    intake->next_auth = NULL;
    intake->swap_auth = false;
  }
  uv_mutex_unlock(&intake->mutex);
  md_auth_unref(old);
}

static void close_handles(md_intake *intake) {
  uv_close((uv_handle_t *)&intake->poll, NULL);
  uv_close((uv_handle_t *)&intake->timeout, NULL);
  uv_close((uv_handle_t *)&intake->sweep, NULL);
  uv_close((uv_handle_t *)&intake->wake, NULL);
}

static void finish(md_intake *intake) {
  intake->closing = true;
  close_handles(intake);
  MHD_stop_daemon(intake->daemon);
  intake->daemon = NULL;
  md_linger_end_all(intake);
}

// Done when the engine has answered all it was given, and (or after some time) the clients have read it.
static void on_stop_check(uv_timer_t *timer) {
  md_intake *intake = timer->data;
  bool engine_done = atomic_load(&intake->in_flight) == 0; // before the look at its answers
  md_submit_take_answers(intake);
  md_daemon_drive(intake);
  if (engine_done && (intake->working == 0 || uv_now(&intake->loop) >= intake->stop_deadline)) finish(intake);
}

static void begin_stop(md_intake *intake) {
  intake->quiesced = true;
  close(MHD_quiesce_daemon(intake->daemon));
  intake->stop_deadline = uv_now(&intake->loop) + STOP_GRACE_MS;
  uv_timer_start(&intake->sweep, on_stop_check, 0, STOP_CHECK_MS);
}

static void on_wake(uv_async_t *handle) {
  md_intake *intake = handle->data;
  take_keys(intake);
  if (md_submit_take_answers(intake)) md_daemon_drive(intake);
  if (atomic_load(&intake->stopping) && !intake->quiesced) begin_stop(intake);
}

static void on_poll(uv_poll_t *handle, int status, int events) {
  (void)status, (void)events;
  md_daemon_drive(handle->data);
}

static void wake(void *context) {
  uv_async_send(&((md_intake *)context)->wake);
}

static void run(void *context) {
  md_intake *intake = context;
  pthread_setname_np(pthread_self(), "md-intake");
  md_daemon_drive(intake);
  uv_run(&intake->loop, UV_RUN_DEFAULT);
}

static int copy_options(md_intake *intake, const md_intake_options *options, md_error *err) {
  uint8_t random[4];
  size_t size = options->trusted_proxy_count * sizeof *intake->proxies;
  intake->inbox = options->inbox;
  intake->ready = options->ready;
  intake->ready_context = options->ready_context;
  intake->auth = options->keys;
  intake->limits = with_defaults(options->limits);
  intake->proxies = md_alloc(size + 1);
  intake->answers = md_queue_new(SIZE_MAX, wake, intake);
  if (!intake->proxies || !intake->answers) return md_error_set(err, MD_ENOMEM, "out of memory");
  if (size) memcpy(intake->proxies, options->trusted_proxies, size);
  intake->unsubscribe = options->unsubscribe;
  intake->shop_name = options->shop_name;
  intake->proxy_count = options->trusted_proxy_count;
  md_random_bytes(random, sizeof random);
  md_hex(random, sizeof random, intake->id_prefix);
  return 0;
}

static int open_listener(md_intake *intake, const char *where, md_error *err) {
  md_listener listener;
  int code = md_listen(where, md_auth_count(intake->auth) > 0, &listener, err);
  if (code) return code;
  intake->listen_fd = listener.fd;
  intake->port = listener.port;
  intake->public_address = !listener.loopback;
  code = md_daemon_start(intake, err);
  if (code) close(listener.fd);
  return code;
}

static int open_loop(md_intake *intake, md_error *err) {
  if (uv_loop_init(&intake->loop) != 0) return md_error_set(err, MD_ENOMEM, "the intake's loop could not be made");
  intake->loop.data = intake;
  uv_timer_init(&intake->loop, &intake->timeout);
  uv_timer_init(&intake->loop, &intake->sweep);
  intake->timeout.data = intake->sweep.data = intake->poll.data = intake->wake.data = intake;
  int failed = uv_async_init(&intake->loop, &intake->wake, on_wake);
  if (!failed) failed = uv_poll_init(&intake->loop, &intake->poll, md_daemon_fd(intake));
  if (!failed) failed = uv_poll_start(&intake->poll, UV_READABLE, on_poll);
  if (!failed) return 0;
  return md_error_set(err, MD_EIO, "the intake's loop could not be made: %s", uv_strerror(failed));
}

// Signals are for the main thread.
static int start_thread(md_intake *intake, md_error *err) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failed = uv_thread_create(&intake->thread, run, intake);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (failed) return md_error_set(err, MD_ENOMEM, "the intake's thread could not be made: %s", uv_strerror(failed));
  return 0;
}

static void close_walked(uv_handle_t *handle, void *context) {
  (void)context;
  if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static void free_intake(md_intake *intake) {
  if (intake->daemon) MHD_stop_daemon(intake->daemon);
  if (intake->loop.data == intake) { // it was made
    uv_walk(&intake->loop, close_walked, NULL);
    uv_run(&intake->loop, UV_RUN_DEFAULT);
    uv_loop_close(&intake->loop);
  }
  md_request_free_all(intake);
  md_auth_unref(intake->auth);
  md_auth_unref(intake->next_auth);
  md_queue_free(intake->answers);
  md_free(intake->proxies);
  uv_mutex_destroy(&intake->mutex);
  md_free(intake);
}

int md_intake_start(md_intake **out, const md_intake_options *options, md_error *err) {
  md_intake *intake = md_alloc_zero(sizeof *intake);
  if (!intake || uv_mutex_init(&intake->mutex) != 0) {
    md_free(intake);
    md_auth_unref(options->keys);
    return md_error_set(err, MD_ENOMEM, "out of memory");
  }
  int code = copy_options(intake, options, err);
  if (!code) code = open_listener(intake, options->listen, err);
  if (!code) code = open_loop(intake, err);
  if (!code) code = start_thread(intake, err);
  if (code)
    free_intake(intake);
  else
    *out = intake;
  return code;
}

void md_intake_stop(md_intake *intake) {
  if (!intake) return;
  atomic_store(&intake->stopping, true);
  wake(intake);
  uv_thread_join(&intake->thread);
  free_intake(intake);
}

int md_intake_port(const md_intake *intake) {
  return intake->port;
}

int md_intake_set_keys(md_intake *intake, md_auth *keys, md_error *err) {
  if (intake->public_address && md_auth_count(keys) == 0) {
    md_auth_unref(keys);
    return md_error_set(err, MD_EDENIED, "the last API key stays: this server listens on a public address");
  }
  uv_mutex_lock(&intake->mutex);
  md_auth *unused = intake->next_auth;
  intake->next_auth = keys;
  intake->swap_auth = true;
  uv_mutex_unlock(&intake->mutex);
  md_auth_unref(unused);
  wake(intake);
  return 0;
}

md_intake_stats md_intake_stats_read(const md_intake *intake) {
  return (md_intake_stats){
      .requests = atomic_load(&intake->requests),
      .events = atomic_load(&intake->events),
      .refused = atomic_load(&intake->refused),
      .in_flight = atomic_load(&intake->in_flight),
      .connections = atomic_load(&intake->connections),
  };
}
