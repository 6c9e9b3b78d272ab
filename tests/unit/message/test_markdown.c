// SPDX-License-Identifier: Apache-2.0
// Markdown copy as HTML and as text (M6): data is put in after parsing and stays inert; sections span text and blocks.
#include "base/json.h"
#include "message/markdown.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static md_arena *arena;
static char html[4096], text[4096];
static md_markdown compiled;
static md_error error;

static const char *partial(void *context, const char *name, size_t *len, const char **file) {
  (void)context;
  *file = name;
  static const char list[] = "- **{{x}}**\n- two\n", loop[] = "{{> loop}}";
  if (strcmp(name, "list") == 0) return *len = sizeof list - 1, list;
  if (strcmp(name, "loop") == 0) return *len = sizeof loop - 1, loop;
  return NULL;
}

static int render_one(const md_mustache *template, md_mustache_options *options, const json_t *data, char *out) {
  md_buffer buffer;
  md_buffer_init(&buffer);
  int rc = md_mustache_render(template, options, &data, 1, arena, &buffer, &error);
  size_t len = buffer.len;
  if (!options->html && len) len = md_markdown_tidy(buffer.data, len);
  snprintf(out, 4096, "%.*s", (int)len, buffer.data ? buffer.data : "");
  md_buffer_deinit(&buffer);
  return rc;
}

static int render(const char *source, const char *data_text) {
  md_mustache_options options = {.strict = true, .partial = partial};
  const json_t *data = md_json_parse(data_text, strlen(data_text), false, &error);
  assert_non_null(data);
  error = (md_error){0};
  html[0] = text[0] = '\0';
  int rc = md_markdown_compile("mail.da.md", 4, source, strlen(source), &options, arena, &compiled, &error);
  if (rc == 0) rc = render_one(compiled.text, &options, data, text);
  options.html = true;
  return rc ? rc : render_one(compiled.html, &options, data, html);
}

static void assert_renders(const char *source, const char *data, const char *as_html, const char *as_text) {
  if (render(source, data)) fail_msg("%s", error.text);
  assert_string_equal(html, as_html);
  assert_string_equal(text, as_text);
}

static void assert_fails(const char *source, const char *data, const char *says) {
  assert_true(render(source, data) < 0);
  if (!strstr(error.text, says)) fail_msg("\"%s\" is not in: %s", says, error.text);
}

static void elements(void **state) {
  (void)state;
  assert_renders("# A\n\n## B\n\nc *d* **e** `f<`\ng\\\nh\n\n***\n", "{}",
                 "<h1>A</h1>\n<h2>B</h2>\n<p>c <em>d</em> <strong>e</strong> <code>f&lt;</code>\ng<br>\nh</p>\n<hr>\n",
                 "A\n=\n\nB\n-\n\nc d e f<\ng\nh\n\n----\n");
  assert_renders("- a\n- b\n  - c\n\n3. d\n4. e\n", "{}",
                 "<ul>\n<li>a</li>\n<li>b\n<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>\n"
                 "<ol start=\"3\">\n<li>d</li>\n<li>e</li>\n</ol>\n",
                 "- a\n- b\n  - c\n\n3. d\n4. e\n");
  assert_renders("> a\n> b\n\n```\nx  {{y}}\n\n z\n```\n", "{\"y\":\"<1>\"}",
                 "<blockquote>\n<p>a\nb</p>\n</blockquote>\n<pre><code>x  &lt;1&gt;\n\n z\n</code></pre>\n",
                 "> a\n> b\n\n    x  <1>\n\n     z\n");
}

static void links(void **state) {
  (void)state;
  assert_renders("[Se {{n}}]({{u}} \"t {{n}}\") <{{u}}> <https://a.dk> <a@b.dk>",
                 "{\"n\":\"den\",\"u\":\"https://x.dk/?a=1&b=2\"}",
                 "<p><a href=\"https://x.dk/?a=1&amp;b=2\" title=\"t den\">Se den</a> "
                 "<a href=\"https://x.dk/?a=1&amp;b=2\">https://x.dk/?a=1&amp;b=2</a> "
                 "<a href=\"https://a.dk\">https://a.dk</a> <a href=\"mailto:a@b.dk\">a@b.dk</a></p>\n",
                 "Se den <https://x.dk/?a=1&b=2> https://x.dk/?a=1&b=2 https://a.dk a@b.dk\n");
  assert_renders("[x](https://s.dk/{{a}}/?q={{b}})", "{\"a\":\"1\",\"b\":\"to ord\\\"\"}",
                 "<p><a href=\"https://s.dk/1/?q=to%20ord%22\">x</a></p>\n", "x <https://s.dk/1/?q=to%20ord%22>\n");
  assert_renders("[x][ref]\n\n[ref]: {{u}}\n", "{\"u\":\"https://x.dk\"}", "<p><a href=\"https://x.dk\">x</a></p>\n",
                 "x <https://x.dk>\n");
  assert_renders("**[Se]({{u}})**\n\n**[a]({{u}})** b\n\n- **[c]({{u}})**\n", "{\"u\":\"https://x.dk\"}",
                 "<p class=\"button\"><strong><a href=\"https://x.dk\">Se</a></strong></p>\n"
                 "<p><strong><a href=\"https://x.dk\">a</a></strong> b</p>\n"
                 "<ul>\n<li><strong><a href=\"https://x.dk\">c</a></strong></li>\n</ul>\n",
                 "Se <https://x.dk>\n\na <https://x.dk> b\n\n- c <https://x.dk>\n");
  assert_renders("![Et *kort* over {{n}}](https://x.dk/{{n}}.png)", "{\"n\":\"\\\"A\\\"\"}",
                 "<p><img src=\"https://x.dk/%22A%22.png\" alt=\"Et kort over &quot;A&quot;\"></p>\n",
                 "Et kort over \"A\"\n");
  assert_fails("a\n\n[x](http://evil.dk)\n", "{}", "mail.da.md:6: a link leads to \"http://evil.dk\"");
  assert_fails("[x](javascript:x)\n", "{}", "javascript:x");
  assert_fails("![x](/x.png)\n", "{}", "\"/x.png\"");
}

