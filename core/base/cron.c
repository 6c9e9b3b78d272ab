// SPDX-License-Identifier: Apache-2.0
// Reads crontab expressions and finds their instants.
#include "base/cron.h"
#include <string.h>

enum { DAYS_AHEAD = 366 * 41 }; // 29 February on a given day of the week may be forty years away

typedef struct field {
  const char *name;
  int first, last;
  const char *const *names; // of the values from `first` on, or NULL
} field;

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                          "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const day_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

static const field fields[] = {{"minute", 0, 59, NULL},
                               {"hour", 0, 23, NULL},
                               {"day of the month", 1, 31, NULL},
                               {"month", 1, 12, month_names},
                               {"day of the week", 0, 7, day_names}};

typedef struct scan {
  const char *at, *end;
} scan;

static bool is(scan *in, char byte) {
  if (in->at == in->end || *in->at != byte) return false;
  in->at++;
  return true;
}

static bool read_number(scan *in, int *out) {
  const char *start = in->at;
  *out = 0;
  while (in->at < in->end && *in->at >= '0' && *in->at <= '9' && in->at - start < 4)
    *out = *out * 10 + (*in->at++ - '0');
  return in->at > start;
}

static bool read_name(scan *in, const field *field, int *out) {
  for (int i = 0; field->names && field->names[i]; i++) {
    const char *name = field->names[i];
    bool same = in->end - in->at >= 3;
    for (int k = 0; k < 3 && same; k++)
      same = (in->at[k] | 0x20) == name[k];
    if (!same) continue;
    in->at += 3;
    *out = field->first + i;
    return true;
  }
  return false;
}

static bool read_value(scan *in, const field *field, int *out) {
  if (!read_number(in, out) && !read_name(in, field, out)) return false;
  return *out >= field->first && *out <= field->last;
}

// One item of a list: *, 5, 1-5, each with /step.
static bool read_item(scan *in, const field *field, uint64_t *set) {
  int from = field->first, to = field->last, step = 1;
  bool any = is(in, '*');
  if (!any) {
    if (!read_value(in, field, &from)) return false;
    to = from;
    if (is(in, '-') && (!read_value(in, field, &to) || to < from)) return false;
  }
  if (is(in, '/')) {
    if (!read_number(in, &step) || step == 0) return false;
    if (!any && to == from) to = field->last;
  }
  for (int i = from; i <= to; i += step)
    *set |= (uint64_t)1 << i;
  return true;
}

static bool read_field(scan *in, const field *field, uint64_t *set, bool *any) {
  *any = in->at < in->end && *in->at == '*'; // "*/2" too, as in crontab(5)
  *set = 0;
  do
    if (!read_item(in, field, set)) return false;
  while (is(in, ','));
  return in->at == in->end || *in->at == ' ' || *in->at == '\t';
}

static void skip_blanks(scan *in) {
  while (is(in, ' ') || is(in, '\t'))
    ;
}

static int wrong(const field *field, md_error *err) {
  return md_error_set(err, MD_EINVAL,
                      "the %s of the schedule cannot be read: it is *, a number from %d to %d, a range (%d-%d), a step "
                      "(*/2) or a list of these%s",
                      field->name, field->first, field->last, field->first, field->first + 1,
                      field->names ? ", by number or by name (three letters)" : "");
}

// A day that no year has: only the day of the month says when, and none of the months has it.
static bool never(const md_cron *cron) {
  static const int longest[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (!cron->any_weekday) return false;
  for (int month = 1; month <= 12; month++)
    for (int day = 1; day <= longest[month - 1]; day++)
      if (cron->months >> month & 1 && cron->days >> day & 1) return false;
  return true;
}

int md_cron_parse(const char *text, size_t len, md_cron *out, md_error *err) {
  scan in = {text, text + len};
  uint64_t sets[5];
  bool any[5];
  for (int i = 0; i < 5; i++) {
    skip_blanks(&in);
    if (in.at == in.end)
      return md_error_set(
          err, MD_EINVAL,
          "a schedule has five fields (minute, hour, day of the month, month, day of the week), such as "
          "\"0 8 1 * *\"; this one has %d",
          i);
    if (!read_field(&in, &fields[i], &sets[i], &any[i])) return wrong(&fields[i], err);
  }
  skip_blanks(&in);
  if (in.at != in.end) return md_error_set(err, MD_EINVAL, "a schedule has five fields, such as \"0 8 1 * *\"");
  sets[4] = (sets[4] | sets[4] >> 7) & 0x7f; // 7 is Sunday too
  *out = (md_cron){.minutes = sets[0],
                   .hours = (uint32_t)sets[1],
                   .days = (uint32_t)sets[2],
                   .months = (uint16_t)sets[3],
                   .weekdays = (uint16_t)sets[4],
                   .any_day = any[2],
                   .any_weekday = any[4]};
  if (never(out)) return md_error_set(err, MD_ERANGE, "this schedule never fires: none of its months has such a day");
  return 0;
}

static bool day_matches(const md_cron *cron, const md_civil *day) {
  bool by_day = cron->days >> day->day & 1, by_weekday = cron->weekdays >> day->weekday & 1;
  if (!(cron->months >> day->month & 1)) return false;
  if (cron->any_day || cron->any_weekday) return by_day && by_weekday;
  return by_day || by_weekday;
}

// The first instant after `after` on one day, from its civil time on; 0 when there is none.
static md_micros next_on_day(const md_cron *cron, md_zone *zone, md_civil at, md_micros after) {
  at.second = 0;
  for (; at.hour < 24; at.hour++, at.minute = 0) {
    if (!(cron->hours >> at.hour & 1)) continue;
    for (; at.minute < 60; at.minute++) {
      if (!(cron->minutes >> at.minute & 1)) continue;
      md_micros instant = md_zone_instant(zone, &at, false);
      if (instant > after) return instant;
    }
  }
  return 0;
}

md_micros md_cron_next(const md_cron *cron, md_zone *zone, md_micros after) {
  md_civil at = md_zone_civil(zone, after);
  int64_t day = md_zone_day(zone, after);
  for (int i = 0; i < DAYS_AHEAD; i++) {
    md_micros found = day_matches(cron, &at) ? next_on_day(cron, zone, at, after) : 0;
    if (found) return found;
    at = md_zone_civil(zone, md_zone_day_start(zone, ++day));
    at.hour = at.minute = 0; // the day's first hour may be one that is skipped
  }
  return after + (md_micros)DAYS_AHEAD * MD_DAY; // a day that a zone has left out for ever
}

// Looks back over longer and longer spans, so that few instants are gone through.
md_micros md_cron_latest(const md_cron *cron, md_zone *zone, md_micros since, md_micros until) {
  static const md_micros spans[] = {MD_HOUR, MD_DAY, 32 * MD_DAY, 366 * MD_DAY, DAYS_AHEAD * MD_DAY};
  for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
    md_micros from = until - spans[i] > since ? until - spans[i] : since;
    md_micros next = md_cron_next(cron, zone, from), latest = since;
    for (; next <= until; next = md_cron_next(cron, zone, next))
      latest = next;
    if (latest > since || from == since) return latest;
  }
  return since;
}
