// SPDX-License-Identifier: Apache-2.0
// m:http wired to what makes the calls: the courier's thread in a daemon, a spec's answers in its shop, nobody in
// virtual time. The engine's thread.
#pragma once
#include "cli/settings.h"
#include "courier/http_calls.h"
#include "engine/engine.h"

typedef struct md_callroom_options {
  const md_settings *settings;
  bool virtual_time; // nothing leaves the process
  // Virtual time: fills in the end of an attempt; NULL: nobody is called.
  void (*answer)(void *context, md_call_attempt *attempt);
  void *context;
} md_callroom_options;

typedef struct md_callroom {
  md_callroom_options options;
  md_caller caller;
  md_arena *arena; // of the connections
  md_connections connections;
  md_http_calls *calls; // the daemon's
  md_engine *engine;
  md_queue_node *waiting, **waiting_end; // virtual time: submitted, not yet answered
} md_callroom;

// Reads the connections. `room` must not move. Close it after a failure too.
int md_callroom_open(md_callroom *room, const md_callroom_options *options, md_error *err);
// What the engine is opened with.
const md_caller *md_callroom_caller(const md_callroom *room);
int md_callroom_attach(md_callroom *room, md_engine *engine, md_error *err);
// Virtual time: answers what was submitted. How many.
int md_callroom_answer(md_callroom *room);
// B4: breaks off what is under way; the next batch queues it again.
void md_callroom_stop(md_callroom *room);
void md_callroom_close(md_callroom *room);
