// SPDX-License-Identifier: Apache-2.0
// Connections: who may open one, and how long a request may take to arrive. Intake thread.
#include "intake/peers.h"
#include "base/alloc.h"
#include "base/log.h"
#include "intake/daemon.h"
#include "intake/linger.h"
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

// Bytes that are left in the socket for so long tell that there is no room for them; without them a client may be slow.
enum { SWEEP_MS = 1000, SWEEP_FULL_MS = 50, STUCK_MS = 1000, STUCK_OR_SLOW_MS = 5000 };

static bool is_exempt(const md_intake *intake, const md_address *address) {
  return md_address_is_loopback(address) || md_network_has(intake->proxies, intake->proxy_count, address);
}

static bool is_ipv4(const md_address *address) {
  static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};
  return memcmp(address, mapped, sizeof mapped) == 0;
}

// Of IPv6 a customer has a whole network, so its first half is the address.
static bool same_address(const md_address *a, const md_address *b) {
  return memcmp(a, b, is_ipv4(a) || is_ipv4(b) ? 16 : 8) == 0;
}

enum MHD_Result md_peers_may_connect(void *context, const struct sockaddr *socket, socklen_t len) {
  md_intake *intake = context;
  md_address address;
  unsigned count = 0;
  (void)len;
  if (atomic_load(&intake->stopping) || !md_address_from_socket(socket, &address)) return MHD_NO;
  if (is_exempt(intake, &address)) return MHD_YES;
  for (const md_peer *peer = intake->peers; peer; peer = peer->next)
    count += same_address(&peer->address, &address);
  if (count < intake->limits.connections_address) return MHD_YES;
  char text[46];
  md_address_format(&address, text);
  md_log(MD_LOG_WARN, "intake", "connection refused: too many from this address", "client", text, NULL);
  return MHD_NO;
}

void md_peer_expect(md_peer *peer) {
  peer->deadline = uv_now(&peer->intake->loop) + peer->intake->limits.request_seconds * UINT64_C(1000);
}

void md_peer_expect_nothing(md_peer *peer) {
  peer->deadline = 0;
  peer->chunk_at = 0;
}

void md_peer_saw_chunk(md_peer *peer) {
  peer->chunk_at = uv_now(&peer->intake->loop);
}

static bool is_stuck(const md_intake *intake, const md_peer *peer) {
  if (!peer->chunk_at) return false;
  uint64_t since = peer->chunk_at > intake->busy_since ? peer->chunk_at : intake->busy_since;
  uint64_t waited = uv_now(&intake->loop) - since;
  int unread = 0;
  if (waited < STUCK_MS) return false;
  return waited >= STUCK_OR_SLOW_MS || (ioctl(peer->fd, FIONREAD, &unread) == 0 && unread > 0);
}

void md_peers_end_stuck(md_intake *intake) {
  for (md_peer *peer = intake->peers; peer; peer = peer->next) {
    if (!is_stuck(intake, peer)) continue;
    char text[46];
    md_address_format(&peer->address, text);
    md_log(MD_LOG_WARN, "intake", "connection closed: its chunked body does not go on", "client", text, NULL);
    peer->chunk_at = 0;
    shutdown(peer->fd, SHUT_RDWR);
  }
}

// A client that closed behind a part of a request: where both came at once libmicrohttpd reads the part, and is told of
// no more by its epoll.
static bool is_gone(const md_peer *peer) {
  char byte;
  return recv(peer->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

// libmicrohttpd closes who sends nothing; who sends a byte now and then is closed here.
static void on_sweep(uv_timer_t *timer) {
  md_intake *intake = timer->data;
  uint64_t now = uv_now(&intake->loop);
  if (!intake->peers) uv_timer_stop(timer);
  md_daemon_drive(intake); // where accepting failed, nothing else may tell of connections that are closed by now
  for (md_peer *peer = intake->peers; peer; peer = peer->next) {
    if (!peer->deadline || (now <= peer->deadline && !is_gone(peer))) continue;
    peer->deadline = 0;
    shutdown(peer->fd, SHUT_RDWR);
  }
  if (md_daemon_is_full(intake)) uv_timer_start(timer, on_sweep, SWEEP_FULL_MS, SWEEP_MS); // others wait
}

static void opened(md_intake *intake, struct MHD_Connection *connection, void **slot) {
  const union MHD_ConnectionInfo *fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  const union MHD_ConnectionInfo *from = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  md_peer *peer = md_alloc_zero(sizeof *peer);
  *slot = peer; // NULL: its first request closes it
  if (!peer) return;
  peer->intake = intake;
  peer->fd = fd ? (int)fd->connect_fd : -1;
  peer->linger_fd = -1;
  if (from) md_address_from_socket(from->client_addr, &peer->address);
  peer->next = intake->peers;
  if (peer->next) peer->next->prev = peer;
  intake->peers = peer;
  atomic_fetch_add(&intake->connections, 1);
  md_peer_expect(peer);
  if (!uv_is_active((uv_handle_t *)&intake->sweep)) uv_timer_start(&intake->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
}

static void closed(md_intake *intake, void **slot) {
  md_peer *peer = *slot;
  *slot = NULL;
  intake->freed_connection = true;
  if (!peer) return;
  if (peer->prev)
    peer->prev->next = peer->next;
  else
    intake->peers = peer->next;
  if (peer->next) peer->next->prev = peer->prev;
  atomic_fetch_sub(&intake->connections, 1);
  if (intake->closing && peer->linger_fd >= 0)
    close(peer->linger_fd);
  else
    md_linger_begin(peer);
  md_free(peer);
}

void md_peers_changed(void *context, struct MHD_Connection *connection, void **peer,
                      enum MHD_ConnectionNotificationCode code) {
  if (code == MHD_CONNECTION_NOTIFY_STARTED)
    opened(context, connection, peer);
  else
    closed(context, peer);
}
