// SPDX-License-Identifier: Apache-2.0
// Times that come again, as crontab(5) writes them: "0 8 1 * *". Reading is pure; a time zone turns them into instants.
#pragma once
#include "base/zone.h"
#include <stddef.h>
#include <stdint.h>

// Sets of fields, one bit a value.
typedef struct md_cron {
  uint64_t minutes;          // 0 … 59
  uint32_t hours;            // 0 … 23
  uint32_t days;             // 1 … 31
  uint16_t months;           // 1 … 12
  uint16_t weekdays;         // 0 … 6, 0: Sunday
  bool any_day, any_weekday; // begin with *: when neither does, either of the two will do
} md_cron;

// Reads five fields: minute, hour, day of the month, month, day of the week, each of them *, a number, a range (1-5), a
// step (*/15, 8-18/2) or a list of these; months and days of the week by their English names of three letters too, and
// 7 for Sunday. MD_EINVAL names the field and what it may hold, MD_ERANGE says that there is no such day in any year
// (30 February).
int md_cron_parse(const char *text, size_t len, md_cron *out, md_error *err);

// The first instant after `after` (seconds are 0). A time in an hour that a night skips is the first instant after the
// gap, one that comes twice is the first (T7).
md_micros md_cron_next(const md_cron *cron, md_zone *zone, md_micros after);
// The last one at or before `until`; `since` itself when none came after it.
md_micros md_cron_latest(const md_cron *cron, md_zone *zone, md_micros since, md_micros until);
