// SPDX-License-Identifier: Apache-2.0
// A real intake on a free port of loopback in front of a fake engine, and a client that speaks raw HTTP.
#pragma once
#include "engine/submission.h"
#include "intake/server.h"
#include <pthread.h>
#include <stdatomic.h>

// The fake engine answers by the event's id: "dup…" duplicate, "conflict…" conflict, "full…" code MD_EFULL, anything
// else accepted. It notes the last event it saw.
typedef struct intake_fixture {
  md_intake *intake;
  md_queue *inbox;
  pthread_t engine;
  atomic_bool stop, paused, held, ready;
  atomic_int pace_us; // how long a batch takes
  atomic_long events, batches;
  pthread_mutex_t mutex; // guards the next three
  char last_type[64], last_source[64], last_request[80], last_data[256], last_extensions[256];
  int port;
} intake_fixture;

// `options` may be NULL; its inbox, listen address and ready callback are set here unless they are given.
void intake_fixture_start(intake_fixture *fixture, const md_intake_options *options, size_t inbox_limit);
void intake_fixture_stop(intake_fixture *fixture);
// The engine takes nothing from here on, or takes it again.
void intake_fixture_hold(intake_fixture *fixture);
void intake_fixture_release(intake_fixture *fixture);

typedef struct http_reply {
  int status; // 0: the connection was closed without an answer
  char headers[4096];
  char body[65536];
  bool closed; // the server closed behind it
} http_reply;

int http_connect(int port);
void http_send(int fd, const char *bytes, size_t len);
void http_puts(int fd, const char *text);
// Reads one answer, waiting at most five seconds for each piece of it. Fails the test when none comes.
void http_read(int fd, http_reply *reply);
// True when the server closes, with `ms` at most between what it still sends.
bool http_is_closed(int fd, int ms);
// A whole exchange on a connection of its own.
void http_exchange(int port, const char *request, http_reply *reply);
// POST /v1/events with these headers (each ended by CRLF) and this body.
void http_post(int port, const char *headers, const char *body, http_reply *reply);
