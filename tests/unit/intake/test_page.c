// SPDX-License-Identifier: Apache-2.0
// The unsubscribe page (A3): its words by language and kind, what strangers typed escaped, nothing from elsewhere.
#include "base/digest.h"
#include "intake/page.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static md_buffer text;

static const char *page(md_page_kind kind, const char *locale, const char *purpose) {
  md_unsubscribe link = {.masked = "i***@k***.<b>"};
  snprintf(link.locale, sizeof link.locale, "%s", locale);
  snprintf(link.purpose, sizeof link.purpose, "%s", purpose);
  const md_page wanted = {.kind = kind, .link = &link, .shop = "Sko & Søn <\"A/S\">"};
  md_buffer_clear(&text);
  md_page_write(&wanted, &text);
  assert_true(md_buffer_ok(&text));
  return text.data;
}

static void expect(const char *html, const char *words) {
  if (!strstr(html, words)) fail_msg("\"%s\" is not in %s", words, html);
}

static void test_languages(void **state) {
  (void)state;
  expect(page(MD_PAGE_CONFIRM, "da", "marketing"), "<h1>Vil du afmelde nyheder og tilbud?</h1>");
  expect(page(MD_PAGE_CONFIRM, "da-DK", "feedback"), "<h1>Vil du afmelde spørgsmål om din oplevelse?</h1>");
  expect(page(MD_PAGE_CONFIRM, "sv", "marketing"), "<h1>Unsubscribe from news and offers?</h1>");
  expect(page(MD_PAGE_DONE, "en", "marketing"), "We no longer send news and offers to");
  expect(page(MD_PAGE_BUSY, "en", "marketing"), "Please try again");
}

static void test_only_the_question_and_its_repetition_have_a_form(void **state) {
  (void)state;
  expect(page(MD_PAGE_CONFIRM, "en", "marketing"), "<form method=\"post\"><button type=\"submit\"");
  expect(page(MD_PAGE_BUSY, "en", "marketing"), "<form method=\"post\">");
  assert_null(strstr(page(MD_PAGE_DONE, "en", "marketing"), "<form"));
}

static void test_what_was_typed_is_escaped(void **state) {
  (void)state;
  const char *html = page(MD_PAGE_CONFIRM, "en", "marketing");
  expect(html, "Sko &amp; Søn &lt;&quot;A/S&quot;&gt;");
  expect(html, "i***@k***.&lt;b&gt;");
  assert_null(strstr(html, "<b>"));
}

static void test_a_link_that_is_none_is_told_in_both_languages(void **state) {
  const md_page invalid = {.kind = MD_PAGE_INVALID};
  (void)state;
  md_buffer_clear(&text);
  md_page_write(&invalid, &text);
  expect(text.data, "<section lang=\"da\">\n<h1>Linket virker ikke</h1>");
  expect(text.data, "<section lang=\"en\">\n<h1>This link does not work</h1>");
  assert_null(strstr(text.data, "<form"));
}

// The policy names the very style that the page has.
static void test_the_policy_fits_the_page(void **state) {
  char policy[MD_PAGE_POLICY_SIZE], hash[48];
  uint8_t digest[MD_SHA256_SIZE];
  (void)state;
  const char *html = page(MD_PAGE_CONFIRM, "en", "marketing");
  const char *from = strstr(html, "<style>") + 7, *to = strstr(html, "</style>");
  md_sha256(from, (size_t)(to - from), digest);
  md_base64(digest, sizeof digest, hash);
  md_page_policy(policy);
  expect(policy, hash);
  expect(policy, "default-src 'none'");
  assert_null(strstr(html, "http"));
  assert_null(strstr(html, "src="));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_languages),
      cmocka_unit_test(test_only_the_question_and_its_repetition_have_a_form),
      cmocka_unit_test(test_what_was_typed_is_escaped),
      cmocka_unit_test(test_a_link_that_is_none_is_told_in_both_languages),
      cmocka_unit_test(test_the_policy_fits_the_page),
  };
  md_buffer_init(&text);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  md_buffer_deinit(&text);
  return failed;
}
