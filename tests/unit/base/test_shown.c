// SPDX-License-Identifier: Apache-2.0
// Tests of shown.c: what is escaped, against ICU's own categories, and a printf whose arguments are not trusted.
#include "base/alloc.h"
#include "base/shown.h"
#include "base/utf8.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unicode/uchar.h>

#include <cmocka.h>

static const char *shown(md_buffer *out, const char *text, size_t len) {
  md_buffer_clear(out);
  md_shown_append(out, text, len);
  return out->data;
}

static void controls_and_formats_are_escaped(void **state) {
  (void)state;
  md_buffer out;
  md_buffer_init(&out);
  assert_string_equal(shown(&out, "a\x1b[31m\r\n\t\x7f\0z", 12), "a\\x1b[31m\\x0d\\x0a\\x09\\x7f\\x00z");
  static const char c1[] = "\xC2\x9B"
                           "31m \xC2\xA0\xC3\xA9";
  assert_string_equal(shown(&out, c1, sizeof c1 - 1), "\\x9b31m \xC2\xA0\xC3\xA9");
  assert_string_equal(shown(&out, "\x9B\xFFx\xC3", 4), "\\x9b\\xffx\\xc3"); // stray bytes are no text either
  static const char turned[] = "\xE2\x80\xAEgpj\xE2\x80\xA8\xEF\xBB\xBF\xF3\xA0\x81\x81.\xC2\xAD";
  assert_string_equal(shown(&out, turned, sizeof turned - 1), "\\u202egpj\\u2028\\ufeff\\U000e0041.\\xad");
  md_buffer_clear(&out);
  md_shown_append_lines(&out, "a\r\nb\n\tc\rd\x1b", 10);
  assert_string_equal(out.data, "a\nb\n\tc\\x0dd\\x1b");
  md_buffer_clear(&out);
  md_shown_append_json(&out, "{\"a\":\n\"\xE2\x80\xAE\xC2\x85\x7F\xF3\xA0\x81\x81\xC3\xA9\\n\"}\n", 24);
  assert_string_equal(out.data, "{\"a\":\n\"\\u202e\\u0085\\u007f\\udb40\\udc41\xC3\xA9\\n\"}\n");
  md_buffer_deinit(&out);
}

// Signs of category Cf that are seen: they stand before digits or a verse.
static bool has_a_shape(int32_t code) {
  return (code >= 0x600 && code <= 0x605) || code == 0x6DD || code == 0x890 || code == 0x891 || code == 0x8E2 ||
         code == 0x110BD || code == 0x110CD;
}

static void every_code_point_as_its_category_says(void **state) {
  (void)state;
  for (int32_t code = 0; code <= 0x10FFFF; code++) {
    int8_t category = u_charType((UChar32)code);
    bool wanted = category == U_CONTROL_CHAR || category == U_LINE_SEPARATOR || category == U_PARAGRAPH_SEPARATOR ||
                  (category == U_FORMAT_CHAR && !has_a_shape(code)) || code == 0x2065;
    bool joiner = code >= 0x13430 && code <= 0x1343F; // of hieroglyphs: ICU may know fewer of them
    if (!joiner && md_shown_escapes(code) != wanted) fail_msg("U+%04X", (unsigned)code);
  }
}

static void what_is_shown_is_always_valid(void **state) {
  (void)state;
  uint64_t random = 7;
  md_buffer out;
  md_buffer_init(&out);
  for (int i = 0; i < 20000; i++) {
    char text[12];
    for (size_t j = 0; j < sizeof text; j++) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      text[j] = (char)(random >> 33);
    }
    md_buffer_clear(&out);
    md_shown_append(&out, text, sizeof text);
    assert_true(md_utf8_valid(out.data, out.len));
    for (size_t j = 0; j < out.len; j++)
      assert_true((unsigned char)out.data[j] >= 0x20);
  }
  md_buffer_deinit(&out);
}

// Without anything to escape it is printf.
static void __attribute__((format(printf, 2, 3))) same(md_buffer *out, const char *format, ...) {
  char expected[200];
  va_list args;
  va_start(args, format);
  vsnprintf(expected, sizeof expected, format, args);
  va_end(args);
  md_buffer_clear(out);
  va_start(args, format);
  md_shown_vprintf(out, format, args);
  va_end(args);
  assert_string_equal(out->data, expected);
}

static void it_prints_like_printf(void **state) {
  (void)state;
  md_buffer out;
  md_buffer_init(&out);
  same(&out, "%s|%10s|%-10s|%.2s|%*s|%-*s|%.*s\n", "a", "bc", "de", "fgh", 5, "i", 5, "j", 1, "kl");
  same(&out, "%d %5d %-5d| %05d %+d %lld %jd %zu %u %x %c%%", -1, 2, 3, 4, 5, -6000000000LL, (intmax_t)7, (size_t)8, 9u,
       255u, 'c');
  same(&out, "%.0f %.17g %g", 1.5, 0.1, 1e300);
  md_buffer_clear(&out);
  md_shown_printf(&out, "\x1b[1m%s\n%-8s|%.3s", "\x1b[2J\n", "\xE2\x80\xAE", "ab\ncd");
  assert_string_equal(out.data, "\x1b[1m\\x1b[2J\\x0a\n\\u202e  |ab\\x0a"); // the format is trusted
  md_buffer_deinit(&out);
}

static void failed_memory_is_seen_in_the_buffer(void **state) {
  (void)state;
  md_buffer out;
  md_buffer_init(&out);
  md_alloc_fail_after(1, 1);
  md_shown_printf(&out, "%s", "\n");
  md_alloc_fail_after(0, 0);
  assert_false(md_buffer_ok(&out));
  md_buffer_deinit(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(controls_and_formats_are_escaped),    cmocka_unit_test(every_code_point_as_its_category_says),
      cmocka_unit_test(what_is_shown_is_always_valid),       cmocka_unit_test(it_prints_like_printf),
      cmocka_unit_test(failed_memory_is_seen_in_the_buffer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
