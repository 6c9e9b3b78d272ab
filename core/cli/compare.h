// SPDX-License-Identifier: Apache-2.0
// What one version of a moment came to: its runs by how they ended, its messages, and how often its goal was reached.
// One thread.
#pragma once
#include "cli/moment_names.h"

// What counts as success: an event of this type within a time of the trigger, or of the first message.
typedef struct md_goal {
  const char *event; // NULL: there is none
  md_micros within;
  bool from_exposure;
} md_goal;

typedef struct md_version_sum {
  md_version version;
  int64_t in_flight, parked, cancelled, done;
  json_t *outcomes;   // word → runs, the most frequent first
  json_t *suppressed; // reason → messages, likewise
  int64_t messages, sent, failed, waiting;
  int64_t eligible, converted; // runs whose time for the goal is over, and those of them that reached it
  int64_t open;                // runs that still may
} md_version_sum;

// The goal that the version's own definition names; event NULL without one.
int md_goal_of_version(md_reader *reader, const md_version *version, md_goal *out);
// Adds up the runs and messages of `out->version`; of the goal as of the database's engine time.
int md_version_add_up(md_reader *reader, const md_goal *goal, md_version_sum *out);
