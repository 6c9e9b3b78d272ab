// SPDX-License-Identifier: Apache-2.0
// Whole mails as bytes (M7): header values, encoded words, bodies, attachments; what is wrong is refused, never
// stripped.
#include "base/utf8.h"
#include "message/mime.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static md_buffer out;
static md_error error;

static md_mime_mail plain_mail(void) {
  return (md_mime_mail){.from = {"Butikken", "butik@shop.dk"},
                        .to = {NULL, "ida@example.com"},
                        .subject = "Hej",
                        .date = 1795426200 * MD_SECOND,
                        .message_id = "m-1@shop.dk",
                        .text = "Hej\n"};
}

static int write(const md_mime_mail *mail) {
  md_buffer_clear(&out);
  error = (md_error){0};
  return md_mime_write(mail, &out, &error);
}

// What holds for every mail: CRLF only, no line over 76 (but where no fold is possible), none that begins with a dot.
static void check_lines(size_t longest) {
  for (const char *line = out.data; line < out.data + out.len;) {
    const char *end = strstr(line, "\r\n");
    assert_non_null(end);
    if ((size_t)(end - line) > longest) fail_msg("%.*s", (int)(end - line), line);
    assert_int_not_equal(*line, '.');
    for (const char *c = line; c < end; c++)
      if (*c == '\r' || *c == '\n' || (unsigned char)*c >= 0x80) fail_msg("byte %02x", (unsigned char)*c);
    line = end + 2;
  }
}

static void assert_holds(const char *wanted) {
  if (!strstr(out.data, wanted)) fail_msg("\"%s\" is not in:\n%s", wanted, out.data);
}

static void a_single_part(void **state) {
  (void)state;
  md_mime_mail mail = plain_mail();
  if (write(&mail)) fail_msg("%s", error.text);
  assert_string_equal(out.data, "From: Butikken <butik@shop.dk>\r\n"
                                "To: ida@example.com\r\n"
                                "Subject: Hej\r\n"
                                "Date: Mon, 23 Nov 2026 09:30:00 +0000\r\n"
                                "Message-ID: <m-1@shop.dk>\r\n"
                                "Auto-Submitted: auto-generated\r\n"
                                "MIME-Version: 1.0\r\n"
                                "Content-Type: text/plain; charset=utf-8\r\n"
                                "Content-Transfer-Encoding: quoted-printable\r\n"
                                "\r\n"
                                "Hej\r\n");
}

static void alternatives_and_attachments(void **state) {
  (void)state;
  md_mime_mail mail = plain_mail();
  char data[100];
  memset(data, 'x', sizeof data);
  const md_mime_attachment files[] = {{"label.pdf", data, sizeof data}, {"Fortrydelse på dansk.TXT", "a", 1}};
  mail.html = "<p>Hej</p>";
  mail.attachments = files;
  mail.attachment_count = 2;
  if (write(&mail)) fail_msg("%s", error.text);
  check_lines(76);
  assert_holds("Content-Type: multipart/mixed; boundary=\"=_");
  assert_holds("Content-Type: multipart/alternative; boundary=\"=_");
  assert_true(strstr(out.data, "text/plain") < strstr(out.data, "text/html"));
  assert_holds("Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
               "Content-Disposition: attachment;\r\n filename=\"label.pdf\"\r\n\r\neHh4");
  assert_holds(
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
      "Content-Disposition: attachment;\r\n filename*=UTF-8''Fortrydelse%20p%C3%A5%20dansk.TXT\r\n\r\nYQ==\r\n");
  char *first = strdup(out.data);
  assert_int_equal(write(&mail), 0);
  assert_string_equal(out.data, first); // the same parts give the same bytes
  free(first);
}

static void long_file_names(void **state) {
  (void)state;
  md_mime_mail mail = plain_mail();
  const md_mime_attachment file = {"æøåæøåæøåæøåæøåæøåæøåæøåæøå.pdf", "a", 1};
  mail.attachments = &file;
  mail.attachment_count = 1;
  if (write(&mail)) fail_msg("%s", error.text);
  check_lines(76);
  assert_holds(";\r\n filename*0*=UTF-8''%C3%A6%C3%B8%C3%A5%C3%A6%C3%B8%C3%A5%C3%A6%C3%B8;\r\n filename*1*=%C3%A5");
  assert_holds("filename*3*=");
}

