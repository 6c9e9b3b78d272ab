// SPDX-License-Identifier: Apache-2.0
// Makes outgoing HTTP calls, many at once, on one thread of its own around libcurl's multi interface. submit and slots
// are for one thread (the engine's).
#pragma once
#include "courier/connection.h"
#include "engine/caller.h"

enum { MD_HTTP_CALLS_AT_ONCE = 64 };

typedef struct md_http_calls md_http_calls;

typedef struct md_http_calls_options {
  const md_connections *connections; // borrowed until stop
  // Called on the thread of the calls (or on stop's, for what was not made) with the attempt's end filled in. Cheap.
  void (*done)(void *context, md_call_attempt *attempt);
  void *context;
} md_http_calls_options;

int md_http_calls_start(md_http_calls **out, const md_http_calls_options *options, md_error *err);
int md_http_calls_slots(md_http_calls *calls);
// Never waits. False once it stops: the caller keeps the attempt.
bool md_http_calls_submit(md_http_calls *calls, md_call_attempt *attempt);
// Breaks off what is under way and gives it back as unsent: it is repeated with its key (H1). NULL is allowed.
void md_http_calls_stop(md_http_calls *calls);
