// SPDX-License-Identifier: Apache-2.0
// The module fmt: money, dates, lists and plurals in Danish and others.
#include "script_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// Spaces that do not break are shown as plain ones.
static void expect(const char *expression, const char *text) {
  char body[400];
  snprintf(body, sizeof body,
           "local fmt = require 'fmt' local s = %s return (s:gsub('\\u{a0}', ' '):gsub('\\u{202f}', ' '))", expression);
  script_expect(body, text);
}

static void test_money(void **state) {
  (void)state;
  expect("fmt.money(1249.5, 'DKK')", "1.249,50 kr.");
  expect("fmt.money(249, 'DKK', 'da')", "249,00 kr.");
  expect("fmt.money(-0.5, 'EUR', 'de')", "-0,50 €");
  expect("fmt.money(1249.5, 'GBP', 'en-GB')", "£1,249.50");
  expect("fmt.money(1000, 'JPY', 'en')", "¥1,000");
  expect("fmt.money(0.125, 'DKK')", "0,12 kr."); // half to even
}

static void test_dates_and_times(void **state) {
  (void)state;
  expect("fmt.date(1700000000)", "14. november 2023");
  expect("fmt.date(1700000000, 'full')", "tirsdag den 14. november 2023");
  expect("fmt.date(1700000000, 'EEEE d/M')", "tirsdag 14/11");
  expect("fmt.date(1700000000, 'long', { locale = 'en-GB' })", "14 November 2023");
  expect("fmt.time(1700000000)", "23.13");
  expect("fmt.time(1700000000, 'short', { locale = 'en-GB', tz = 'UTC' })", "22:13");
  expect("fmt.time(1688000000, 'HH:mm')", "02:53"); // summer time
}

static void test_lists_and_plurals(void **state) {
  (void)state;
  expect("fmt.list { 'a' }", "a");
  expect("fmt.list { 'a', 'b', 3 }", "a, b og 3");
  expect("fmt.list({ 'a', 'b', 'c' }, 'en-GB')", "a, b and c");
  expect("fmt.list {}", "");
  expect("fmt.plural(1, { one = '# vare', other = '# varer' })", "1 vare");
  expect("fmt.plural(1200, { one = '# vare', other = '# varer' })", "1.200 varer");
  expect("fmt.plural(3, { one = 'x', few = 'few', other = 'y' }, 'pl')", "few");
  expect("fmt.plural(3, { other = '%1 #' })", "%1 3");
}

static void test_misuse_raises(void **state) {
  (void)state;
  static const char *const wrong[][2] = {
      {"fmt.money('1', 'DKK')", "fmt.money: the amount must be a number, not string"},
      {"fmt.money(1)", "fmt.money: the currency must be a text, not nil"},
      {"fmt.money(1, 'kr')", "fmt.money: 'kr' is no currency"},
      {"fmt.money(0/0, 'DKK')", "fmt.money: it is no finite number"},
      {"fmt.money(1, 'DKK', 'Danish')", "fmt.money: 'Danish' is no locale"},
      {"fmt.date()", "fmt.date: the time must be a number, not nil"},
      {"fmt.date(1, 'long', { tz = 'Mars/Base' })", "fmt.date: 'Mars/Base' is no time zone"},
      {"fmt.date(1, 'long', { zone = 'UTC' })", "fmt.date has no option 'zone'"},
      {"fmt.list('a')", "fmt.list takes a list, not string"},
      {"fmt.plural(1, { one = 'x' }, 'ja')", "fmt.plural needs the form other"},
      {"fmt.plural(1, { sone = 'x' })", "did you mean 'one'?"},
      {"fmt.mony(1)", "there is no fmt.mony; did you mean fmt.money?"},
      {"fmt.money = 1", "fmt is read-only"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    char body[300];
    snprintf(body, sizeof body, "local fmt = require 'fmt' %s", wrong[i][0]);
    script_expect_error(body, wrong[i][1]);
    script_expect_error(body, "m1/moment.lua:3: ");
  }
}

static void test_many_formatters_are_kept_and_given_up(void **state) {
  (void)state;
  script_expect(
      "local fmt = require 'fmt' local s\n"
      "for i = 1, 2 do for k = 1, 40 do s = fmt.date(1700000000, ('d'):rep(k % 2 + 1) .. (' '):rep(k)) end end\n"
      "return fmt.date(1700000000, 'yyyy')",
      "2023");
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_money),
      cmocka_unit_test(test_dates_and_times),
      cmocka_unit_test(test_lists_and_plurals),
      cmocka_unit_test(test_misuse_raises),
      cmocka_unit_test(test_many_formatters_are_kept_and_given_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
