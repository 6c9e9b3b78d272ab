// SPDX-License-Identifier: Apache-2.0
// The HTTP server: a thread with a libuv loop that drives libmicrohttpd. It checks requests, turns them into
// submissions for the engine, and answers them after the commit (B2).
//
//   POST /v1/events   CloudEvents 1.0, binary, structured or batch (E1)
//   GET  /healthz     200 while the thread lives
//   GET  /readyz      200 or 503, as `ready` says
//   GET and POST /u/TOKEN   the page behind an unsubscribe link (A3)
#pragma once
#include "base/queue.h"
#include "intake/address.h"
#include "intake/auth.h"
#include "store/unsubscribe.h"

typedef struct md_intake md_intake;

typedef struct md_intake_limits { // 0 stands for the default
  size_t header_bytes;  // 16 KiB: request line, headers, and some 60 bytes for each. libmicrohttpd clears as much and
                        // more at every request
  size_t body_bytes;    // 256 KiB: one event (E2)
  size_t batch_bytes;   // 4 MiB: a batch (E2)
  size_t memory_bytes;  // 256 MiB: bodies, and what was made of them, until they are answered; more are 503
  unsigned connections; // 1024; further ones wait in the kernel's backlog
  unsigned connections_address; // 64 for one address; loopback and trusted proxies are exempt (E3)
  unsigned idle_seconds;        // 30 without a byte
  unsigned request_seconds;     // 60 for headers, and as many for the body, however slowly they trickle
} md_intake_limits;

typedef struct md_intake_options {
  const char *listen; // "127.0.0.1:8080", "[::1]:0", "localhost:8080"; port 0: a free one
  md_queue *inbox;    // borrowed; takes md_submission
  // Any thread; what /readyz answers. NULL: always ready.
  bool (*ready)(void *context);
  void *ready_context;
  md_auth *keys; // takes the reference; NULL: no keys
  const md_network *trusted_proxies;
  size_t trusted_proxy_count;
  md_token_ring unsubscribe; // that verifies unsubscribe links; without a key there is no such page
  const char *shop_name;     // for its page, or NULL; borrowed
  md_intake_limits limits;
} md_intake_options;

// Listens, then starts the thread. MD_EINVAL: the address cannot be read. MD_EDENIED: it is not loopback and there are
// no keys (A1). MD_ENETWORK: it cannot be bound. Returns owned.
int md_intake_start(md_intake **out, const md_intake_options *options, md_error *err);
// Takes no more requests, answers those in flight, ends the thread, frees. The engine must go on taking batches until
// this returns. NULL is allowed.
void md_intake_stop(md_intake *intake);

// The port that was bound.
int md_intake_port(const md_intake *intake);
// From now on these keys hold. Takes the reference, always. Any thread. MD_EDENIED (and nothing changes) when a public
// address would be left without any key.
int md_intake_set_keys(md_intake *intake, md_auth *keys, md_error *err);

typedef struct md_intake_stats {
  uint64_t requests;  // answered
  uint64_t events;    // accepted or duplicate
  uint64_t refused;   // answered with 4xx or 5xx
  unsigned in_flight; // handed to the engine and not answered yet
  unsigned connections;
} md_intake_stats;
// Any thread.
md_intake_stats md_intake_stats_read(const md_intake *intake);
