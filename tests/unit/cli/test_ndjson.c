// SPDX-License-Identifier: Apache-2.0
// Tests of ndjson.c: lines of plain and packed files, ends without a line break, long lines, broken files.
#include "base/file.h"
#include "cli/ndjson.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];

static int set_up(void **state) {
  (void)state;
  strcpy(path, "/tmp/momentd-ndjson-XXXXXX");
  close(mkstemp(path));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  return unlink(path);
}

static void write_plain(const char *text, size_t len) {
  assert_int_equal(md_file_write(path, text, len, false, NULL), 0);
}

static void next_is(md_ndjson *lines, const char *wanted, int64_t number) {
  const char *line;
  size_t len;
  md_error err = {0};
  assert_int_equal(md_ndjson_next(lines, &line, &len, &err), 1);
  assert_int_equal(len, strlen(wanted));
  assert_memory_equal(line, wanted, len);
  assert_int_equal(lines->number, number);
}

static void is_over(md_ndjson *lines) {
  const char *line;
  size_t len;
  assert_int_equal(md_ndjson_next(lines, &line, &len, NULL), 0);
  md_ndjson_close(lines);
}

static void reads_lines(void **state) {
  (void)state;
  static const char text[] = "one\n\n  \r\ntwo\r\nthree";
  md_ndjson lines;
  write_plain(text, sizeof text - 1);
  assert_int_equal(md_ndjson_open(&lines, path, NULL), 0);
  next_is(&lines, "one", 1);
  next_is(&lines, "two", 4);
  next_is(&lines, "three", 5);
  is_over(&lines);
}

static void reads_an_empty_file(void **state) {
  (void)state;
  md_ndjson lines;
  write_plain("", 0);
  assert_int_equal(md_ndjson_open(&lines, path, NULL), 0);
  is_over(&lines);
}

static void reads_gzip(void **state) {
  (void)state;
  md_ndjson lines;
  gzFile file = gzopen(path, "wb");
  for (int i = 0; i < 100000; i++)
    gzprintf(file, "%d\n", i);
  gzclose(file);
  assert_int_equal(md_ndjson_open(&lines, path, NULL), 0);
  for (int i = 0; i < 100000; i++) {
    char wanted[16];
    snprintf(wanted, sizeof wanted, "%d", i);
    next_is(&lines, wanted, i + 1);
  }
  is_over(&lines);
}

static void tells_of_a_cut_gzip(void **state) {
  (void)state;
  md_ndjson lines;
  const char *line;
  size_t len;
  md_error err = {0};
  int code;
  gzFile file = gzopen(path, "wb");
  for (int i = 0; i < 100000; i++)
    gzprintf(file, "%d\n", i * 7919 % 100003);
  gzclose(file);
  assert_int_equal(truncate(path, 20000), 0);
  assert_int_equal(md_ndjson_open(&lines, path, NULL), 0);
  while ((code = md_ndjson_next(&lines, &line, &len, &err)) == 1) {
  }
  assert_int_equal(code, MD_ECORRUPT);
  assert_non_null(strstr(err.text, "after line"));
  md_ndjson_close(&lines);
}

static void skips_a_line_that_is_too_long(void **state) {
  (void)state;
  size_t size = 20 << 20;
  char *text = malloc(size);
  md_ndjson lines;
  const char *line;
  size_t len;
  memset(text, 'x', size);
  memcpy(text, "one\n", 4);
  memcpy(text + size - 5, "\ntwo\n", 5);
  write_plain(text, size);
  free(text);
  assert_int_equal(md_ndjson_open(&lines, path, NULL), 0);
  next_is(&lines, "one", 1);
  assert_int_equal(md_ndjson_next(&lines, &line, &len, NULL), MD_ETOOBIG);
  assert_int_equal(lines.number, 2);
  next_is(&lines, "two", 3);
  is_over(&lines);
}

static void names_a_missing_file(void **state) {
  (void)state;
  md_ndjson lines;
  md_error err = {0};
  assert_int_equal(md_ndjson_open(&lines, "/nowhere/at.ndjson", &err), MD_ENOTFOUND);
  assert_non_null(strstr(err.text, "/nowhere/at.ndjson"));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(reads_lines, set_up, tear_down),
                                     cmocka_unit_test_setup_teardown(reads_an_empty_file, set_up, tear_down),
                                     cmocka_unit_test_setup_teardown(reads_gzip, set_up, tear_down),
                                     cmocka_unit_test_setup_teardown(tells_of_a_cut_gzip, set_up, tear_down),
                                     cmocka_unit_test_setup_teardown(skips_a_line_that_is_too_long, set_up, tear_down),
                                     cmocka_unit_test(names_a_missing_file)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
