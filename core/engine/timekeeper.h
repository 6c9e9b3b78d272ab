// SPDX-License-Identifier: Apache-2.0
// Engine time (B3): never goes back; a jump of the wall against the boot clock
// holds the timers. The engine's thread.
#pragma once
#include "base/clock.h"
#include <stdbool.h>

#define MD_CLOCK_JUMP (5 * MD_MINUTE) // of the wall against the boot clock: a jump
#define MD_CLOCK_GAP (30 * MD_DAY)    // at start: needs --accept-clock

typedef struct md_timekeeper {
  md_clock *clock;
  md_micros at;                    // the last engine time
  md_micros wall, boot, monotonic; // at that moment
  bool held;                       // the wall jumped: timers wait, time ticks with the monotonic clock
} md_timekeeper;

// `last` is the engine time stored by the process before, 0 for a new database.
void md_timekeeper_init(md_timekeeper *time, md_clock *clock, md_micros last);
// Whether the wall is so far past the stored time that a person must say it is right.
bool md_timekeeper_gap(const md_timekeeper *time, md_micros last);
// The time of a new batch: the wall, or, while that is behind or held, what the monotonic clock adds.
md_micros md_timekeeper_tick(md_timekeeper *time);
// A person says the wall is right: a held clock goes on from it, and a wrong future is left (clock reset).
void md_timekeeper_reset(md_timekeeper *time);
