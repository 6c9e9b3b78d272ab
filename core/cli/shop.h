// SPDX-License-Identifier: Apache-2.0
// The shop of a spec: an engine in virtual time with a database in memory, and what specs say of it. One thread.
#pragma once
#include "cli/virtual.h"
#include "script/experiment.h"
#include "script/spec.h"

enum { MD_SHOP_MESSAGES = 4096 };
#define MD_SHOP_START ((md_micros)1767603600 * MD_SECOND) // Monday 2026-01-05T09:00:00Z

typedef struct md_shop {
  md_virtual driver;
  md_problems problems;
  md_channel *channel; // the driver's
  md_arena *arena;
  int64_t next_event;
  int64_t taken[MD_SHOP_MESSAGES]; // ids of messages that an expectation took
  int taken_count;
  int64_t shown; // the message whose text was not the expected one, or 0
  bool parked_expected;
  struct md_shop_answer *answers; // newest first
  struct md_shop_call *calls;     // that were made, newest first
  md_experiments *experiments;    // of the scripts
  struct md_shop_arm *arms;       // that were chosen, newest first
  const char *unanswered;         // what a script called and nothing answered, or NULL
} md_shop;

typedef struct md_shop_options {
  const md_settings *settings;
  md_micros start;              // the clock's first time; 0: MD_SHOP_START
  const md_observer *observer;  // borrowed; or NULL
  const md_copy_observer *copy; // likewise
} md_shop_options;

// Opens a shop with these scripts. MD_ESCRIPT with file and line when a script is refused.
int md_shop_open(md_shop *shop, const md_source *source, const md_shop_options *wanted, md_error *err);
// Takes one event as the clock stands; what it starts and answers has happened when the call returns.
int md_shop_take(md_shop *shop, md_event *event, md_error *err);
void md_shop_close(md_shop *shop);
// What a spec may call; `shop` is its context.
md_spec_host md_shop_host(md_shop *shop);
// When the spec is over: a run that is parked though nobody expected it fails it.
int md_shop_check_end(md_shop *shop, md_error *err);
// Appends the newest run's timeline, and all decisions about messages.
void md_shop_describe(md_shop *shop, md_buffer *out);
