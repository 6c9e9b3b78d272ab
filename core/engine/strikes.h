// SPDX-License-Identifier: Apache-2.0
// How many runs of a version an event type has touched and parked within the last hour (S6): counted in memory, kept in
// the table of strikes. The engine's thread, inside the batch's transaction. Private to engine/.
#pragma once
#include "base/clock.h"
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct md_engine md_engine;

enum {
  MD_STRIKE_SLICES = 12,   // an hour, five minutes each
  MD_STRIKE_UNSAVED = 64,  // a death forgets fewer runs than these, and none that was parked
  MD_STRIKE_PAIRS = 16384, // of version and type: what comes beyond is not counted in this slice
};

typedef struct md_strike {
  int64_t key; // 0: the slot is free
  int64_t version;
  int touched_before, parked_before; // in the slices before
  int touched, parked;               // in this one
  int unsaved;
} md_strike;

typedef struct md_strikes {
  md_strike *slots;
  size_t count, capacity; // a power of two
  int64_t slice;          // the one that the slots are about
  bool known;             // else the table is read first: after the start, and after a batch that was rolled back
} md_strikes;

void md_strikes_deinit(md_strikes *strikes);
// One more run; the hour's sums come back in *touched and *parked_sum.
int md_strikes_add(md_engine *engine, int64_t version, const char *type, bool parked, int *touched, int *parked_sum,
                   md_error *err);
// The version begins anew.
int md_strikes_clear(md_engine *engine, int64_t version, md_error *err);
