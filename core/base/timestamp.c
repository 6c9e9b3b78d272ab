// SPDX-License-Identifier: Apache-2.0
// Instants to and from RFC 3339 and RFC 5322 text by own calendar arithmetic, free of locale and zone. Pure; any
// thread.
#include "base/timestamp.h"
#include <stdbool.h>
#include <string.h>

typedef struct civil {
  int64_t year;
  int month, day;
} civil;

// Days since 1970-01-01 in the proleptic Gregorian calendar (Hinnant 2013, days_from_civil).
static int64_t days_from_civil(civil date) {
  int64_t year = date.year - (date.month <= 2);
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

// The inverse (Hinnant 2013, civil_from_days).
static civil civil_from_days(int64_t days) {
  days += 719468;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  int64_t day_of_era = days - era * 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int day_of_year = (int)(day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100));
  int shifted = (5 * day_of_year + 2) / 153;
  int month = shifted < 10 ? shifted + 3 : shifted - 9;
  return (civil){year_of_era + era * 400 + (month <= 2), month, day_of_year - (153 * shifted + 2) / 5 + 1};
}

static int days_in_month(int64_t year, int month) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : days[month - 1];
}

// Reads along the text; after the first mismatch everything fails.
typedef struct reader {
  const char *text;
  size_t len, at;
  const char *wrong; // what should have stood at `at`
} reader;

static int read_digits(reader *from, int count, const char *what, int least, int most) {
  if (from->wrong) return 0;
  size_t start = from->at;
  int number = 0;
  for (int i = 0; i < count; i++, from->at++) {
    char byte = from->at < from->len ? from->text[from->at] : '\0';
    if (byte < '0' || byte > '9') {
      from->wrong = what;
      return 0;
    }
    number = number * 10 + (byte - '0');
  }
  if (number < least || number > most) {
    from->at = start;
    from->wrong = what;
  }
  return number;
}

static void read_byte(reader *from, char upper, char lower, const char *what) {
  if (from->wrong) return;
  char byte = from->at < from->len ? from->text[from->at] : '\0';
  if (byte == upper || byte == lower)
    from->at++;
  else
    from->wrong = what;
}

static md_micros read_fraction(reader *from) {
  if (from->wrong || from->at >= from->len || from->text[from->at] != '.') return 0;
  from->at++;
  md_micros micros = 0;
  int digits = 0;
  for (; from->at < from->len; from->at++, digits++) {
    char byte = from->text[from->at];
    if (byte < '0' || byte > '9') break;
    if (digits == 9) {
      from->wrong = "at most nine digits of fraction";
      return 0;
    }
    if (digits < 6) micros = micros * 10 + (byte - '0');
  }
  if (digits == 0) from->wrong = "a digit of fraction";
  for (; digits < 6; digits++)
    micros *= 10;
  return micros;
}

static md_micros read_offset(reader *from) {
  static const char what[] = "\"Z\" or an offset like +02:00";
  if (from->wrong) return 0;
  char sign = from->at < from->len ? from->text[from->at] : '\0';
  if (sign != '+' && sign != '-') {
    read_byte(from, 'Z', 'z', what);
    return 0;
  }
  from->at++;
  int hours = read_digits(from, 2, what, 0, 23);
  read_byte(from, ':', ':', what);
  int minutes = read_digits(from, 2, what, 0, 59);
  md_micros offset = hours * MD_HOUR + minutes * MD_MINUTE;
  return sign == '-' ? -offset : offset;
}

static int64_t floor_div(int64_t number, int64_t by) {
  return number / by - (number % by < 0);
}

