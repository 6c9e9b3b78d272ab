// SPDX-License-Identifier: Apache-2.0
// Tests of mail_text.c: parts of a mail, decoded.
#include "cli/mail_text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char mail[] = "From: a@b\r\nContent-Type: multipart/alternative; boundary=\"xx\"\r\n\r\n"
                           "--xx\r\nContent-Type: text/plain; charset=utf-8\r\n"
                           "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                           "Hej S=C3=B8ren, dette er =\r\nen linje\r\nog to=3D2\r\n"
                           "--xx\r\nContent-Transfer-Encoding: base64\r\ncontent-type: text/html\r\n\r\n"
                           "PHA+SGVq\r\nPC9wPg==\r\n--xx--\r\n";

static void finds_both_parts(void **state) {
  (void)state;
  md_buffer out;
  md_buffer_init(&out);
  assert_int_equal(md_mail_plain(mail, sizeof mail - 1, &out, NULL), 0);
  assert_string_equal(out.data, "Hej Søren, dette er en linje\nog to=2\n");
  md_buffer_clear(&out);
  assert_int_equal(md_mail_html(mail, sizeof mail - 1, &out, NULL), 0);
  assert_string_equal(out.data, "<p>Hej</p>");
  md_buffer_deinit(&out);
}

static void reads_a_mail_of_one_part(void **state) {
  (void)state;
  static const char plain[] = "Content-Type: text/plain\r\n\r\nhej\r\n";
  md_buffer out;
  md_error err = {0};
  md_buffer_init(&out);
  assert_int_equal(md_mail_plain(plain, sizeof plain - 1, &out, &err), 0);
  assert_string_equal(out.data, "hej\n");
  assert_int_equal(md_mail_html(plain, sizeof plain - 1, &out, &err), MD_ENOTFOUND);
  assert_int_equal(md_mail_html("no header", 9, &out, &err), MD_ENOTFOUND);
  md_buffer_deinit(&out);
}

static void a_cut_mail_is_no_harm(void **state) {
  (void)state;
  for (size_t len = 0; len < sizeof mail; len++) {
    md_buffer out;
    md_buffer_init(&out);
    md_mail_plain(mail, len, &out, NULL);
    md_mail_html(mail, len, &out, NULL);
    md_buffer_deinit(&out);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(finds_both_parts), cmocka_unit_test(reads_a_mail_of_one_part),
                                     cmocka_unit_test(a_cut_mail_is_no_harm)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
