// SPDX-License-Identifier: Apache-2.0
// Tests of log.c: both forms, escaping, cutting, levels.
#include "base/log.h"
#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int ends[2];

static int open_pipe(void **state) {
  (void)state;
  return pipe(ends);
}

static int close_pipe(void **state) {
  (void)state;
  close(ends[0]);
  close(ends[1]);
  md_log_configure(MD_LOG_INFO, false, STDERR_FILENO);
  return 0;
}

// The one record that was just written, behind its time.
static char *record(void) {
  static char text[8192];
  ssize_t got = read(ends[0], text, sizeof text - 1);
  assert_true(got > 0);
  text[got] = '\0';
  assert_int_equal(text[got - 1], '\n');
  assert_ptr_equal(strchr(text, '\n'), text + got - 1);
  return text;
}

static void logfmt(void **state) {
  (void)state;
  md_log_configure(MD_LOG_INFO, false, ends[1]);
  md_log(MD_LOG_INFO, "engine", "run parked", "run", "r1", "error", NULL, "line", md_log_int(-12), "event", "", NULL);
  char *text = record();
  assert_memory_equal(text, "time=20", 7);
  assert_string_equal(strchr(text, ' '), " level=info room=engine msg=\"run parked\" run=r1 line=-12 event=\"\"\n");
}

static void json(void **state) {
  (void)state;
  md_log_configure(MD_LOG_DEBUG, true, ends[1]);
  md_log(MD_LOG_DEBUG, "store", "odd \"text\"", "error", "a\nb\\c\x1b\xC2\x9B\xFF\xC3\xA9", "file", NULL, NULL);
  json_t *root = json_loads(record(), 0, NULL);
  assert_non_null(root);
  assert_int_equal(json_object_size(root), 5);
  assert_string_equal(json_string_value(json_object_get(root, "level")), "debug");
  assert_string_equal(json_string_value(json_object_get(root, "room")), "store");
  assert_string_equal(json_string_value(json_object_get(root, "msg")), "odd \"text\"");
  assert_string_equal(json_string_value(json_object_get(root, "error")), "a\nb\\c\x1b\xC2\x9B\xC3\xBF\xC3\xA9");
  json_decref(root);
}

static void nothing_forges_a_line(void **state) {
  (void)state;
  md_log_configure(MD_LOG_INFO, false, ends[1]);
  md_log(MD_LOG_WARN, "intake", "x", "error", "a\nlevel=error room=\"b\"", "file", "k=v", "code", "\x1b[2J\xC2\x9Bz",
         NULL);
  assert_string_equal(strstr(record(), " msg="),
                      " msg=x error=\"a\\x0alevel=error room=\\\"b\\\"\" file=\"k=v\" code=\"\\x1b[2J\\x9bz\"\n");
}

static void cut_sequences_end_with_the_text(void **state) {
  (void)state;
  md_log_configure(MD_LOG_INFO, false, ends[1]);
  static const char *const cut[] = {"\xC3", "\xE2\x82", "\xF0\x9F\x98", "\xC2", "\xED\xA0\x80", "\xC0\x80"};
  for (size_t i = 0; i < sizeof cut / sizeof cut[0]; i++) {
    char *exact = strdup(cut[i]);
    assert_non_null(exact);
    md_log(MD_LOG_INFO, "base", "m", "error", exact, NULL);
    free(exact);
    const char *error = strstr(record(), " error=") + 7;
    for (; *error != '\n'; error++)
      assert_true(*error > 0);
  }
}

static void long_records_are_cut_but_whole(void **state) {
  (void)state;
  static const char *const characters[] = {"x", "\n", "\"", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
  for (size_t c = 0; c < sizeof characters / sizeof characters[0]; c++) {
    // Every length around the end of the line, and one far beyond.
    for (size_t count = 3800 / 6; count < 4300; count += count < 4000 && c ? 1 : count < 3900 ? 100 : 1) {
      char *large = calloc(count, 4 + 1);
      assert_non_null(large);
      size_t len = 0, width = strlen(characters[c]);
      for (size_t i = 0; i < count; i++, len += width)
        memcpy(large + len, characters[c], width);
      md_log_configure(MD_LOG_INFO, true, ends[1]);
      md_log(MD_LOG_INFO, "base", "m", "error", large, "file", "after", "line", "7", NULL);
      char *text = record();
      assert_true(strlen(text) <= 4096);
      json_error_t error;
      json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
      if (!root) fail_msg("%zu times %s: %s in %s", count, characters[c], error.text, text + 3900);
      json_decref(root);
      md_log_configure(MD_LOG_INFO, false, ends[1]);
      md_log(MD_LOG_INFO, "base", "m", "error", large, "file", "after", "line", "7", NULL);
      assert_true(strlen(record()) <= 4096);
      free(large);
    }
  }
}

static void levels(void **state) {
  (void)state;
  md_log_configure(MD_LOG_WARN, false, ends[1]);
  assert_true(md_log_wants(MD_LOG_ERROR));
  assert_true(md_log_wants(MD_LOG_WARN));
  assert_false(md_log_wants(MD_LOG_INFO));
  md_log(MD_LOG_INFO, "base", "not written", NULL);
  md_log(MD_LOG_ERROR, "base", "written", NULL);
  assert_non_null(strstr(record(), "msg=written\n"));
  md_log_level level;
  static const char *const names[] = {"error", "warn", "info", "debug"};
  for (int i = 0; i < 4; i++) {
    assert_int_equal(md_log_level_parse(names[i], &level), 0);
    assert_int_equal(level, i);
  }
  assert_int_equal(md_log_level_parse("INFO", &level), MD_EINVAL);
  assert_int_equal(md_log_level_parse("", &level), MD_EINVAL);
}

static void errno_survives(void **state) {
  (void)state;
  md_log_configure(MD_LOG_INFO, false, -1);
  errno = ERANGE;
  md_log(MD_LOG_ERROR, "base", "to nowhere", NULL);
  assert_int_equal(errno, ERANGE);
}

static void numbers(void **state) {
  (void)state;
  assert_string_equal(md_log_int(0), "0");
  assert_string_equal(md_log_int(INT64_MAX), "9223372036854775807");
  assert_string_equal(md_log_int(INT64_MIN), "-9223372036854775808");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(logfmt),
      cmocka_unit_test(json),
      cmocka_unit_test(nothing_forges_a_line),
      cmocka_unit_test(cut_sequences_end_with_the_text),
      cmocka_unit_test(long_records_are_cut_but_whole),
      cmocka_unit_test(levels),
      cmocka_unit_test(errno_survives),
      cmocka_unit_test(numbers),
  };
  return cmocka_run_group_tests(tests, open_pipe, close_pipe);
}
