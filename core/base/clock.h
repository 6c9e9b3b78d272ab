// SPDX-License-Identifier: Apache-2.0
// Clocks, injected everywhere so that tests and virtual time replace them. Any thread for md_clock_real.
#pragma once
#include <stdint.h>

typedef int64_t md_micros; // microseconds; a span, or an instant since 1970-01-01T00:00Z

#define MD_SECOND ((md_micros)1000000)
#define MD_MINUTE (60 * MD_SECOND)
#define MD_HOUR (60 * MD_MINUTE)
#define MD_DAY (24 * MD_HOUR)

typedef struct md_clock md_clock;
struct md_clock {
  md_micros (*now)(md_clock *clock);       // the wall
  md_micros (*monotonic)(md_clock *clock); // never goes back, stands still in suspend
  md_micros (*boot)(md_clock *clock);      // never goes back, goes on in suspend
};

// The machine's clocks. Never fails.
md_clock *md_clock_real(void);

// A clock that stands where it is put: all three answer `at`.
typedef struct md_virtual_clock {
  md_clock clock;
  md_micros at;
} md_virtual_clock;
void md_virtual_clock_init(md_virtual_clock *clock, md_micros at);
