// SPDX-License-Identifier: Apache-2.0
// Reads durations as people write them elsewhere, to say how they are written here. Pure; any thread.
#include "base/duration_meant.h"
#include "base/duration.h"
#include <stdio.h>
#include <string.h>

enum { NUMBER_MAX = 12, WORD_MAX = 16 };

typedef struct named {
  const char *unit; // as a duration has it
  md_micros micros;
  const char *loose;
  const char *const *words;
} named;

static const char *const milliseconds[] = {"ms",          "msec",         "msecs",         "millis", "millisecond",
                                           "millisekund", "milliseconds", "millisekunder", NULL};
static const char *const seconds[] = {"s", "sec", "secs", "second", "seconds", "sek", "sekund", "sekunder", NULL};
static const char *const minutes[] = {"m", "min", "mins", "minute", "minutes", "minut", "minutter", NULL};
static const char *const hours[] = {"h", "hr", "hrs", "hour", "hours", "t", "time", "timer", NULL};
static const char *const days[] = {"d", "day", "days", "dag", "dage", "d\xC3\xB8gn", "doegn", NULL};
static const char *const weeks[] = {"w", "wk", "wks", "week", "weeks", "uge", "uger", NULL};
static const char *const months[] = {"mo",     "month",    "months", "md", "m\xC3\xA5ned", "m\xC3\xA5neder",
                                     "maaned", "maaneder", NULL};
static const char *const years[] = {"y", "yr", "yrs", "year", "years", "\xC3\xA5r", "aar", NULL};

static const named units[] = {{"ms", MD_SECOND / 1000, NULL, milliseconds},
                              {"s", MD_SECOND, NULL, seconds},
                              {"m", MD_MINUTE, NULL, minutes},
                              {"h", MD_HOUR, NULL, hours},
                              {"d", MD_DAY, NULL, days},
                              {"w", 7 * MD_DAY, NULL, weeks},
                              {NULL, 30 * MD_DAY, "month", months},
                              {NULL, 365 * MD_DAY, "year", years}};

typedef struct reader {
  const char *at, *end;
} reader;

static bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

// Danish letters count, whole or in halves.
static bool is_letter(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (unsigned char)byte >= 0x80;
}

static void skip(reader *r, const char *bytes) {
  while (r->at < r->end && *r->at && strchr(bytes, *r->at))
    r->at++;
}

// "1.5" or "1,5", as it is written here.
static bool read_number(reader *r, char out[static NUMBER_MAX + 1]) {
  size_t len = 0;
  for (; r->at < r->end && len < NUMBER_MAX; r->at++) {
    bool mark = (*r->at == '.' || *r->at == ',') && r->at + 1 < r->end && is_digit(r->at[1]);
    if (!is_digit(*r->at) && !(mark && len > 0 && !memchr(out, '.', len))) break;
    out[len++] = *r->at == ',' ? '.' : *r->at;
  }
  out[len] = '\0';
  return len > 0;
}

static size_t read_word(reader *r, char out[static WORD_MAX]) {
  size_t len = 0;
  for (; r->at < r->end && is_letter(*r->at) && len < WORD_MAX - 1; r->at++)
    out[len++] = *r->at >= 'A' && *r->at <= 'Z' ? (char)(*r->at | 32) : *r->at;
  out[len] = '\0';
  return len;
}

static const named *unit_of(const char *word) {
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    for (const char *const *known = units[i].words; *known; known++)
      if (strcmp(*known, word) == 0) return &units[i];
  return NULL;
}

// What stands between two of them: ", ", " and ", " og ".
static void skip_between(reader *r) {
  char word[WORD_MAX];
  skip(r, " \t.,+&");
  reader ahead = *r;
  if (read_word(&ahead, word) && (strcmp(word, "and") == 0 || strcmp(word, "og") == 0)) *r = ahead;
  skip(r, " \t");
}

// A number and a unit: its span, and as text where it can be written in that unit.
static bool read_term(reader *r, md_micros *span, md_duration_guess *out) {
  char number[NUMBER_MAX + 1], word[WORD_MAX], plain[NUMBER_MAX + 4];
  if (!read_number(r, number)) return false;
  skip(r, " \t");
  read_word(r, word);
  const named *unit = unit_of(word);
  if (!unit) return false;
  int len = snprintf(plain, sizeof plain, "%s%s", number, unit->unit ? unit->unit : "d");
  if (md_duration_parse(plain, (size_t)len, span, NULL)) return false;
  if (unit->loose) *span *= unit->micros / MD_DAY;
  out->loose = unit->loose ? unit->loose : out->loose;
  memcpy(out->text, plain, (size_t)len + 1);
  return true;
}

bool md_duration_meant(const char *text, size_t len, md_duration_guess *out) {
  reader r = {text, text + len};
  md_micros sum = 0, span = 0;
  int terms = 0;
  *out = (md_duration_guess){0};
  for (skip(&r, " \t"); r.at < r.end && sum <= MD_DURATION_MAX; skip_between(&r), terms++) {
    if (!read_term(&r, &span, out)) return false;
    sum += span;
  }
  if (terms == 0 || sum > MD_DURATION_MAX) return false;
  if (terms > 1 || out->loose) md_duration_format(sum, out->text);
  return true;
}
