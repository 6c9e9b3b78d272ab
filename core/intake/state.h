// SPDX-License-Identifier: Apache-2.0
// What the intake thread works on: the server, its connections, its requests. Internal to the room. Everything here
// belongs to that thread, but for what says otherwise.
#pragma once
#include "engine/submission.h"
#include "intake/event_decode.h"
#include "intake/server.h"
#include "store/unsubscribe.h"
#include <microhttpd.h>
#include <stdatomic.h>
#include <uv.h>

enum { MD_CE_HEADERS_MAX = 64, MD_REQUEST_ID_MAX = 64, MD_SWALLOW_MAX = 16 * 1024 * 1024 };

typedef enum md_route {
  MD_ROUTE_NONE,
  MD_ROUTE_EVENTS,
  MD_ROUTE_HEALTH,
  MD_ROUTE_READY,
  MD_ROUTE_UNSUBSCRIBE,
} md_route;
typedef enum md_format { MD_FORMAT_BINARY, MD_FORMAT_STRUCTURED, MD_FORMAT_BATCH } md_format;
typedef enum md_phase {
  MD_PHASE_HEAD,     // the request line is here
  MD_PHASE_BODY,     // the headers are here and checked
  MD_PHASE_HANDED,   // the engine has it
  MD_PHASE_ANSWERED, // the response is queued
  MD_PHASE_FAILED,   // there was no memory for one: the connection is closed
} md_phase;

// One connection.
typedef struct md_peer {
  md_intake *intake;
  struct md_peer *prev, *next;
  md_address address;
  int fd;            // libmicrohttpd's
  int linger_fd;     // a duplicate that outlives it, or -1: see linger.h
  uint64_t deadline; // loop time in ms by which the request must be here; 0: none
  uint64_t chunk_at; // loop time in ms when something of its chunked body came last; 0: none is on its way
} md_peer;

// What of a request's headers matters here. Borrowed from libmicrohttpd, values NUL-terminated.
typedef struct md_headers {
  const char *content_type, *content_encoding, *authorization, *request_id, *forwarded, *expect;
  size_t content_type_len, content_encoding_len, authorization_len, request_id_len, forwarded_len, expect_len;
  uint64_t content_length;
  bool has_length, chunked;
  size_t ce_count;
} md_headers;

typedef struct md_request {
  md_submission submission; // first: its node leads back here
  md_intake *intake;
  struct MHD_Connection *connection;
  md_peer *peer;
  struct md_request *next; // in the list of free ones, or of those to be suspended
  md_arena *arena;
  md_buffer body; // what came; then the text of the answer
  const char *uri, *uri_end;
  md_route route;
  md_format format;
  md_phase phase;
  int status;        // of a refusal that waits for the end of the body; 0: none
  const char *allow; // for 405
  md_error error;
  bool working;  // counted in md_intake.working
  md_auth *auth; // counted, for `key`
  const md_api_key *key;
  size_t body_limit, swallowed;
  const md_unsubscribe *unsubscribe; // what the link says
  bool posts;                        // to it
  md_batch_item *items;
  size_t item_count;
  size_t memory; // counted in md_intake.memory
  md_address client;
  char id[MD_REQUEST_ID_MAX + 1];
  md_headers headers;
  md_event_header ce[MD_CE_HEADERS_MAX]; // last: never cleared
} md_request;

struct md_intake {
  uv_thread_t thread;
  uv_loop_t loop;
  uv_poll_t poll; // libmicrohttpd's epoll
  uv_timer_t timeout, sweep;
  uv_async_t wake; // any thread
  struct MHD_Daemon *daemon;
  int listen_fd, port;
  bool public_address;
  md_queue *inbox;   // any thread
  md_queue *answers; // any thread
  bool (*ready)(void *context);
  void *ready_context;
  md_intake_limits limits;
  md_network *proxies;
  size_t proxy_count;
  md_token_ring unsubscribe; // of its links; without a key there is no such page
  const char *shop_name;     // or NULL; borrowed
  md_auth *auth;
  uv_mutex_t mutex; // guards the two below
  md_auth *next_auth;
  bool swap_auth;
  atomic_bool stopping;
  bool quiesced, closing;
  bool freed_connection;  // since libmicrohttpd last ran
  bool busy;              // libmicrohttpd wanted to run again after all its rounds
  uint64_t busy_since;    // loop time in ms
  uint64_t limit_told_at; // loop time in ms when the log was told that accepting failed; 0: never
  uint64_t stop_deadline;
  md_peer *peers;
  struct md_linger *lingering;
  unsigned linger_count;
  md_request *free_requests, *to_suspend;
  size_t free_count;
  unsigned working;     // requests that came in whole and are not completed
  size_t memory;        // of requests that are not completed: bodies, and what was made of them
  char id_prefix[9];    // of the request ids made here
  uint64_t id_sequence; // of the same
  _Atomic uint64_t requests, events, refused;
  _Atomic unsigned in_flight, connections;
};
