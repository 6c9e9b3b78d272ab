// SPDX-License-Identifier: Apache-2.0
// The machine's clocks, read with clock_gettime, beside the one that tests move by hand. Any thread.
#include "base/clock.h"
#include <time.h>

static md_micros read_clock(clockid_t id) {
  struct timespec at = {0};
  clock_gettime(id, &at); // cannot fail for these ids on any Linux that runs this
  return (md_micros)at.tv_sec * MD_SECOND + at.tv_nsec / 1000;
}

static md_micros real_now(md_clock *clock) {
  (void)clock;
  return read_clock(CLOCK_REALTIME);
}

static md_micros real_monotonic(md_clock *clock) {
  (void)clock;
  return read_clock(CLOCK_MONOTONIC);
}

static md_micros real_boot(md_clock *clock) {
  (void)clock;
  return read_clock(CLOCK_BOOTTIME);
}

md_clock *md_clock_real(void) {
  static md_clock real = {.now = real_now, .monotonic = real_monotonic, .boot = real_boot};
  return &real;
}

static md_micros virtual_at(md_clock *clock) {
  return ((md_virtual_clock *)clock)->at; // `clock` is its first member
}

void md_virtual_clock_init(md_virtual_clock *clock, md_micros at) {
  *clock = (md_virtual_clock){.clock = {virtual_at, virtual_at, virtual_at}, .at = at};
}
