// SPDX-License-Identifier: Apache-2.0
// What the engine asks of whoever makes outgoing HTTP calls, as an interface (H1–H3): the courier makes them, the
// command line wires it.
#pragma once
#include "base/buffer.h"
#include "base/queue.h"
#include "store/calls.h"

// How one attempt ended.
typedef enum md_call_end {
  MD_CALL_END_NONE,
  MD_CALL_END_ANSWER,    // there is a status, and a body of at most the limit
  MD_CALL_END_NETWORK,   // not reached, or broken off
  MD_CALL_END_TIMEOUT,   //
  MD_CALL_END_REFUSED,   // H2 forbids the address; never tried again
  MD_CALL_END_TOO_LARGE, // the answer is longer than the connection allows
  MD_CALL_END_UNSENT,    // never tried: the process ends
} md_call_end;

// One attempt: what goes out and what comes back. It is the engine's; the caller borrows it from submit until finished.
typedef struct md_call_attempt {
  md_queue_node node;
  md_arena *arena; // its own: the call's strings and whatever is made of it meanwhile
  md_call call;
  md_call_end end;
  int status;
  long retry_after; // seconds, 0: not said
  md_buffer body;
  char detail[200]; // one line for people where there is no answer
  // The engine's own.
  struct md_call_attempt *next;
  int stage;
} md_call_attempt;

typedef struct md_caller {
  void *context;
  // Whether this call may be made. MD_EINVAL: the script asked for what is not there (`err` says so in words). Else 0,
  // `attempts_max` filled, and `*instead` NULL, or the word why it is not made at all ("shadow").
  int (*check)(void *context, md_call *call, const char **instead, md_error *err);
  int (*slots)(void *context);                             // how many more are taken now
  bool (*submit)(void *context, md_call_attempt *attempt); // never waits; comes back by md_engine_call_finished
} md_caller;
