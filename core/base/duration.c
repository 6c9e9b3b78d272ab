// SPDX-License-Identifier: Apache-2.0
// Durations: their text read to microseconds, and the shortest text of a span. Pure; any thread.
#include "base/duration.h"
#include "base/duration_meant.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef struct unit {
  const char *name;
  md_micros micros;
} unit;

static const unit units[] = {
    {"w", 7 * MD_DAY}, {"d", MD_DAY}, {"h", MD_HOUR}, {"m", MD_MINUTE}, {"s", MD_SECOND}, {"ms", MD_SECOND / 1000},
};
enum { UNIT_COUNT = sizeof(units) / sizeof(units[0]), MOST_FRACTION = 6 };

static bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

typedef struct advice {
  char text[100];
} advice;

static advice advise(const char *text, size_t len) {
  advice made = {"write a number and one of ms, s, m, h, d, w, as in \"90s\" or \"1.5h\""};
  md_duration_guess meant;
  if (md_duration_meant(text, len, &meant) && meant.loose)
    snprintf(made.text, sizeof made.text, "a %s has no one length: write days, such as \"%s\"", meant.loose,
             meant.text);
  else if (meant.text[0])
    snprintf(made.text, sizeof made.text, "write \"%s\"", meant.text);
  return made;
}

static int unreadable(const char *text, size_t len, size_t at, const char *wanted, md_error *err) {
  if (!err) return MD_EINVAL;
  const advice advice = advise(text, len);
  if (at == 0 && len > 0 && text[0] == '-')
    return md_error_set(err, MD_EINVAL, "Byte 1 ('-') makes the duration negative, and a duration goes forward; %s.",
                        advice.text);
  if (at >= len)
    return md_error_set(err, MD_EINVAL, "The duration ends after %zu bytes where %s should follow; %s.", len, wanted,
                        advice.text);
  unsigned char byte = (unsigned char)text[at];
  if (byte > ' ' && byte < 0x7F)
    return md_error_set(err, MD_EINVAL, "Byte %zu ('%c') of the duration cannot be read where %s should stand; %s.",
                        at + 1, byte, wanted, advice.text);
  return md_error_set(err, MD_EINVAL, "Byte %zu (0x%02x) of the duration cannot be read where %s should stand; %s.",
                      at + 1, byte, wanted, advice.text);
}

static const unit *unit_named(const char *text, size_t len) {
  for (size_t i = 0; i < UNIT_COUNT; i++)
    if (strlen(units[i].name) == len && memcmp(units[i].name, text, len) == 0) return &units[i];
  return NULL;
}

// Where the name of a unit stops being one: behind a whole unit, or at its first byte.
static size_t wrong_unit_byte(const char *text, size_t len, size_t from) {
  if (len - from > 2 && unit_named(text + from, 2)) return from + 2;
  if (len - from > 1 && unit_named(text + from, 1)) return from + 1;
  return from;
}

int md_duration_parse(const char *text, size_t len, md_micros *out, md_error *err) {
  size_t at = 0;
  md_micros whole = 0;
  for (; at < len && is_digit(text[at]); at++)
    if (whole <= MD_DURATION_MAX) whole = whole * 10 + (text[at] - '0');
  if (at == 0) return unreadable(text, len, at, "a digit", err);
  size_t fraction = at, fraction_end = at;
  if (at < len && text[at] == '.') {
    fraction = ++at;
    while (at < len && is_digit(text[at]))
      at++;
    fraction_end = at;
    if (fraction == fraction_end) return unreadable(text, len, at, "a digit", err);
  }
  const unit *in = unit_named(text + at, len - at);
  if (!in) return unreadable(text, len, wrong_unit_byte(text, len, at), at < len ? "a unit" : "its unit", err);

  // From the last digit to the first, so that nothing overflows and only what is below a microsecond is cut.
  md_micros part = 0;
  for (size_t i = fraction_end; i > fraction; i--)
    part = ((text[i - 1] - '0') * in->micros + part) / 10;
  if (whole > MD_DURATION_MAX / in->micros || whole * in->micros + part > MD_DURATION_MAX)
    return md_error_set(err, MD_ERANGE, "The duration is longer than 400 days; write a shorter one.");
  *out = whole * in->micros + part;
  return MD_OK;
}

static size_t put_number(uint64_t number, char *out) {
  char reversed[20];
  size_t len = 0;
  do
    reversed[len++] = (char)('0' + number % 10);
  while (number /= 10);
  for (size_t i = 0; i < len; i++)
    out[i] = reversed[len - 1 - i];
  return len;
}

// The exact text of `span` in one unit, or 0 when there is none with a short fraction.
static size_t format_in(uint64_t span, const unit *in, char *out) {
  uint64_t size = (uint64_t)in->micros, rest = span % size;
  size_t len = put_number(span / size, out);
  if (rest) out[len++] = '.';
  for (int digits = 0; rest; digits++) {
    if (digits == MOST_FRACTION) return 0;
    rest *= 10;
    out[len++] = (char)('0' + rest / size);
    rest %= size;
  }
  size_t name = strlen(in->name);
  memcpy(out + len, in->name, name);
  return len + name;
}

size_t md_duration_format(md_micros span, char buf[static 24]) {
  uint64_t magnitude = span < 0 ? 0 - (uint64_t)span : (uint64_t)span;
  size_t best = 0, sign = span < 0;
  bool best_whole = false;
  if (sign) buf[0] = '-';
  for (size_t i = 0; i < UNIT_COUNT; i++) {
    if (magnitude == 0 && units[i].micros != MD_SECOND) continue; // "0s", not "0w"
    char candidate[40];
    size_t len = format_in(magnitude, &units[i], candidate);
    bool whole = magnitude % (uint64_t)units[i].micros == 0;
    if (len == 0 || (best && (len > best || (len == best && (best_whole || !whole))))) continue;
    best = len;
    best_whole = whole;
    memcpy(buf + sign, candidate, len);
  }
  buf[sign + best] = '\0';
  return sign + best;
}
