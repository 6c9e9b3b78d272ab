// SPDX-License-Identifier: Apache-2.0
// Keeps engine time.
#include "engine/timekeeper.h"
#include "base/log.h"
#include <stddef.h>

static void note(md_timekeeper *time, md_micros wall) {
  time->wall = wall;
  time->boot = time->clock->boot(time->clock);
  time->monotonic = time->clock->monotonic(time->clock);
}

void md_timekeeper_init(md_timekeeper *time, md_clock *clock, md_micros last) {
  *time = (md_timekeeper){.clock = clock, .at = last};
  note(time, clock->now(clock));
  if (last == 0) time->at = time->wall;
}

bool md_timekeeper_gap(const md_timekeeper *time, md_micros last) {
  return last > 0 && time->wall - last > MD_CLOCK_GAP;
}

static md_micros size_of(md_micros span) {
  return span < 0 ? -span : span;
}

// The jump of the wall against the boot clock since the last tick; held time ends when the wall is back where it should
// be.
static void watch(md_timekeeper *time, md_micros wall, md_micros boot) {
  md_micros jump = (wall - time->wall) - (boot - time->boot);
  if (!time->held && jump > MD_CLOCK_JUMP) {
    time->held = true;
    md_log(MD_LOG_ERROR, "engine",
           "the clock jumped: timers are held until it is right or `momentd clock reset` accepts it", "seconds",
           md_log_int(jump / MD_SECOND), NULL);
  } else if (time->held && size_of(wall - time->at) < MD_CLOCK_JUMP) {
    time->held = false;
    md_log(MD_LOG_WARN, "engine", "the clock is right again: timers go on", NULL);
  }
}

md_micros md_timekeeper_tick(md_timekeeper *time) {
  md_micros wall = time->clock->now(time->clock);
  md_micros elapsed = time->clock->monotonic(time->clock) - time->monotonic;
  watch(time, wall, time->clock->boot(time->clock));
  if (!time->held && wall > time->at)
    time->at = wall;
  else
    time->at += elapsed > 0 ? elapsed : 0;
  note(time, wall);
  return time->at;
}

void md_timekeeper_reset(md_timekeeper *time) {
  time->held = false;
  note(time, time->clock->now(time->clock));
  time->at = time->wall;
}