// M6: whatever a customer calls themselves, it is text.
static void data_is_inert(void **state) {
  (void)state;
  assert_renders("Hej {{n}}!\n\n# {{n}}\n\n- {{n}}\n", "{\"n\":\"# *a* [b](https://c) <i>&\\r\\n\\r\\n- `d` {{x}}\"}",
                 "<p>Hej # *a* [b](https://c) &lt;i&gt;&amp;\r\n\r\n- `d` {{x}}!</p>\n"
                 "<h1># *a* [b](https://c) &lt;i&gt;&amp;\r\n\r\n- `d` {{x}}</h1>\n"
                 "<ul>\n<li># *a* [b](https://c) &lt;i&gt;&amp;\r\n\r\n- `d` {{x}}</li>\n</ul>\n",
                 "Hej # *a* [b](https://c) <i>&  - `d` {{x}}!\n\n# *a* [b](https://c) <i>&  - `d` {{x}}\n"
                 "======================================\n\n- # *a* [b](https://c) <i>&  - `d` {{x}}\n");
  // A triple mustache is no way around it.
  assert_renders("{{{n}}} {{&n}}", "{\"n\":\"<b>\"}", "<p>&lt;b&gt; &lt;b&gt;</p>\n", "<b> <b>\n");
}

static void raw_html_is_left_out(void **state) {
  (void)state;
  assert_renders("a <b>c</b> <!-- d -->\n\n<script>\n{{x}}\n</script>\n\ne\n", "{}", "<p>a c </p>\n<p>e</p>\n",
                 "a c\n\ne\n");
  assert_int_equal(compiled.raw_html_line, 4);
  assert_renders("a <!-- d -->\n", "{}", "<p>a </p>\n", "a\n");
  assert_int_equal(compiled.raw_html_line, 0);
}

static void sections_in_text(void **state) {
  (void)state;
  const char *greeting = "{{#n}}Hej {{n}},{{/n}}{{^n}}Hej,{{/n}}\n\nx\n";
  assert_renders(greeting, "{\"n\":\"Ida\"}", "<p>Hej Ida,</p>\n<p>x</p>\n", "Hej Ida,\n\nx\n");
  assert_renders(greeting, "{}", "<p>Hej,</p>\n<p>x</p>\n", "Hej,\n\nx\n");
  // What is empty leaves no element behind.
  assert_renders("a\n\n{{#n}}b{{/n}}\n\nc\n", "{}", "<p>a</p>\n<p>c</p>\n", "a\n\nc\n");
  assert_renders("Til {{#l}}{{.}}, {{/l}}alle", "{\"l\":[\"a\",\"b\"]}", "<p>Til a, b, alle</p>\n", "Til a, b, alle\n");
}

static void sections_of_lines(void **state) {
  (void)state;
  const char *lines = "a\n{{#x}}\nb\n{{/x}}\nc\n";
  assert_renders(lines, "{\"x\":1}", "<p>a\nb\nc</p>\n", "a\nb\nc\n");
  assert_renders(lines, "{}", "<p>a\nc</p>\n", "a\nc\n");
  assert_renders("{{#l}}\n{{.}} kr  \n{{/l}}\n\nx", "{\"l\":[1,2]}", "<p>1 kr<br>\n2 kr<br>\n</p>\n<p>x</p>\n",
                 "1 kr\n2 kr\n\nx\n");
  assert_renders("```\n{{#l}}\n  {{.}}\n{{/l}}\n```\n", "{\"l\":[1,2]}", "<pre><code>  1\n  2\n</code></pre>\n",
                 "      1\n      2\n");
}

static void sections_of_blocks(void **state) {
  (void)state;
  const char *blocks = "{{#x}}\na\n\n# b\n{{/x}}\n{{^x}}\nc\n{{/x}}\n\nd\n";
  assert_renders(blocks, "{\"x\":1}", "<p>a</p>\n<h1>b</h1>\n<p>d</p>\n", "a\n\nb\n=\n\nd\n");
  assert_renders(blocks, "{}", "<p>c</p>\n<p>d</p>\n", "c\n\nd\n");
}

