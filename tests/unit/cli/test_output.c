// SPDX-License-Identifier: Apache-2.0
// Tests of output.c: tables that align and are cut, lines of JSON, times.
#include "cli/output.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const headers[] = {"RUN", "NAME", "WHY", NULL};

static void writes(md_table *table, int width, const char *wanted) {
  md_buffer out;
  md_buffer_init(&out);
  md_table_write(table, &out, width, "Nothing.");
  assert_string_equal(out.data, wanted);
  md_buffer_deinit(&out);
}

static void aligns(void **state) {
  (void)state;
  md_table table;
  md_table_init(&table, headers);
  md_table_number(&table, 7);
  md_table_cell(&table, "Søren");
  md_table_cell(&table, "done");
  md_table_number(&table, 12345);
  md_table_cell(&table, "Bo");
  md_table_cell(&table, NULL);
  writes(&table, 100, "RUN    NAME   WHY\n7      Søren  done\n12345  Bo\n");
}

static void says_when_there_is_nothing(void **state) {
  (void)state;
  md_table table;
  md_table_init(&table, headers);
  writes(&table, 100, "Nothing.\n");
}

static void cuts_the_widest(void **state) {
  (void)state;
  md_table table;
  md_table_init(&table, headers);
  md_table_number(&table, 1);
  md_table_cell(&table, "short");
  md_table_cell(&table, "ææææææææææææææææææææ");
  writes(&table, 24, "RUN  NAME   WHY\n1    short  æææææææææææ…\n");
  md_table_init(&table, headers);
  table.whole = 1U << 2;
  md_table_number(&table, 1);
  md_table_cell(&table, "a name that is long");
  md_table_cell(&table, "kept");
  writes(&table, 24, "RUN  NAME           WHY\n1    a name that …  kept\n");
}

static void wraps_what_is_not_cut(void **state) {
  (void)state;
  md_table table;
  md_table_init(&table, headers);
  table.wraps = 1U << 1;
  md_table_number(&table, 1);
  md_table_cell(&table, "not sent: no consent for reminders");
  md_table_cell(&table, "x.lua:7");
  md_table_number(&table, 2);
  md_table_cell(&table, "ææææææææææææææææ");
  md_table_cell(&table, NULL);
  writes(&table, 24,
         "RUN  NAME        WHY\n"
         "1    not sent:   x.lua:7\n"
         "     no consent\n"
         "     for\n"
         "     reminders\n"
         "2    ææææææææææ\n"
         "     ææææææ\n");
}

static void escapes_controls(void **state) {
  (void)state;
  md_table table;
  md_table_init(&table, headers);
  md_table_number(&table, 1);
  md_table_cell(&table, "a\x1b[2Jb\n");
  md_table_cell(&table, "x");
  writes(&table, 100, "RUN  NAME           WHY\n1    a\\x1b[2Jb\\x0a  x\n");
}

static void lines_keep_their_order(void **state) {
  (void)state;
  md_line line;
  md_line_begin(&line);
  md_line_number(&line, "id", 7);
  md_line_text(&line, "text", "a \"quoted\"\n");
  md_line_text(&line, "none", NULL);
  md_line_bool(&line, "yes", true);
  md_line_time(&line, "at", 1767603600 * MD_SECOND);
  md_line_time(&line, "never", 0);
  md_line_raw(&line, "raw", "[1]");
  assert_string_equal(line.text.data, "{\"id\":7,\"text\":\"a \\\"quoted\\\"\\n\",\"none\":null,\"yes\":true,"
                                      "\"at\":\"2026-01-05T09:00:00Z\",\"never\":null,\"raw\":[1]");
  md_buffer_deinit(&line.text);
}

static void times_for_people(void **state) {
  (void)state;
  char text[MD_TIME_TEXT];
  assert_string_equal(md_time_text(1767603600 * MD_SECOND + 999999, text), "2026-01-05 09:00:00");
  assert_string_equal(md_time_text(-1, text), "1969-12-31 23:59:59");
  assert_string_equal(md_time_text(0, text), "");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(aligns),
                                     cmocka_unit_test(says_when_there_is_nothing),
                                     cmocka_unit_test(cuts_the_widest),
                                     cmocka_unit_test(wraps_what_is_not_cut),
                                     cmocka_unit_test(escapes_controls),
                                     cmocka_unit_test(times_for_people),
                                     cmocka_unit_test(lines_keep_their_order)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
