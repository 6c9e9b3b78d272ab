// SPDX-License-Identifier: Apache-2.0
// Closing politely: what a client still sends after its answer is read and thrown away, for a while. Intake thread.
#include "intake/linger.h"
#include "base/alloc.h"
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINGER_MS = 5000, LINGERING_MAX = 64 };

// Where descriptors are few, so are connections.
static bool has_room(const md_intake *intake) {
  unsigned most = intake->limits.connections / 2 + 1;
  return intake->linger_count < (most < LINGERING_MAX ? most : LINGERING_MAX);
}

typedef struct md_linger {
  uv_poll_t poll;
  uv_timer_t timer;
  md_intake *intake;
  struct md_linger *prev, *next;
  int fd, open_handles;
  size_t swallowed;
} md_linger;

void md_linger_prepare(md_peer *peer) {
  if (peer->linger_fd < 0 && has_room(peer->intake)) peer->linger_fd = fcntl(peer->fd, F_DUPFD_CLOEXEC, 0);
}

static void on_closed(uv_handle_t *handle) {
  md_linger *linger = handle->data;
  if (--linger->open_handles > 0) return;
  close(linger->fd);
  md_free(linger);
}

static void finish(md_linger *linger) {
  if (uv_is_closing((uv_handle_t *)&linger->poll)) return;
  if (linger->prev)
    linger->prev->next = linger->next;
  else
    linger->intake->lingering = linger->next;
  if (linger->next) linger->next->prev = linger->prev;
  linger->intake->linger_count--;
  uv_close((uv_handle_t *)&linger->poll, on_closed);
  uv_close((uv_handle_t *)&linger->timer, on_closed);
}

static void on_readable(uv_poll_t *poll, int status, int events) {
  static char waste[65536]; // never read
  md_linger *linger = poll->data;
  (void)events;
  ssize_t count = status < 0 ? 0 : recv(linger->fd, waste, sizeof waste, MSG_DONTWAIT);
  if (count > 0) linger->swallowed += (size_t)count;
  if (count == 0 || (count < 0 && status < 0) || linger->swallowed > MD_SWALLOW_MAX) finish(linger);
}

static void on_timeout(uv_timer_t *timer) {
  finish(timer->data);
}

static void start(md_linger *linger) {
  md_intake *intake = linger->intake;
  linger->open_handles = 2;
  linger->poll.data = linger->timer.data = linger;
  uv_timer_init(&intake->loop, &linger->timer);
  uv_timer_start(&linger->timer, on_timeout, LINGER_MS, 0);
  uv_poll_start(&linger->poll, UV_READABLE, on_readable);
  linger->next = intake->lingering;
  if (linger->next) linger->next->prev = linger;
  intake->lingering = linger;
  intake->linger_count++;
}

void md_linger_begin(md_peer *peer) {
  if (peer->linger_fd < 0) return;
  md_linger *linger = md_alloc_zero(sizeof *linger);
  if (linger && uv_poll_init(&peer->intake->loop, &linger->poll, peer->linger_fd) == 0) {
    linger->intake = peer->intake;
    linger->fd = peer->linger_fd;
    start(linger);
  } else {
    md_free(linger);
    close(peer->linger_fd);
  }
  peer->linger_fd = -1;
}

void md_linger_end_all(md_intake *intake) {
  while (intake->lingering)
    finish(intake->lingering);
}
