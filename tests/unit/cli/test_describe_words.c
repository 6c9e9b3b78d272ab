// SPDX-License-Identifier: Apache-2.0
// Spans and schedules in words.
#include "cli/describe_words.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void span(md_micros micros, const char *wanted) {
  md_arena *arena = md_arena_new(0);
  assert_string_equal(md_words_span(micros, arena), wanted);
  md_arena_free(arena);
}

static void schedule(const char *expression, const char *wanted) {
  md_arena *arena = md_arena_new(0);
  md_cron cron;
  assert_int_equal(md_cron_parse(expression, strlen(expression), &cron, NULL), 0);
  assert_string_equal(md_words_schedule(&cron, arena), wanted);
  md_arena_free(arena);
}

static void spans(void **state) {
  (void)state;
  span(0, "no time");
  span(MD_HOUR, "1 hour");
  span(3 * MD_DAY, "3 days");
  span(90 * MD_MINUTE, "1 hour 30 minutes");
  span(14 * MD_DAY, "14 days");
  span(MD_DAY + MD_SECOND, "1 day 1 second");
  span(250 * MD_SECOND / 1000, "250 milliseconds");
  span(MD_SECOND + MD_SECOND / 1000, "1 second 1 millisecond");
}

static void schedules(void **state) {
  (void)state;
  schedule("0 8 1 * *", "at 08:00 on the 1st of every month");
  schedule("30 17 * * *", "at 17:30 every day");
  schedule("0 8,17 * * mon-fri", "at 08:00 and 17:00 from Monday to Friday");
  schedule("0 9 * * sat,sun", "at 09:00 every Saturday and Sunday");
  schedule("*/15 * * * *", "every 15 minutes, every day");
  schedule("* * * * *", "every minute, every day");
  schedule("0 * * * *", "on the hour of every hour every day");
  schedule("5 * * * *", "at minute 5 of every hour every day");
  schedule("*/30 8-18 * * 1-5", "every 30 minutes from 08:00 to 18:59, from Monday to Friday");
  schedule("0 6 1,15 1,7 *", "at 06:00 on the 1st and 15th of the month, in January and July");
  schedule("0 6 2,3,11,22,23,31 * *", "at 06:00 on the 2nd, 3rd, 11th, 22nd, 23rd and 31st of every month");
  schedule("0 6 13 * fri", "at 06:00 on the 13th of the month, and every Friday");
}

static void lists(void **state) {
  const char *const items[] = {"a", "b", "c"};
  md_arena *arena = md_arena_new(0);
  (void)state;
  assert_string_equal(md_words_list(items, 0, "or", arena), "");
  assert_string_equal(md_words_list(items, 1, "or", arena), "a");
  assert_string_equal(md_words_list(items, 2, "or", arena), "a or b");
  assert_string_equal(md_words_list(items, 3, "and", arena), "a, b and c");
  md_arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(spans), cmocka_unit_test(schedules), cmocka_unit_test(lists)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