static void attachments_that_may_not(void **state) {
  (void)state;
  md_mime_mail mail = plain_mail();
  mail.attachment_count = 1;
  static const char *const bad[] = {"x.exe",   "x",         "pdf",     ".pdf",     "x.pdf.html",
                                    "a/b.pdf", "..\\b.pdf", "a\n.pdf", "a\xff.pdf"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const md_mime_attachment file = {bad[i], "a", 1};
    mail.attachments = &file;
    if (write(&mail) != MD_EINVAL) fail_msg("%s", bad[i]);
    assert_int_equal(out.len, 0);
  }
  char *large = calloc(1, MD_MIME_ATTACHMENTS_MAX + 1);
  const md_mime_attachment most = {"a.pdf", large, MD_MIME_ATTACHMENTS_MAX};
  const md_mime_attachment two[] = {most, {"b.pdf", large, 1}};
  mail.attachments = &most;
  assert_int_equal(write(&mail), 0);
  mail.attachments = two;
  mail.attachment_count = 2;
  assert_int_equal(write(&mail), MD_ETOOBIG);
  free(large);
}

// Decodes the words of a header's value, which must be whole UTF-8 each.
static void decode_words(const char *at, char *to) {
  while (strncmp(at, "=?UTF-8?", 8) == 0) {
    const char *end = strstr(at + 10, "?=");
    char word[80], *start = to;
    assert_true(end && end + 2 - at <= 75);
    assert_int_equal(at[8], 'Q');
    for (const char *c = at + 10; c < end; c++) {
      snprintf(word, sizeof word, "%.2s", c + 1);
      *to++ = (char)(*c == '=' ? strtol(word, NULL, 16) : *c == '_' ? ' ' : *c);
      if (*c == '=') c += 2;
    }
    assert_true(md_utf8_valid(start, (size_t)(to - start)));
    at = end + 2;
    if (strncmp(at, "\r\n ", 3) == 0) at += 3;
  }
  *to = '\0';
  assert_true(strncmp(at, "\r\n", 2) == 0);
}

static void subjects(void **state) {
  (void)state;
  md_mime_mail mail = plain_mail();
  const char *subject = "Vi har gemt din kurv: blå støvler, én grøn hue og 3 par strømper (æ, ø, å) – pris 1.299,95 €";
  mail.subject = subject;
  if (write(&mail)) fail_msg("%s", error.text);
  check_lines(76);
  char decoded[400];
  decode_words(strstr(out.data, "Subject: ") + 9, decoded);
  assert_string_equal(decoded, subject);
  mail.subject = "Ordre 1 = 2? ja_nej <x> \"y\"";
  assert_int_equal(write(&mail), 0);
  assert_holds("Subject: Ordre 1 = 2? ja_nej <x> \"y\"\r\n");
  mail.subject = "日本語の件名";
  assert_int_equal(write(&mail), 0);
  assert_holds("Subject: =?UTF-8?B?5pel5pys6Kqe44Gu5Lu25ZCN?=\r\n");
  mail.subject = "=?UTF-8?Q?forged?= ";
  assert_int_equal(write(&mail), 0);
  assert_holds("Subject: =?UTF-8?Q?=3D=3FUTF-8=3FQ=3Fforged=3F=3D_?=\r\n");
}

static void long_plain_subjects(void **state) {
  (void)state;
  md_mime_mail mail = plain_mail();
  mail.subject = "One word after another word after another word after another word after another until the end";
  assert_int_equal(write(&mail), 0);
  check_lines(76);
  assert_holds(
      "Subject: One word after another word after another word after another word\r\n after another until the end\r\n");
  char word[300];
  memset(word, 'x', sizeof word - 1);
  word[sizeof word - 1] = '\0';
  mail.subject = word;
  assert_int_equal(write(&mail), 0);
  check_lines(76);
}

static void display_names(void **state) {
  (void)state;
  md_mime_mail mail = plain_mail();
  mail.from.name = "Ida, \"B\" \\ Co.";
  mail.to.name = "Åse";
  const md_mailbox reply = {"A very long name of a shop that fills nearly all of the line", "kundeservice@shop.dk"};
  mail.reply_to = &reply;
  if (write(&mail)) fail_msg("%s", error.text);
  check_lines(76);
  assert_holds("From: \"Ida, \\\"B\\\" \\\\ Co.\" <butik@shop.dk>\r\n");
  assert_holds("To: =?UTF-8?Q?=C3=85se?= <ida@example.com>\r\n");
  assert_holds("all of the line\r\n <kundeservice@shop.dk>\r\n");
}

