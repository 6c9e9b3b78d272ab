// SPDX-License-Identifier: Apache-2.0
// libmicrohttpd: started for a loop that watches its epoll descriptor, and run when that or a timer says so.
#include "intake/daemon.h"
#include "base/log.h"
#include "intake/peers.h"
#include "intake/request.h"
#include <stdio.h>
#include <string.h>

// Rounds without a look at the loop; more is to come than anyone needs, and other handles want their turn. Who is still
// not done after them may never be (md_peers_end_stuck), and gets less until then.
enum { TELL_AGAIN_MS = 60000 };
enum { ROUNDS = 64, ROUNDS_BUSY = 4, AGAIN_MS = 1, AGAIN_BUSY_MS = 5, ROOM_FOR_ANSWER = 2048 };

static void tell_of_limit(md_intake *intake) {
  uint64_t now = uv_now(&intake->loop);
  if (intake->limit_told_at && now - intake->limit_told_at < TELL_AGAIN_MS) return;
  intake->limit_told_at = now;
  md_log(MD_LOG_ERROR, "intake", "no connection can be accepted for now: too many files are open", NULL);
}

static void on_log(void *context, const char *format, va_list args) {
  char line[300];
  if (strstr(format, "resource limit")) tell_of_limit(context);
  if (!md_log_wants(MD_LOG_DEBUG)) return;
  vsnprintf(line, sizeof line, format, args);
  line[strcspn(line, "\n")] = '\0';
  md_log(MD_LOG_DEBUG, "intake", "libmicrohttpd", "error", line, NULL);
}

// Targets are compared as they come.
static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text) {
  (void)context, (void)connection;
  return strlen(text);
}

// Not strict: headers.c is, and says why, while 0.9.75 answers a request without Host with two heads.
int md_daemon_start(md_intake *intake, md_error *err) {
  const md_intake_limits *limits = &intake->limits;
  intake->daemon = MHD_start_daemon(
      MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, md_peers_may_connect, intake,
      md_request_continue, intake, MHD_OPTION_EXTERNAL_LOGGER, on_log, intake, MHD_OPTION_LISTEN_SOCKET,
      intake->listen_fd, MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits->header_bytes + ROOM_FOR_ANSWER,
      MHD_OPTION_CONNECTION_LIMIT, limits->connections, MHD_OPTION_CONNECTION_TIMEOUT, limits->idle_seconds,
      MHD_OPTION_NOTIFY_CONNECTION, md_peers_changed, intake, MHD_OPTION_URI_LOG_CALLBACK, md_request_begin, intake,
      MHD_OPTION_NOTIFY_COMPLETED, md_request_completed, intake, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
      MHD_OPTION_STRICT_FOR_CLIENT, 0, MHD_OPTION_END);
  if (!intake->daemon) return md_error_set(err, MD_ENETWORK, "the HTTP server could not be started");
  return 0;
}

int md_daemon_fd(const md_intake *intake) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(intake->daemon, MHD_DAEMON_INFO_EPOLL_FD);
  return info ? info->epoll_fd : -1;
}

static void on_timeout(uv_timer_t *timer) {
  md_daemon_drive(timer->data);
}

// A timer that comes too early only looks again: setting it anew at every request costs more. None is due at once:
// libuv before 1.45 would call one that sets itself for now again and again, and look at no other handle.
static void set_timeout(md_intake *intake, uint64_t wait) {
  uv_timer_t *timer = &intake->timeout;
  if (uv_is_active((uv_handle_t *)timer) && uv_timer_get_due_in(timer) <= wait) return;
  uv_timer_start(timer, on_timeout, wait, 0);
}

static void note_busy(md_intake *intake, bool busy) {
  if (busy && !intake->busy) intake->busy_since = uv_now(&intake->loop);
  intake->busy = busy;
  if (busy) md_peers_end_stuck(intake);
}

bool md_daemon_is_full(const md_intake *intake) {
  return atomic_load_explicit(&intake->connections, memory_order_relaxed) >= intake->limits.connections;
}

// One run is not enough: libmicrohttpd takes events in portions, goes on with a resumed connection in a later run, and
// at its limit of connections closes one in a run, forgets it in the next, and listens again in the one after that;
// it wants the last two only if asked.
void md_daemon_drive(md_intake *intake) {
  MHD_UNSIGNED_LONG_LONG wait = 0;
  enum MHD_Result timed = MHD_YES;
  int rounds = intake->busy ? ROUNDS_BUSY : ROUNDS;
  bool wants = true, again = true;
  while (again && rounds-- > 0) {
    bool asked = !wants;
    intake->freed_connection = false;
    MHD_run(intake->daemon);
    md_request_suspend_handed(intake);
    timed = MHD_get_timeout(intake->daemon, &wait);
    wants = (timed == MHD_YES && wait == 0) || intake->freed_connection;
    again = wants || (!asked && md_daemon_is_full(intake));
  }
  note_busy(intake, timed == MHD_YES && wait == 0);
  uint64_t least = intake->busy ? AGAIN_BUSY_MS : AGAIN_MS;
  if (again || wait < least) wait = least;
  if (timed == MHD_YES || again) set_timeout(intake, wait);
}
