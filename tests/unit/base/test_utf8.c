// SPDX-License-Identifier: Apache-2.0
// Tests of utf8.c: every kind of malformed sequence, Latin-1, escaping.
#include "base/alloc.h"
#include "base/utf8.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// From the heap and of the exact size, so that a sanitizer sees reads past the end.
static bool valid(const char *text, size_t len) {
  char *exact = malloc(len ? len : 1);
  assert_non_null(exact);
  memcpy(exact, text, len);
  bool answer = md_utf8_valid(exact, len);
  free(exact);
  return answer;
}

static size_t encode(uint32_t point, char out[static 4]) {
  if (point < 0x80) {
    out[0] = (char)point;
    return 1;
  }
  size_t len = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  static const uint8_t leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
  for (size_t i = len - 1; i > 0; i--, point >>= 6)
    out[i] = (char)(0x80 | (point & 0x3F));
  out[0] = (char)(leads[len] | point);
  return len;
}

static void every_code_point(void **state) {
  (void)state;
  for (uint32_t point = 0; point < 0x120000; point++) {
    char text[4];
    size_t len = encode(point, text);
    bool expected = point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
    if (md_utf8_valid(text, len) != expected) fail_msg("U+%04X", point);
    for (size_t cut = 1; cut < len; cut++)
      assert_false(md_utf8_valid(text, cut));
  }
}

static void malformed_sequences(void **state) {
  (void)state;
  static const char *const cases[] = {
      "\x80",
      "\xBF",
      "\xC0\x80",
      "\xC1\xBF",
      "\xE0\x80\x80",
      "\xE0\x9F\xBF",
      "\xF0\x80\x80\x80",
      "\xF0\x8F\xBF\xBF",
      "\xF4\x90\x80\x80",
      "\xF5\x80\x80\x80",
      "\xF8\x88\x80\x80\x80",
      "\xFE",
      "\xFF",
      "\xED\xA0\x80",
      "\xED\xBF\xBF",
      "\xC3(",
      "\xE2\x82(",
      "\xE2(\xA1",
      "\xF0\x9F\x98(",
      "\xF0\x9F(\x80",
      "\xC3\xC3\xA9",
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (size_t ahead = 0; ahead < 18; ahead++) { // at every place of a word
      char text[40];
      memset(text, 'a', ahead);
      size_t len = strlen(cases[i]);
      memcpy(text + ahead, cases[i], len);
      assert_false(valid(text, ahead + len));
      memset(text + ahead + len, 'b', 10);
      assert_false(valid(text, ahead + len + 10));
    }
  }
}

static void well_formed_texts(void **state) {
  (void)state;
  assert_true(valid("", 0));
  assert_true(valid("a\0b", 3));
  static const char text[] = "Gr\xC3\xBC\xC3\x9F"
                             "e aus K\xC3\xB6ln, 10 \xE2\x82\xAC \xF0\x9F\x98\x80 and plain text after";
  assert_true(valid(text, sizeof text - 1));
  assert_int_equal(md_utf8_length(text, sizeof text - 1), 43);
  assert_int_equal(md_utf8_length("", 0), 0);
}

static void latin1(void **state) {
  (void)state;
  char bytes[256];
  for (int i = 0; i < 256; i++)
    bytes[i] = (char)i;
  md_buffer out;
  md_buffer_init(&out);
  md_utf8_from_latin1(&out, bytes, sizeof bytes);
  assert_int_equal(out.len, 128 + 2 * 128);
  assert_true(md_utf8_valid(out.data, out.len));
  assert_int_equal(md_utf8_length(out.data, out.len), 256);
  md_buffer_clear(&out);
  md_utf8_from_latin1(&out, "na\xEFve \xFF", 7);
  assert_string_equal(out.data, "na\xC3\xAFve \xC3\xBF");
  md_buffer_deinit(&out);
}

static void failed_memory_is_seen_in_the_buffer(void **state) {
  (void)state;
  md_buffer out;
  md_buffer_init(&out);
  md_alloc_fail_after(1, 1);
  md_utf8_from_latin1(&out, "\xE9", 1);
  md_alloc_fail_after(0, 0);
  assert_false(md_buffer_ok(&out));
  md_buffer_deinit(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_code_point),
      cmocka_unit_test(malformed_sequences),
      cmocka_unit_test(well_formed_texts),
      cmocka_unit_test(latin1),
      cmocka_unit_test(failed_memory_is_seen_in_the_buffer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
