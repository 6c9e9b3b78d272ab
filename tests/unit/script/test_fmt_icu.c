// SPDX-License-Identifier: Apache-2.0
// The module fmt against ICU's own answers by other ways: money by the older number formats, dates, times and plurals
// by message formats. Danish, English, German; zones with summer time.
#include "script/fmt.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unicode/ucal.h>
#include <unicode/umsg.h>
#include <unicode/unum.h>
#include <unicode/ustring.h>

#include <cmocka.h>

enum { ROOM = 300 };

static const char *const locales[] = {"da", "en", "en-GB", "de"};
enum { LOCALES = 4 };

static void to_utf8(const UChar *text, int32_t len, char out[static ROOM]) {
  UErrorCode status = U_ZERO_ERROR;
  u_strToUTF8(out, ROOM, NULL, text, len, &status);
  assert_true(U_SUCCESS(status));
}

static void to_wide(const char *text, UChar out[static ROOM]) {
  UErrorCode status = U_ZERO_ERROR;
  u_strFromUTF8(out, ROOM, NULL, text, -1, &status);
  assert_true(U_SUCCESS(status));
}

static void money_by_icu(double amount, const char *currency, const char *locale, char out[static ROOM]) {
  UErrorCode status = U_ZERO_ERROR;
  UChar code[ROOM], text[ROOM];
  to_wide(currency, code);
  UNumberFormat *format = unum_open(UNUM_CURRENCY, NULL, 0, locale, NULL, &status);
  int32_t len = unum_formatDoubleCurrency(format, amount, code, text, ROOM, NULL, &status);
  assert_true(U_SUCCESS(status));
  to_utf8(text, len, out);
  unum_close(format);
}

static void test_money_is_what_icu_writes(void **state) {
  (void)state;
  static const double amounts[] = {0, 1, -1, 249.5, -249.5, 0.05, 1249.99, 1000000, -0.5, 123456789.12};
  static const char *const currencies[] = {"DKK", "EUR", "USD", "SEK", "NOK", "GBP", "JPY", "ISK", "KRW", "KWD"};
  md_fmt *fmt = md_fmt_new();
  for (size_t a = 0; a < sizeof amounts / sizeof *amounts; a++)
    for (size_t c = 0; c < sizeof currencies / sizeof *currencies; c++)
      for (int l = 0; l < LOCALES; l++) {
        char ours[ROOM], theirs[ROOM];
        md_error err;
        assert_int_equal(md_fmt_money(fmt, amounts[a], currencies[c], locales[l], ours, sizeof ours, &err), 0);
        money_by_icu(amounts[a], currencies[c], locales[l], theirs);
        assert_string_equal(ours, theirs);
      }
  md_fmt_free(fmt);
}

static void message_by_icu(const char *pattern, const char *locale, double value, char out[static ROOM]) {
  UErrorCode status = U_ZERO_ERROR;
  UChar wide[ROOM], text[ROOM];
  to_wide(pattern, wide);
  int32_t len = u_formatMessage(locale, wide, -1, text, ROOM, &status, value);
  assert_true(U_SUCCESS(status));
  to_utf8(text, len, out);
}

static const double times[] = {0, 1700000000, 1688000000, 1774745999, 1774746000, 1792890000, 1792893600, 951827696};
static const char *const styles[] = {"short", "medium", "long", "full"};

static void test_dates_and_times_are_what_icu_writes(void **state) {
  (void)state;
  static const char *const zones[] = {"Europe/Copenhagen", "America/New_York", "Asia/Kolkata", "UTC"};
  md_fmt *fmt = md_fmt_new();
  for (size_t z = 0; z < 4; z++) {
    UErrorCode status = U_ZERO_ERROR;
    UChar zone[ROOM];
    to_wide(zones[z], zone);
    ucal_setDefaultTimeZone(zone, &status);
    for (size_t t = 0; t < sizeof times / sizeof *times; t++)
      for (int l = 0; l < LOCALES; l++)
        for (int s = 0; s < 4; s++) {
          char ours[ROOM], theirs[ROOM], pattern[40];
          md_error err;
          snprintf(pattern, sizeof pattern, "{0,date,%s}", styles[s]);
          message_by_icu(pattern, locales[l], times[t] * 1000, theirs);
          assert_int_equal(md_fmt_date(fmt, times[t], styles[s], locales[l], zones[z], ours, sizeof ours, &err), 0);
          assert_string_equal(ours, theirs);
          snprintf(pattern, sizeof pattern, "{0,time,%s}", styles[s]);
          message_by_icu(pattern, locales[l], times[t] * 1000, theirs);
          assert_int_equal(md_fmt_time(fmt, times[t], styles[s], locales[l], zones[z], ours, sizeof ours, &err), 0);
          assert_string_equal(ours, theirs);
        }
  }
  md_fmt_free(fmt);
}

static void test_plurals_are_what_icu_chooses(void **state) {
  (void)state;
  static const double counts[] = {0, 1, 2, 3, 5, 11, 21, 1.5, 100, 1000000, -1};
  static const char *const languages[] = {"da", "en", "de", "pl", "fr", "ar"};
  static const char pattern[] = "{0,plural,zero{zero} one{one} two{two} few{few} many{many} other{other}}";
  md_fmt *fmt = md_fmt_new();
  for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
    for (size_t l = 0; l < sizeof languages / sizeof *languages; l++) {
      char ours[ROOM], theirs[ROOM];
      md_error err;
      message_by_icu(pattern, languages[l], counts[c], theirs);
      assert_int_equal(md_fmt_plural(fmt, counts[c], languages[l], ours, sizeof ours, &err), 0);
      assert_string_equal(ours, theirs);
    }
  md_fmt_free(fmt);
}

// ICU has one way to join a list; what CLDR says of these languages is written out.
static void test_lists_as_cldr_has_them(void **state) {
  (void)state;
  static const char *const items[] = {"a", "b", "c", "d"};
  static const struct {
    const char *locale;
    int count;
    const char *text;
  } rows[] = {{"da", 0, ""},          {"da", 1, "a"},           {"da", 2, "a og b"},        {"da", 4, "a, b, c og d"},
              {"en", 2, "a and b"},   {"en", 3, "a, b, and c"}, {"en-GB", 3, "a, b and c"}, {"de", 3, "a, b und c"},
              {"sv", 3, "a, b och c"}};
  md_fmt *fmt = md_fmt_new();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char ours[ROOM];
    md_error err;
    assert_int_equal(md_fmt_list(fmt, items, rows[i].count, rows[i].locale, ours, sizeof ours, &err), 0);
    assert_string_equal(ours, rows[i].text);
  }
  md_fmt_free(fmt);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_money_is_what_icu_writes),
      cmocka_unit_test(test_dates_and_times_are_what_icu_writes),
      cmocka_unit_test(test_plurals_are_what_icu_chooses),
      cmocka_unit_test(test_lists_as_cldr_has_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
