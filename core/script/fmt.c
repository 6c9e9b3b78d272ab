// SPDX-License-Identifier: Apache-2.0
// Formatting by ICU's C interface, with the formatters made so far kept. One thread at a time.
#include "script/fmt.h"
#include "base/alloc.h"
#include "base/json.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unicode/ucal.h>
#include <unicode/udat.h>
#include <unicode/ulistformatter.h>
#include <unicode/unumberformatter.h>
#include <unicode/upluralrules.h>
#include <unicode/ustring.h>

enum { KEPT = 24, KEY_BYTES = 200, WIDE = 1024, LIST_MAX = 200 };

typedef enum kind { KIND_NONE, KIND_NUMBER, KIND_DATE, KIND_LIST, KIND_PLURAL } kind;

// A formatter that was made, and what for.
typedef struct kept {
  kind kind;
  char key[KEY_BYTES];
  union {
    UNumberFormatter *number;
    UDateFormat *date;
    UListFormatter *list;
    UPluralRules *plural;
  } made;
} kept;

struct md_fmt {
  kept kept[KEPT];
  int next; // the oldest, given up first
  int made; // since it was asked last
  UFormattedNumber *number;
};

md_fmt *md_fmt_new(void) {
  UErrorCode status = U_ZERO_ERROR;
  md_fmt *fmt = md_alloc_zero(sizeof *fmt);
  if (!fmt) return NULL;
  fmt->number = unumf_openResult(&status);
  if (U_SUCCESS(status)) return fmt;
  md_free(fmt);
  return NULL;
}

static void discard(kept *entry) {
  switch (entry->kind) {
  case KIND_NUMBER:
    unumf_close(entry->made.number);
    break;
  case KIND_DATE:
    udat_close(entry->made.date);
    break;
  case KIND_LIST:
    ulistfmt_close(entry->made.list);
    break;
  case KIND_PLURAL:
    uplrules_close(entry->made.plural);
    break;
  case KIND_NONE:
    break;
  }
  entry->kind = KIND_NONE;
}

void md_fmt_free(md_fmt *fmt) {
  if (!fmt) return;
  for (int i = 0; i < KEPT; i++)
    discard(&fmt->kept[i]);
  unumf_closeResult(fmt->number);
  md_free(fmt);
}

int md_fmt_made(md_fmt *fmt) {
  int made = fmt->made;
  fmt->made = 0;
  return made;
}

static int failed(UErrorCode status, md_error *err) {
  if (status == U_MEMORY_ALLOCATION_ERROR) return md_error_set(err, MD_ENOMEM, "out of memory for formatting");
  if (status == U_BUFFER_OVERFLOW_ERROR) return md_error_set(err, MD_ERANGE, "the formatted text is too long");
  return md_error_set(err, MD_EINVAL, "it cannot be formatted so (%s)", u_errorName(status));
}

