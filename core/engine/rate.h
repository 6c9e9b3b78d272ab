// SPDX-License-Identifier: Apache-2.0
// How many runs emitted events have started, a moment and person, within the hour (T4). In memory; the engine's thread.
#pragma once
#include "base/clock.h"
#include <stdbool.h>
#include <stdint.h>

enum { MD_RATE_STARTS = 60, MD_RATE_SLOTS = 512 };

typedef struct md_rate_slot {
  uint64_t key;
  md_micros starts[MD_RATE_STARTS]; // a ring, oldest at `next`
  int next;
} md_rate_slot;

typedef struct md_rate {
  md_rate_slot *slots; // allocated at the first use
} md_rate;

void md_rate_deinit(md_rate *rate);
// Counts one start; false when there were MD_RATE_STARTS in the last hour already (then it is not counted). Slots are
// shared by hash, newest key wins: a loop is always seen, an idle key may be forgotten. Out of memory answers true.
bool md_rate_allow(md_rate *rate, const char *moment, int64_t person, md_micros now);
