// SPDX-License-Identifier: Apache-2.0
// Puts spans, schedules and lists into words.
#include "cli/describe_words.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { FIELD_MAX = 64, LISTED_MAX = 6 };

static const char *counted(int64_t number, const char *unit, md_arena *arena) {
  return md_arena_printf(arena, "%" PRId64 " %s%s", number, unit, number == 1 ? "" : "s");
}

const char *md_words_span(md_micros span, md_arena *arena) {
  static const struct {
    md_micros size;
    const char *name;
  } units[] = {{MD_DAY, "day"}, {MD_HOUR, "hour"}, {MD_MINUTE, "minute"}, {MD_SECOND, "second"}};
  const char *text = "";
  for (size_t i = 0; text && i < sizeof units / sizeof *units; i++) {
    if (span < units[i].size) continue;
    text =
        md_arena_printf(arena, "%s%s%s", text, *text ? " " : "", counted(span / units[i].size, units[i].name, arena));
    span %= units[i].size;
  }
  if (!text || (*text && span == 0)) return text;
  if (span == 0) return "no time";
  return md_arena_printf(arena, "%s%s%s", text, *text ? " " : "", counted(span / 1000, "millisecond", arena));
}

const char *md_words_list(const char *const *items, int count, const char *last, md_arena *arena) {
  const char *text = count > 0 ? items[0] : "";
  for (int i = 1; text && i < count; i++)
    text = i + 1 < count ? md_arena_printf(arena, "%s, %s", text, items[i])
                         : md_arena_printf(arena, "%s %s %s", text, last, items[i]);
  return text;
}

// The numbers of a set, ascending; how many.
static int members(uint64_t set, int out[static FIELD_MAX]) {
  int count = 0;
  for (int i = 0; i < FIELD_MAX; i++)
    if (set >> i & 1) out[count++] = i;
  return count;
}

// The step of a set that covers 0 … size evenly, or 0.
static int step_of(const int *items, int count, int size) {
  int step = count > 1 ? items[1] - items[0] : 0;
  for (int i = 0; i < count; i++)
    if (step == 0 || items[i] != i * step) return 0;
  return step && items[count - 1] + step >= size ? step : 0;
}

static const char *times(const int *hours, int hour_count, int minute, md_arena *arena) {
  const char *texts[FIELD_MAX];
  for (int i = 0; i < hour_count; i++)
    if (!(texts[i] = md_arena_printf(arena, "%02d:%02d", hours[i], minute))) return NULL;
  const char *list = md_words_list(texts, hour_count, "and", arena);
  return list ? md_arena_printf(arena, "at %s", list) : NULL;
}

static const char *numbers(const int *items, int count, md_arena *arena) {
  const char *texts[FIELD_MAX];
  for (int i = 0; i < count; i++)
    if (!(texts[i] = md_arena_printf(arena, "%d", items[i]))) return NULL;
  return md_words_list(texts, count, "and", arena);
}

static const char *minutes_of(const int *items, int count, md_arena *arena) {
  int step = step_of(items, count, 60);
  if (step == 1) return "every minute";
  if (step) return md_arena_printf(arena, "every %d minutes", step);
  if (count == 1 && items[0] == 0) return "on the hour";
  return md_arena_printf(arena, "at minute%s %s", count == 1 ? "" : "s", numbers(items, count, arena));
}

static const char *clock_of(const md_cron *cron, md_arena *arena) {
  int minutes[FIELD_MAX], hours[FIELD_MAX];
  int minute_count = members(cron->minutes, minutes), hour_count = members(cron->hours, hours);
  if (minute_count == 1 && hour_count <= LISTED_MAX) return times(hours, hour_count, minutes[0], arena);
  const char *text = minutes_of(minutes, minute_count, arena);
  int step = step_of(hours, hour_count, 24);
  if (!text || step == 1) return text && minute_count == 1 ? md_arena_printf(arena, "%s of every hour", text) : text;
  if (step) return md_arena_printf(arena, "%s of every %d hours", text, step);
  bool range = hour_count > 2 && hours[hour_count - 1] - hours[0] == hour_count - 1;
  if (range) return md_arena_printf(arena, "%s from %02d:00 to %02d:59", text, hours[0], hours[hour_count - 1]);
  return md_arena_printf(arena, "%s of the hours %s", text, numbers(hours, hour_count, arena));
}

static const char *weekdays_of(const md_cron *cron, md_arena *arena) {
  static const char *const names[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
  const char *texts[7];
  int count = 0;
  if (cron->weekdays == 0x3e) return "from Monday to Friday";
  for (int i = 1; i <= 7; i++)
    if (cron->weekdays >> (i % 7) & 1) texts[count++] = names[i % 7];
  const char *list = md_words_list(texts, count, "and", arena);
  return list ? md_arena_printf(arena, "every %s", list) : NULL;
}

static const char *days_of(const md_cron *cron, md_arena *arena) {
  int days[FIELD_MAX], count = members(cron->days, days);
  const char *texts[FIELD_MAX];
  for (int i = 0; i < count; i++) {
    int day = days[i];
    bool teen = day > 10 && day < 14;
    const char *end = teen ? "th" : day % 10 == 1 ? "st" : day % 10 == 2 ? "nd" : day % 10 == 3 ? "rd" : "th";
    if (!(texts[i] = md_arena_printf(arena, "%d%s", day, end))) return NULL;
  }
  const char *list = md_words_list(texts, count, "and", arena);
  return list ? md_arena_printf(arena, "on the %s", list) : NULL;
}

static const char *months_of(const md_cron *cron, md_arena *arena) {
  static const char *const names[] = {"",     "January", "February",  "March",   "April",    "May",     "June",
                                      "July", "August",  "September", "October", "November", "December"};
  const char *texts[12];
  int count = 0;
  for (int i = 1; i <= 12; i++)
    if (cron->months >> i & 1) texts[count++] = names[i];
  if (count == 12) return NULL;
  const char *list = md_words_list(texts, count, "and", arena);
  return list ? md_arena_printf(arena, "in %s", list) : NULL;
}

const char *md_words_schedule(const md_cron *cron, md_arena *arena) {
  const char *clock = clock_of(cron, arena), *months = months_of(cron, arena), *day = "every day";
  if (!cron->any_day && !cron->any_weekday)
    day = md_arena_printf(arena, "%s of the month, and %s", days_of(cron, arena), weekdays_of(cron, arena));
  else if (!cron->any_weekday)
    day = weekdays_of(cron, arena);
  else if (!cron->any_day)
    day = md_arena_printf(arena, "%s of %s", days_of(cron, arena), months ? "the month" : "every month");
  if (!clock || !day) return NULL;
  return md_arena_printf(arena, "%s%s %s%s%s", clock, strncmp(clock, "every", 5) == 0 ? "," : "", day,
                         months ? ", " : "", months ? months : "");
}