int md_timestamp_parse(const char *text, size_t len, md_micros *out, md_error *err) {
  reader from = {.text = text, .len = len};
  civil date = {.year = read_digits(&from, 4, "a year from 0001 to 9999", 1, 9999)};
  read_byte(&from, '-', '-', "\"-\"");
  date.month = read_digits(&from, 2, "a month from 01 to 12", 1, 12);
  read_byte(&from, '-', '-', "\"-\"");
  date.day = read_digits(&from, 2, "a day of that month", 1, from.wrong ? 31 : days_in_month(date.year, date.month));
  read_byte(&from, 'T', 't', "\"T\"");
  int hour = read_digits(&from, 2, "an hour from 00 to 23", 0, 23);
  read_byte(&from, ':', ':', "\":\"");
  int minute = read_digits(&from, 2, "a minute from 00 to 59", 0, 59);
  read_byte(&from, ':', ':', "\":\"");
  int second = read_digits(&from, 2, "a second from 00 to 59", 0, 60);
  md_micros fraction = read_fraction(&from);
  md_micros offset = read_offset(&from);
  if (!from.wrong && from.at < len) from.wrong = "the end";
  if (from.wrong)
    return md_error_set(err, MD_EINVAL,
                        "At byte %zu of the timestamp %s should stand; write it like 2026-11-23T09:30:00Z.",
                        from.at + 1, from.wrong);

  bool leap = second == 60;
  if (leap) {
    second = 59;
    fraction = MD_SECOND - 1;
  }
  md_micros at = days_from_civil(date) * MD_DAY + hour * MD_HOUR + minute * MD_MINUTE + second * MD_SECOND + fraction;
  at -= offset;
  if (leap && (at + 1) % MD_DAY != 0)
    return md_error_set(err, MD_EINVAL, "Second 60 stands only at 23:59:60 UTC; write a second from 00 to 59.");
  int64_t year = civil_from_days(floor_div(at, MD_DAY)).year;
  if (year < 1 || year > 9999)
    return md_error_set(err, MD_EINVAL, "The timestamp lies outside the years 0001 to 9999 of UTC.");
  *out = at;
  return MD_OK;
}

static md_micros of_its_day(md_micros at) {
  md_micros rest = at % MD_DAY;
  return rest < 0 ? rest + MD_DAY : rest;
}

static char *put_digits(char *to, int64_t number, int count) {
  for (int i = count - 1; i >= 0; i--, number /= 10)
    to[i] = (char)('0' + number % 10);
  return to + count;
}

// Four digits, more (or a sign) only where an instant lies outside what can be parsed.
static char *put_year(char *to, int64_t year) {
  if (year < 0) {
    *to++ = '-';
    year = -year;
  }
  return put_digits(to, year, year > 99999 ? 6 : year > 9999 ? 5 : 4);
}

static char *put_time(char *to, md_micros of_day) {
  to = put_digits(to, of_day / MD_HOUR, 2);
  *to++ = ':';
  to = put_digits(to, of_day / MD_MINUTE % 60, 2);
  *to++ = ':';
  return put_digits(to, of_day / MD_SECOND % 60, 2);
}

size_t md_timestamp_format(md_micros at, char buf[static 32]) {
  civil date = civil_from_days(floor_div(at, MD_DAY));
  md_micros of_day = of_its_day(at);
  char *to = put_year(buf, date.year);
  *to++ = '-';
  to = put_digits(to, date.month, 2);
  *to++ = '-';
  to = put_digits(to, date.day, 2);
  *to++ = 'T';
  to = put_time(to, of_day);
  int64_t fraction = of_day % MD_SECOND;
  if (fraction) {
    *to++ = '.';
    to = fraction % 1000 ? put_digits(to, fraction, 6) : put_digits(to, fraction / 1000, 3);
  }
  *to++ = 'Z';
  *to = '\0';
  return (size_t)(to - buf);
}

size_t md_timestamp_format_mail(md_micros at, char buf[static 40]) {
  static const char day_names[] = "Thu, Fri, Sat, Sun, Mon, Tue, Wed, "; // 1970-01-01 was a Thursday
  static const char month_names[] = " Jan  Feb  Mar  Apr  May  Jun  Jul  Aug  Sep  Oct  Nov  Dec ";
  int64_t days = floor_div(at, MD_DAY);
  civil date = civil_from_days(days);
  char *to = buf;
  memcpy(to, day_names + 5 * (days - floor_div(days, 7) * 7), 5);
  to = put_digits(to + 5, date.day, 2);
  memcpy(to, month_names + (ptrdiff_t)5 * (date.month - 1), 5);
  to = put_year(to + 5, date.year);
  *to++ = ' ';
  to = put_time(to, of_its_day(at));
  memcpy(to, " +0000", 7);
  return (size_t)(to + 6 - buf);
}
