// SPDX-License-Identifier: Apache-2.0
// Pages as Markdown and as HTML: each block, and texts that would be markup.
#include "cli/describe_page.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static md_page page;
static md_arena *scope;

static int begin(void **state) {
  (void)state;
  md_arena *arena = md_arena_new(0);
  scope = md_json_scope(arena);
  page = (md_page){.arena = arena, .blocks = json_array(), .title = "T"};
  return 0;
}

static int end(void **state) {
  (void)state;
  md_json_scope(scope);
  md_arena_free(page.arena);
  return 0;
}

static void expect_markdown(const char *wanted) {
  md_buffer out;
  md_buffer_init(&out);
  md_page_markdown(&page, &out);
  assert_true(md_buffer_ok(&out));
  assert_string_equal(out.data, wanted);
  md_buffer_deinit(&out);
}

// What stands in the page's main part.
static void expect_html(const char *wanted) {
  md_buffer out;
  md_buffer_init(&out);
  md_page_html(&page, &out);
  assert_true(md_buffer_ok(&out));
  char *main = strstr(out.data, "<main>\n"), *stop = strstr(out.data, "</main>");
  assert_true(main && stop);
  *stop = '\0';
  char *nav = strstr(main, "</nav>\n"); // behind the first block
  assert_non_null(nav);
  assert_string_equal(nav + 7, wanted);
  md_buffer_deinit(&out);
}

static void texts(void **state) {
  (void)state;
  md_page_heading(&page, 1, "top", "A <b> | `c`");
  md_page_text(&page,
               md_inline_of(md_inline_plain("x < y & *z*\n"), md_inline_code("a|b"), md_inline_mark("<i>"), NULL));
  md_page_text(&page, md_inline_code("``` `"));
  expect_markdown("# A \\<b\\> \\| \\`c\\`\n\nx \\< y \\& \\*z\\* `a\\|b`**\\<i\\>**\n\n```` ``` ` ````\n");
  expect_html("<p>x &lt; y &amp; *z*\n<code>a|b</code><span class=\"mark\">&lt;i&gt;</span></p>\n"
              "<p><code>``` `</code></p>\n");
}

static void control_characters(void **state) {
  (void)state;
  md_page_heading(&page, 1, "top", "a");
  md_page_text(&page, md_inline_plain("b\x1b[1m\x07"));
  expect_markdown("# a\n\nb\xef\xbf\xbd\\[1m\xef\xbf\xbd\n");
  expect_html("<p>b\xef\xbf\xbd[1m\xef\xbf\xbd</p>\n");
}

static void tables(void **state) {
  (void)state;
  md_page_heading(&page, 1, "top", "Rows");
  json_t *rows = md_page_table(&page, "Rows", "One", "Two", NULL);
  md_page_row(rows, md_inline_plain("a | b"), md_inline_link("#a b", "c"), NULL);
  json_t *facts = md_page_facts(&page);
  md_page_fact(facts, "Name", md_inline_plain("value"));
  expect_markdown(
      "# Rows\n\n| One | Two |\n| --- | --- |\n| a \\| b | c |\n\n| | |\n| --- | --- |\n| **Name** | value |\n");
  expect_html("<div class=\"scroll\">\n<table class=\"list\">\n<caption><span class=\"heard\">Rows</span></caption>\n"
              "<thead><tr><th scope=\"col\">One</th><th scope=\"col\">Two</th></tr></thead>\n<tbody>\n"
              "<tr><th scope=\"row\">a | b</th><td><a href=\"#a-b\">c</a></td></tr>\n</tbody>\n</table>\n</div>\n"
              "<table>\n<tbody>\n<tr><th scope=\"row\">Name</th><td>value</td></tr>\n</tbody>\n</table>\n");
}

static void mails(void **state) {
  (void)state;
  json_t *copy = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "locale", "da_DK", "file", "m/a.da_DK.md", "subject",
                           "S <1>", "preview", "P", "text", "\n```\nHej  \n</pre>\n\n", "variant", "b");
  md_page_heading(&page, 1, "top", "M");
  md_page_mail(&page, copy);
  expect_markdown("# M\n\n**da\\_DK, variant b** (`m/a.da_DK.md`)  \nSubject: S \\<1\\>  \nPreview: P\n\n"
                  "````text\n\n```\nHej  \n</pre>\n\n````\n");
  expect_html("<article class=\"mail\">\n<header>\n<p class=\"soft\"><span class=\"mark\">da_DK</span> variant "
              "<span class=\"mark\">b</span> <code>m/a.da_DK.md</code></p>\n<p class=\"subject\" lang=\"da-DK\">S "
              "&lt;1&gt;</p>\n<p class=\"soft\" lang=\"da-DK\">P</p>\n</header>\n<pre lang=\"da-DK\">\n\n```\nHej\n"
              "&lt;/pre&gt;</pre>\n</article>\n");
}

static void diffs(void **state) {
  (void)state;
  md_page_heading(&page, 1, "top", "D");
  md_page_diff(&page, json_pack("[[ss][ss][ss][ss]]", "~", "", " ", "same", "-", "<old>", "+", "new"));
  expect_markdown("# D\n\n```diff\n …\n same\n-<old>\n+new\n```\n");
  expect_html("<pre class=\"diff\"><span>… </span><span>  same</span><del>− &lt;old&gt;</del><ins>+ new</ins></pre>\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(texts, begin, end),
      cmocka_unit_test_setup_teardown(control_characters, begin, end),
      cmocka_unit_test_setup_teardown(tables, begin, end),
      cmocka_unit_test_setup_teardown(mails, begin, end),
      cmocka_unit_test_setup_teardown(diffs, begin, end),
  };
  md_json_init();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
