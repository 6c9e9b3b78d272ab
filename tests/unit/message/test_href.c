// SPDX-License-Identifier: Apache-2.0
// Where links may lead (M6), and that each is found however it is written.
#include "message/href.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void allowed(void **state) {
  (void)state;
  static const char *const good[] = {"https://shop.dk",        "HTTPS://shop.dk/a?b=c#d", "https://blå.dk/",
                                     "https://shop.dk:8443/x", "mailto:ida@shop.dk",      "http://localhost:8080/x",
                                     "http://127.0.0.1/",      "http://127.1.2.3?x",      "http://[::1]:80/"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    if (!md_href_allowed(good[i], strlen(good[i]))) fail_msg("%s", good[i]);
}

static void refused(void **state) {
  (void)state;
  static const char *const bad[] = {"",
                                    "/x",
                                    "#x",
                                    "shop.dk",
                                    "//shop.dk",
                                    "https:",
                                    "https://",
                                    "https:///x",
                                    "https:shop.dk",
                                    "mailto:",
                                    "http://shop.dk",
                                    "http://localhost.evil.dk",
                                    "http://localhost@evil.dk",
                                    "http://localhost:80@evil.dk/",
                                    "http://localhost\\@evil.dk",
                                    "http://127.evil.dk/",
                                    "http://127.0.0.1.evil.dk",
                                    "https://shop.dk@evil.dk",
                                    "javascript:alert(1)",
                                    " https://shop.dk",
                                    "https://shop.dk/\r\nx",
                                    "java\nscript:x",
                                    "data:text/html,x",
                                    "tel:+4512345678",
                                    "ftp://shop.dk"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (md_href_allowed(bad[i], strlen(bad[i]))) fail_msg("%s", bad[i]);
}

static int check(const char *html) {
  return md_href_check("mail.html", html, strlen(html), "[secret]", NULL);
}

static void found_in_html(void **state) {
  (void)state;
  static const char *const good[] = {
      "",
      "<p>href=\"x\" javascript:</p>",
      "<a href=\"https://a.dk\">x</a>",
      "<a class=x href=https://a.dk>",
      "<a href='mailto:a@b.dk'/>",
      "<a href=\"https://a.dk/?a=1&amp;b=2\">",
      "<a href=\"&#104;ttps://a.dk\">",
      "<a href=\"[secret]\">",
      "<a title=\"href=x\" data-href=\"x\">",
      "<!-- <a href=x> -->",
      "a < b href=x",
      "<",
      "</a href=\"x\">",
  };
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    if (check(good[i])) fail_msg("%s", good[i]);
  static const char *const bad[] = {
      "<a href=\"javascript:x\">",
      "<A\nHREF = 'x'>",
      "<a href>",
      "<a href=\"\">",
      "<a/href=x>",
      "<p><b x=\">\" href=http://a.dk>",
      "<a href=\"java&#x0a;script:x\">",
      "<a href=\"&#106;avascript:x\">",
      "<a href=\"https&colon;//\">",
      "<a href=\"https://a.dk/&NewLine;\">",
      "<img src=\"http://a.dk/x.png\">",
      "<form action='/x'>",
      "<!--[if mso]><a href=\"x\"><![endif]-->",
      "<a href=\"x",
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (check(bad[i]) != MD_EINVAL) fail_msg("%s", bad[i]);
}

static void errors_hold_no_data(void **state) {
  (void)state;
  md_error err = {0};
  const char *html = "<a href=\"javascript:steal('ida@b.dk')\">";
  assert_int_equal(md_href_check("mail.html", html, strlen(html), NULL, &err), MD_EINVAL);
  assert_non_null(strstr(err.text, "mail.html: a link (href) begins with javascript:"));
  assert_null(strstr(err.text, "ida"));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(allowed), cmocka_unit_test(refused),
                                     cmocka_unit_test(found_in_html), cmocka_unit_test(errors_hold_no_data)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
