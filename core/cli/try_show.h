// SPDX-License-Identifier: Apache-2.0
// What `momentd try` prints, as it happens: events, steps with their time, result and script line, mails, how runs end.
// One thread.
#pragma once
#include "cli/shop.h"

enum { MD_TRY_RUNS = 64 }; // whose states are followed

typedef struct md_try_run {
  int64_t id;
  int waited_at; // steps before the wait that was shown last, or -1
  bool begun, ended;
} md_try_run;

// Which copy a run's messages of one template have, and why; the newest.
typedef struct md_try_copy {
  struct md_try_copy *next;
  int64_t run;
  const char *template_name, *file, *why;
} md_try_copy;

typedef struct md_try_show {
  md_shop *shop;
  md_arena *scratch; // emptied after each instant
  md_arena *arena;   // borrowed
  md_try_copy *copies;
  bool json;
  int64_t run;                        // whose steps were printed last
  int64_t messages[MD_SHOP_MESSAGES]; // that were shown
  int message_count;
  md_try_run runs[MD_TRY_RUNS];
  int run_count;
  bool parked;
} md_try_show;

// An event goes in.
void md_try_show_event(const md_try_show *show, const md_event *event);
// Steps, and what m:log says; `show` is its context.
md_observer md_try_observer(md_try_show *show);
md_copy_observer md_try_copy_observer(md_try_show *show);
// After each instant: mails that left, waits that were opened, runs that ended.
int md_try_show_state(md_try_show *show, md_error *err);
// At the end: what wants a person's eye, the newest first.
int md_try_show_incidents(md_try_show *show, md_error *err);
// That nothing was started, and why.
int md_try_show_nothing(md_try_show *show, const char *moment, md_error *err);
