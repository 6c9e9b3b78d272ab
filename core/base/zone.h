// SPDX-License-Identifier: Apache-2.0
// Instants as a zone's clocks and calendars show them, and back, by ICU's time zone data. One thread at a time a zone.
#pragma once
#include "base/clock.h"
#include "base/error.h"
#include <stdbool.h>

#define MD_ZONE_DEFAULT "Europe/Copenhagen"

typedef struct md_zone md_zone;

// What a calendar on the wall and the clock beside it show.
typedef struct md_civil {
  int year, month, day; // month and day from 1
  int hour, minute, second;
  int weekday; // 0: Sunday; md_zone_instant does not look at it
} md_civil;

// `name` is a zone of the Olson database ("Europe/Copenhagen"). MD_EINVAL: there is no such zone; MD_ENOMEM. Returns
// owned.
int md_zone_open(md_zone **out, const char *name, md_error *err);
void md_zone_close(md_zone *zone); // NULL is allowed

md_civil md_zone_civil(md_zone *zone, md_micros at);
// The instant at which `civil` is shown. Fields past their range count on (day 32, hour 24). A time that a gap skips
// stands for the first instant after it; of one that is shown twice the first, or the second with `later`.
md_micros md_zone_instant(md_zone *zone, const md_civil *civil, bool later);
// Days since 1970-01-01 of the calendar's date at this instant, and the instant at which such a day begins.
int64_t md_zone_day(md_zone *zone, md_micros at);
md_micros md_zone_day_start(md_zone *zone, int64_t day);
