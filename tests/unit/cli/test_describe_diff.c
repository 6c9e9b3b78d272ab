// SPDX-License-Identifier: Apache-2.0
// What differs between two texts, line by line.
#include "base/buffer.h"
#include "cli/describe_diff.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// "-old\n+new\n": the lines with their signs.
static void expect(const char *was, const char *is, const char *wanted) {
  md_arena *arena = md_arena_new(0);
  md_buffer text;
  md_diff diff;
  md_buffer_init(&text);
  md_buffer_puts(&text, "");
  assert_int_equal(md_diff_lines(was, is, arena, &diff), 0);
  for (int i = 0; i < diff.count; i++)
    md_buffer_printf(&text, "%c%s\n", diff.lines[i].sign, diff.lines[i].text);
  assert_string_equal(text.data, wanted);
  md_buffer_deinit(&text);
  md_arena_free(arena);
}

static void lines(void **state) {
  (void)state;
  expect("", "", "");
  expect("a\n", "a\n", "~\n");
  expect("a\nb\n", "a\nc\n", " a\n-b\n+c\n");
  expect("", "a\nb", "+a\n+b\n");
  expect("a\nb", "", "-a\n-b\n");
  expect("a\nb\nc\n", "a\nc\n", " a\n-b\n c\n");
  expect("a\nc\n", "a\nb\nc\n", " a\n+b\n c\n");
  expect("a\r\nb\n", "a\nb\n", "~\n"); // line ends are no difference
  expect("a\n\nb\n", "a\nb\n", " a\n-\n b\n");
}

static void context_is_two_lines(void **state) {
  (void)state;
  expect("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n", "~\n 3\n 4\n-5\n+x\n 6\n 7\n~\n");
  expect("a\n1\n2\n3\n4\n5\n6\nb\n", "x\n1\n2\n3\n4\n5\n6\ny\n", "-a\n+x\n 1\n 2\n~\n 5\n 6\n-b\n+y\n");
}

// Applied to the old text it gives the new one, and it keeps as much as can be kept.
static void random_texts(void **state) {
  uint32_t seed = 7;
  (void)state;
  for (int round = 0; round < 300; round++) {
    char texts[2][64], rebuilt[64] = "", undone[64] = "";
    for (int side = 0; side < 2; side++) {
      int len = 0;
      for (int i = 0, count = (int)((seed = seed * 1103515245 + 12345) >> 16) % 12; i < count; i++) {
        seed = seed * 1103515245 + 12345;
        len += snprintf(texts[side] + len, sizeof texts[side] - (size_t)len, "%c\n", 'a' + (int)(seed >> 16) % 4);
      }
      texts[side][len] = '\0';
    }
    md_arena *arena = md_arena_new(0);
    md_diff diff;
    assert_int_equal(md_diff_lines(texts[0], texts[1], arena, &diff), 0);
    bool whole = true;
    for (int i = 0; i < diff.count; i++) {
      whole = whole && diff.lines[i].sign != '~';
      size_t at = strlen(rebuilt), before = strlen(undone);
      if (diff.lines[i].sign != '-') snprintf(rebuilt + at, sizeof rebuilt - at, "%s\n", diff.lines[i].text);
      if (diff.lines[i].sign != '+') snprintf(undone + before, sizeof undone - before, "%s\n", diff.lines[i].text);
    }
    if (whole) {
      assert_string_equal(rebuilt, texts[1]);
      assert_string_equal(undone, texts[0]);
    }
    md_arena_free(arena);
  }
}

static void very_many_lines_are_replaced_whole(void **state) {
  enum { LINES = 3000 };
  md_arena *arena = md_arena_new(0);
  md_buffer was, is;
  md_diff diff;
  (void)state;
  md_buffer_init(&was);
  md_buffer_init(&is);
  for (int i = 0; i < LINES; i++) {
    md_buffer_printf(&was, "old %d\n", i);
    md_buffer_printf(&is, "new %d\n", i);
  }
  assert_int_equal(md_diff_lines(was.data, is.data, arena, &diff), 0);
  assert_int_equal(diff.count, 2 * LINES);
  assert_int_equal(diff.lines[0].sign, '-');
  assert_int_equal(diff.lines[LINES].sign, '+');
  md_buffer_deinit(&was);
  md_buffer_deinit(&is);
  md_arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines),
      cmocka_unit_test(context_is_two_lines),
      cmocka_unit_test(random_texts),
      cmocka_unit_test(very_many_lines_are_replaced_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