static int check_locale(const char **locale, md_error *err) {
  *locale = *locale ? *locale : "da";
  size_t letters = strspn(*locale, "abcdefghijklmnopqrstuvwxyz");
  size_t rest = strspn(*locale + letters, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
  bool ends = (*locale)[letters + rest] == 0 && letters + rest <= 40;
  bool separate = rest == 0 || strchr("-_", (*locale)[letters]);
  if (letters < 2 || letters > 3 || !ends || !separate)
    return md_error_set(err, MD_EINVAL, "'%.40s' is no locale: write one such as \"da\" or \"en-GB\"", *locale);
  return 0;
}

static int check_currency(const char *currency, md_error *err) {
  if (strlen(currency) != 3 || strspn(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
    return md_error_set(err, MD_EINVAL, "'%.20s' is no currency: write three letters such as \"DKK\"", currency);
  return 0;
}

static int widen(const char *text, UChar *out, int32_t *len, md_error *err) {
  UErrorCode status = U_ZERO_ERROR;
  u_strFromUTF8(out, WIDE, len, text, -1, &status);
  return U_FAILURE(status) ? failed(status, err) : 0;
}

static int narrow(const UChar *text, int32_t len, char *out, size_t room, md_error *err) {
  UErrorCode status = U_ZERO_ERROR;
  int32_t written;
  u_strToUTF8(out, (int32_t)room - 1, &written, text, len, &status);
  if (U_FAILURE(status)) return failed(status, err);
  out[written] = 0;
  return 0;
}

static kept *find(md_fmt *fmt, kind kind, const char *key) {
  for (int i = 0; i < KEPT; i++)
    if (fmt->kept[i].kind == kind && strcmp(fmt->kept[i].key, key) == 0) return &fmt->kept[i];
  return NULL;
}

// A place for a new formatter; the caller sets its kind once it is made.
static kept *make_place(md_fmt *fmt, const char *key) {
  kept *entry = &fmt->kept[fmt->next];
  fmt->next = (fmt->next + 1) % KEPT;
  discard(entry);
  fmt->made++;
  snprintf(entry->key, sizeof entry->key, "%s", key);
  return entry;
}

// `skeleton` as ICU's number skeletons: "currency/DKK", "".
static int number_formatter(md_fmt *fmt, const char *skeleton, const char *locale, UNumberFormatter **out,
                            md_error *err) {
  UErrorCode status = U_ZERO_ERROR;
  UChar wide[WIDE];
  int32_t len;
  char key[KEY_BYTES];
  int code = check_locale(&locale, err);
  if (code) return code;
  snprintf(key, sizeof key, "%s %s", locale, skeleton);
  kept *entry = find(fmt, KIND_NUMBER, key);
  if (!entry) {
    code = widen(skeleton, wide, &len, err);
    if (code) return code;
    entry = make_place(fmt, key);
    entry->made.number = unumf_openForSkeletonAndLocale(wide, len, locale, &status);
    if (U_FAILURE(status)) return failed(status, err);
    entry->kind = KIND_NUMBER;
  }
  *out = entry->made.number;
  return 0;
}

// By its shortest decimal text, so that 0.615 is rounded as it is written.
static int write_number(md_fmt *fmt, UNumberFormatter *formatter, double number, char *out, size_t room,
                        md_error *err) {
  UErrorCode status = U_ZERO_ERROR;
  char text[32];
  UChar wide[WIDE];
  if (!isfinite(number)) return md_error_set(err, MD_EINVAL, "it is no finite number");
  size_t len = md_double_format(number, text);
  unumf_formatDecimal(formatter, text, (int32_t)len, fmt->number, &status);
  int32_t written = U_SUCCESS(status) ? unumf_resultToString(fmt->number, wide, WIDE, &status) : 0;
  return U_FAILURE(status) ? failed(status, err) : narrow(wide, written, out, room, err);
}

int md_fmt_money(md_fmt *fmt, double amount, const char *currency, const char *locale, char *out, size_t room,
                 md_error *err) {
  char skeleton[32];
  UNumberFormatter *formatter = NULL;
  int code = check_currency(currency, err);
  if (code) return code;
  snprintf(skeleton, sizeof skeleton, "currency/%s", currency);
  code = number_formatter(fmt, skeleton, locale, &formatter, err);
  return code ? code : write_number(fmt, formatter, amount, out, room, err);
}

int md_fmt_number(md_fmt *fmt, double number, const char *locale, char *out, size_t room, md_error *err) {
  UNumberFormatter *formatter = NULL;
  int code = number_formatter(fmt, "", locale, &formatter, err);
  return code ? code : write_number(fmt, formatter, number, out, room, err);
}

static int check_zone(const char *zone, UChar *wide, int32_t *len, md_error *err) {
  UErrorCode status = U_ZERO_ERROR;
  UChar canonical[WIDE];
  UBool system = 0;
  int code = widen(zone, wide, len, err);
  if (code) return code;
  ucal_getCanonicalTimeZoneID(wide, *len, canonical, WIDE, &system, &status);
  if (U_FAILURE(status) || !system)
    return md_error_set(err, MD_EINVAL, "'%.60s' is no time zone: write one such as \"Europe/Copenhagen\"", zone);
  return 0;
}

static UDateFormatStyle style_of(const char *style) {
  static const struct {
    const char *name;
    UDateFormatStyle style;
  } styles[] = {{"short", UDAT_SHORT}, {"medium", UDAT_MEDIUM}, {"long", UDAT_LONG}, {"full", UDAT_FULL}};
  for (size_t i = 0; i < sizeof styles / sizeof *styles; i++)
    if (strcmp(styles[i].name, style) == 0) return styles[i].style;
  return UDAT_PATTERN;
}

static int open_date(const char *style, bool time, const char *locale, const char *zone, UDateFormat **out,
                     md_error *err) {
  UErrorCode status = U_ZERO_ERROR;
  UChar wide_zone[WIDE], pattern[WIDE];
  int32_t zone_len, pattern_len = 0;
  UDateFormatStyle chosen = style_of(style);
  int code = check_zone(zone, wide_zone, &zone_len, err);
  if (!code && chosen == UDAT_PATTERN) code = widen(style, pattern, &pattern_len, err);
  if (code) return code;
  UDateFormatStyle date_style = chosen == UDAT_PATTERN || !time ? chosen : UDAT_NONE;
  UDateFormatStyle time_style = chosen == UDAT_PATTERN || time ? chosen : UDAT_NONE;
  *out = udat_open(time_style, date_style, locale, wide_zone, zone_len, chosen == UDAT_PATTERN ? pattern : NULL,
                   pattern_len, &status);
  return U_FAILURE(status) ? failed(status, err) : 0;
}

static int write_date(md_fmt *fmt, double seconds, const char *style, bool time, const char *locale, const char *zone,
                      char *out, size_t room, md_error *err) {
  UErrorCode status = U_ZERO_ERROR;
  UChar wide[WIDE];
  char key[KEY_BYTES];
  int code = check_locale(&locale, err);
  if (code) return code;
  zone = zone ? zone : "Europe/Copenhagen";
  if (snprintf(key, sizeof key, "%c %s %s %s", time ? 't' : 'd', locale, zone, style) >= (int)sizeof key)
    return md_error_set(err, MD_ERANGE, "the pattern is too long");
  kept *entry = find(fmt, KIND_DATE, key);
  if (!entry) {
    UDateFormat *made;
    code = open_date(style, time, locale, zone, &made, err);
    if (code) return code;
    entry = make_place(fmt, key);
    entry->made.date = made;
    entry->kind = KIND_DATE;
  }
  int32_t len = udat_format(entry->made.date, seconds * 1000, wide, WIDE, NULL, &status);
  return U_FAILURE(status) ? failed(status, err) : narrow(wide, len, out, room, err);
}

int md_fmt_date(md_fmt *fmt, double seconds, const char *style, const char *locale, const char *zone, char *out,
                size_t room, md_error *err) {
  return write_date(fmt, seconds, style, false, locale, zone, out, room, err);
}

int md_fmt_time(md_fmt *fmt, double seconds, const char *style, const char *locale, const char *zone, char *out,
                size_t room, md_error *err) {
  return write_date(fmt, seconds, style, true, locale, zone, out, room, err);
}

static int list_formatter(md_fmt *fmt, const char *locale, UListFormatter **out, md_error *err) {
  UErrorCode status = U_ZERO_ERROR;
  int code = check_locale(&locale, err);
  if (code) return code;
  kept *entry = find(fmt, KIND_LIST, locale);
  if (!entry) {
    entry = make_place(fmt, locale);
    entry->made.list = ulistfmt_open(locale, &status);
    if (U_FAILURE(status)) return failed(status, err);
    entry->kind = KIND_LIST;
  }
  *out = entry->made.list;
  return 0;
}

int md_fmt_list(md_fmt *fmt, const char *const *items, int count, const char *locale, char *out, size_t room,
                md_error *err) {
  UErrorCode status = U_ZERO_ERROR;
  UListFormatter *formatter = NULL;
  UChar text[8 * WIDE], joined[8 * WIDE];
  const UChar *starts[LIST_MAX];
  int32_t lengths[LIST_MAX], used = 0;
  if (count > LIST_MAX) return md_error_set(err, MD_ERANGE, "the list has more than %d items", LIST_MAX);
  int code = list_formatter(fmt, locale, &formatter, err);
  if (code) return code;
  for (int i = 0; i < count && U_SUCCESS(status); i++) {
    starts[i] = text + used;
    u_strFromUTF8(text + used, 8 * WIDE - used, &lengths[i], items[i], -1, &status);
    used += lengths[i];
  }
  int32_t len = 0;
  if (U_SUCCESS(status)) len = ulistfmt_format(formatter, starts, lengths, count, joined, 8 * WIDE, &status);
  return U_FAILURE(status) ? failed(status, err) : narrow(joined, len, out, room, err);
}

int md_fmt_plural(md_fmt *fmt, double number, const char *locale, char *out, size_t room, md_error *err) {
  UErrorCode status = U_ZERO_ERROR;
  UChar wide[WIDE];
  int code = check_locale(&locale, err);
  if (code) return code;
  kept *entry = find(fmt, KIND_PLURAL, locale);
  if (!entry) {
    entry = make_place(fmt, locale);
    entry->made.plural = uplrules_open(locale, &status);
    if (U_FAILURE(status)) return failed(status, err);
    entry->kind = KIND_PLURAL;
  }
  int32_t len = uplrules_select(entry->made.plural, number, wide, WIDE, &status);
  return U_FAILURE(status) ? failed(status, err) : narrow(wide, len, out, room, err);
}