static void sections_of_items(void **state) {
  (void)state;
  const char *items = "{{#l}}\n- {{n}}: {{p}}\n{{/l}}\n{{^l}}\n- intet\n{{/l}}\n\nx\n";
  assert_renders(items, "{\"l\":[{\"n\":\"a\",\"p\":1.5},{\"n\":\"b\",\"p\":2}]}",
                 "<ul>\n<li>a: 1.5</li>\n<li>b: 2</li>\n</ul>\n<p>x</p>\n", "- a: 1.5\n- b: 2\n\nx\n");
  assert_renders(items, "{}", "<ul>\n<li>intet</li>\n</ul>\n<p>x</p>\n", "- intet\n\nx\n");
  assert_renders("1. a\n{{#l}}\n1. {{.}}\n{{/l}}\n2. z\n", "{\"l\":[7,8]}",
                 "<ol>\n<li>a</li>\n<li>7</li>\n<li>8</li>\n<li>z</li>\n</ol>\n", "1. a\n2. 7\n3. 8\n4. z\n");
  assert_renders("x\n\n{{#l}}\n- a\n{{/l}}\n", "{}", "<p>x</p>\n", "x\n"); // no empty list
  assert_renders("- a\n  {{#l}}\n  - {{.}}\n  {{/l}}\n- b\n", "{\"l\":[1,2]}",
                 "<ul>\n<li>a\n<ul>\n<li>1</li>\n<li>2</li>\n</ul>\n</li>\n<li>b</li>\n</ul>\n",
                 "- a\n  - 1\n  - 2\n\n- b\n");
}

static void sections_that_cross(void **state) {
  (void)state;
  assert_fails("**{{#a}}b** c{{/a}}\n", "{}",
               "mail.da.md:4: the section {{#a}} begins in one element and ends in another");
  assert_fails("x\n\n{{#a}}\ny\n\nz{{/a}}\n", "{}", "mail.da.md:6: the section {{#a}}");
  assert_fails("[x{{#a}}](https://a.dk){{/a}}\n", "{}", "{{#a}}");
  assert_fails("<div>\n{{#a}}\n</div>\n\nx\n\n{{/a}}\n", "{}", "{{#a}}");
}

static void partials_are_markdown(void **state) {
  (void)state;
  assert_renders("a\n\n{{> list}}\n", "{\"x\":1}", "<p>a</p>\n<ul>\n<li><strong>1</strong></li>\n<li>two</li>\n</ul>\n",
                 "a\n\n- 1\n- two\n");
  assert_renders("1. a\n   {{> list}}\n", "{\"x\":1}",
                 "<ol>\n<li>a\n<ul>\n<li><strong>1</strong></li>\n<li>two</li>\n</ul>\n</li>\n</ol>\n",
                 "1. a\n   - 1\n   - two\n");
  assert_fails("{{> loop}}\n", "{}", "includes itself");
  assert_fails("{{> none}}\n", "{}", "mail.da.md:4: \"none\" is no partial");
  assert_fails("{{>*none}}\n", "{}", "cannot be chosen by data");
}

static void errors_name_the_line(void **state) {
  (void)state;
  assert_fails("a\n\nb {{x.y}}\n", "{}", "mail.da.md:6: \"x.y\" is missing");
  assert_fails("a\n{{#x}}\n", "{}", "mail.da.md:5: {{#x}} is never closed");
}

static void deep_nesting_ends(void **state) {
  (void)state;
  char source[400];
  memset(source, '>', 300);
  strcpy(source + 300, " a");
  assert_fails(source, "{}", "nest deeper");
  char inlines[2000] = "";
  for (int i = 0; i < 90; i++)
    strcat(inlines, "*a **b ");
  for (int i = 0; i < 90; i++)
    strcat(inlines, "b** a*");
  assert_fails(inlines, "{}", "nest too deep");
}

static void tidy_text(void **state) {
  (void)state;
  char rough[] = "\r\n  \n a \t\r\n\r\n\n\nb\rc  ";
  size_t len = md_markdown_tidy(rough, strlen(rough));
  assert_int_equal(len, 8);
  assert_memory_equal(rough, " a\n\nb\nc\n", 8);
  char empty[] = " \n";
  assert_int_equal(md_markdown_tidy(empty, 2), 0);
}

static int set_up(void **state) {
  (void)state;
  arena = md_arena_new(0);
  md_json_scope(arena);
  return arena ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  md_json_scope(NULL);
  md_arena_free(arena);
  return 0;
}

int main(void) {
  md_json_init();
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {TEST(elements),
                                     TEST(links),
                                     TEST(data_is_inert),
                                     TEST(raw_html_is_left_out),
                                     TEST(sections_in_text),
                                     TEST(sections_of_lines),
                                     TEST(sections_of_blocks),
                                     TEST(sections_of_items),
                                     TEST(sections_that_cross),
                                     TEST(partials_are_markdown),
                                     TEST(errors_name_the_line),
                                     TEST(deep_nesting_ends),
                                     TEST(tidy_text)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
