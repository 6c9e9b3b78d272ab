// SPDX-License-Identifier: Apache-2.0
// Instants and a zone's civil time, by ICU's calendars.
#include "base/zone.h"
#include "base/alloc.h"
#include <string.h>
#include <unicode/ucal.h>
#include <unicode/ustring.h>

enum { NAME_WIDE = 128 };

// Two calendars of one zone: they differ in what they make of a time that is shown twice.
struct md_zone {
  UCalendar *first, *later;
};

static int no_zone(const char *name, md_error *err) {
  return md_error_set(err, MD_EINVAL, "'%.60s' is no time zone: write one such as \"Europe/Copenhagen\"", name);
}

// ICU takes any name for GMT that it does not know.
static int check_name(const char *name, UChar *wide, int32_t *len, md_error *err) {
  UErrorCode status = U_ZERO_ERROR;
  UChar canonical[NAME_WIDE];
  UBool system = 0;
  u_strFromUTF8(wide, NAME_WIDE, len, name, -1, &status);
  if (U_SUCCESS(status)) ucal_getCanonicalTimeZoneID(wide, *len, canonical, NAME_WIDE, &system, &status);
  return U_SUCCESS(status) && system ? 0 : no_zone(name, err);
}

static UCalendar *open_calendar(const UChar *wide, int32_t len, UCalendarWallTimeOption repeated) {
  UErrorCode status = U_ZERO_ERROR;
  UCalendar *calendar = ucal_open(wide, len, "en", UCAL_GREGORIAN, &status);
  if (U_FAILURE(status)) return NULL;
  ucal_setAttribute(calendar, UCAL_LENIENT, 1);
  ucal_setAttribute(calendar, UCAL_SKIPPED_WALL_TIME, UCAL_WALLTIME_NEXT_VALID);
  ucal_setAttribute(calendar, UCAL_REPEATED_WALL_TIME, (int32_t)repeated);
  return calendar;
}

int md_zone_open(md_zone **out, const char *name, md_error *err) {
  UChar wide[NAME_WIDE];
  int32_t len = 0;
  int rc = check_name(name, wide, &len, err);
  if (rc) return rc;
  md_zone *zone = md_alloc_zero(sizeof *zone);
  if (!zone) return md_error_set(err, MD_ENOMEM, "out of memory");
  zone->first = open_calendar(wide, len, UCAL_WALLTIME_FIRST);
  zone->later = open_calendar(wide, len, UCAL_WALLTIME_LAST);
  if (zone->first && zone->later) {
    *out = zone;
    return 0;
  }
  md_zone_close(zone);
  return no_zone(name, err);
}

void md_zone_close(md_zone *zone) {
  if (!zone) return;
  if (zone->first) ucal_close(zone->first);
  if (zone->later) ucal_close(zone->later);
  md_free(zone);
}

static int field(const UCalendar *calendar, UCalendarDateFields name) {
  UErrorCode status = U_ZERO_ERROR;
  return ucal_get(calendar, name, &status);
}

md_civil md_zone_civil(md_zone *zone, md_micros at) {
  UErrorCode status = U_ZERO_ERROR;
  md_micros millis = at / 1000 - (at % 1000 < 0);
  ucal_setMillis(zone->first, (UDate)millis, &status);
  return (md_civil){.year = field(zone->first, UCAL_EXTENDED_YEAR),
                    .month = field(zone->first, UCAL_MONTH) + 1,
                    .day = field(zone->first, UCAL_DATE),
                    .hour = field(zone->first, UCAL_HOUR_OF_DAY),
                    .minute = field(zone->first, UCAL_MINUTE),
                    .second = field(zone->first, UCAL_SECOND),
                    .weekday = field(zone->first, UCAL_DAY_OF_WEEK) - UCAL_SUNDAY};
}

md_micros md_zone_instant(md_zone *zone, const md_civil *civil, bool later) {
  UErrorCode status = U_ZERO_ERROR;
  UCalendar *calendar = later ? zone->later : zone->first;
  ucal_clear(calendar);
  ucal_setDateTime(calendar, civil->year, civil->month - 1, civil->day, civil->hour, civil->minute, civil->second,
                   &status);
  return (md_micros)ucal_getMillis(calendar, &status) * 1000;
}

// The day's number in the proleptic Gregorian calendar (Howard Hinnant, "days_from_civil", 2013).
static int64_t day_number(int year, int month, int day) {
  int64_t y = month <= 2 ? year - 1 : year;
  int64_t era = (y >= 0 ? y : y - 399) / 400;
  int64_t year_of_era = y - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

int64_t md_zone_day(md_zone *zone, md_micros at) {
  md_civil civil = md_zone_civil(zone, at);
  return day_number(civil.year, civil.month, civil.day);
}

md_micros md_zone_day_start(md_zone *zone, int64_t day) {
  md_civil civil = {.year = 1970, .month = 1, .day = (int)day + 1};
  return md_zone_instant(zone, &civil, false);
}