static void further_headers(void **state) {
  (void)state;
  md_mime_mail mail = plain_mail();
  char url[300] = "<https://s.dk/";
  memset(url + 14, 'u', 200);
  strcpy(url + 214, ">, <mailto:u@s.dk>");
  const md_mime_header headers[] = {
      {"List-Unsubscribe", url}, {"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"}, {"X-Shop", "Åen"}};
  const char *const references[] = {"first@shop.dk", "second-with-a-rather-long-left-side-0123456789@shop.dk",
                                    "third-with-a-rather-long-left-side-0123456789@shop.dk", NULL};
  mail.headers = headers;
  mail.header_count = 3;
  mail.in_reply_to = "first@shop.dk";
  mail.references = references;
  if (write(&mail)) fail_msg("%s", error.text);
  check_lines(240);
  assert_holds("List-Unsubscribe:\r\n <https://s.dk/uuu");
  assert_holds("u>,\r\n <mailto:u@s.dk>\r\n");
  assert_holds("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
  assert_holds("X-Shop: =?UTF-8?Q?=C3=85en?=\r\n");
  assert_holds("In-Reply-To: <first@shop.dk>\r\n");
  assert_holds("References: <first@shop.dk>\r\n <second-");
}

static void refused_headers(void **state) {
  (void)state;
  static const md_mime_header bad[] = {{"Bcc", "x@y.dk"},
                                       {"subject", "x"},
                                       {"Content-Type", "x"},
                                       {"X:Y", "x"},
                                       {"", "x"},
                                       {"X\r\nBcc", "x"},
                                       {"X Y", "x"},
                                       {"X-Æ", "x"},
                                       {"X-A", "a\r\nB: c"},
                                       {"X-A", "a\nb"},
                                       {"X-A", "a\tb"},
                                       {"X-A", "a\x7f"},
                                       {"X-A", "\xc2\x85"},
                                       {"X-A", "\xe2\x80\xa8"},
                                       {"X-A", "\xff"}};
  md_mime_mail mail = plain_mail();
  mail.header_count = 1;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    mail.headers = &bad[i];
    if (write(&mail) != MD_EINVAL) fail_msg("%s: %s", bad[i].name, bad[i].value);
    assert_int_equal(out.len, 0);
  }
}

static void refused_values(void **state) {
  (void)state;
  md_mime_mail mail = plain_mail();
  mail.subject = "a\r\nBcc: x@y.dk";
  assert_int_equal(write(&mail), MD_EINVAL);
  assert_non_null(strstr(error.text, "Subject has a control character"));
  assert_null(strstr(error.text, "Bcc"));
  mail = plain_mail();
  mail.to.address = "a@b.dk\r\n";
  assert_int_equal(write(&mail), MD_EINVAL);
  mail = plain_mail();
  mail.from.name = "a\nb";
  assert_int_equal(write(&mail), MD_EINVAL);
  mail = plain_mail();
  mail.message_id = "a>\r\n@b";
  assert_int_equal(write(&mail), MD_EINVAL);
  mail = plain_mail();
  mail.message_id = "no-at";
  assert_int_equal(write(&mail), MD_EINVAL);
  mail = plain_mail();
  mail.text = "\xff";
  assert_int_equal(write(&mail), MD_EINVAL);
  mail = plain_mail();
  mail.text = NULL;
  assert_int_equal(write(&mail), MD_EINVAL);
}

static void bodies(void **state) {
  (void)state;
  md_mime_mail mail = plain_mail();
  mail.text = ".\n..x\r\nFrom me\rtrailing \ntab\t\na=b æ\n\n"
              "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890\n"
              "012345678901234567890123456789012345678901234567890123456789012345678901 æøå.";
  if (write(&mail)) fail_msg("%s", error.text);
  check_lines(76);
  assert_string_equal(strstr(out.data, "\r\n\r\n") + 4,
                      "=2E\r\n=2E.x\r\n=46rom me\r\ntrailing=20\r\ntab=09\r\na=3Db =C3=A6\r\n\r\n"
                      "012345678901234567890123456789012345678901234567890123456789012345678901234=\r\n"
                      "5678901234567890\r\n"
                      "012345678901234567890123456789012345678901234567890123456789012345678901 =\r\n"
                      "=C3=A6=C3=B8=C3=A5.\r\n");
  // A dot that a soft line end brings to the beginning of a line.
  char text[200];
  memset(text, '.', 150);
  text[0] = 'x';
  text[150] = '\0';
  mail.text = text;
  assert_int_equal(write(&mail), 0);
  check_lines(76);
}

static int set_up(void **state) {
  (void)state;
  md_buffer_init(&out);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  md_buffer_deinit(&out);
  return 0;
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {TEST(a_single_part),   TEST(alternatives_and_attachments),
                                     TEST(long_file_names), TEST(attachments_that_may_not),
                                     TEST(subjects),        TEST(long_plain_subjects),
                                     TEST(display_names),   TEST(further_headers),
                                     TEST(refused_headers), TEST(refused_values),
                                     TEST(bodies)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
