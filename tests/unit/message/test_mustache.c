// SPDX-License-Identifier: Apache-2.0
// Mustache beyond the official cases: strictness, numbers, truth, limits, errors with file and line (M6).
#include "base/json.h"
#include "message/mustache.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static md_arena *arena;
static char output[4096];
static md_error error;

static const char *partial(void *context, const char *name, size_t *len, const char **file) {
  (void)file;
  const json_t *text = json_object_get(context, name);
  *len = json_string_length(text);
  return json_string_value(text);
}

static int render_with(const char *text, const char *data, const char *partials, md_mustache_options options) {
  const json_t *stack[1] = {md_json_parse(data, strlen(data), true, &error)};
  assert_non_null(stack[0]);
  options.partial = partial;
  options.partial_context = json_loads(partials, 0, NULL);
  const md_mustache *template;
  md_buffer out;
  md_buffer_init(&out);
  error = (md_error){0};
  int rc = md_mustache_compile("mail.da.md", 7, text, strlen(text), arena, &template, &error);
  if (rc == 0) rc = md_mustache_render(template, &options, stack, 1, arena, &out, &error);
  snprintf(output, sizeof output, "%s", out.data && rc == 0 ? out.data : "");
  md_buffer_deinit(&out);
  return rc;
}

static int render(const char *text, const char *data) {
  return render_with(text, data, "{}", (md_mustache_options){.html = true, .strict = true});
}

static void assert_renders(const char *text, const char *data, const char *expected) {
  if (render(text, data)) fail_msg("%s", error.text);
  assert_string_equal(output, expected);
}

static void assert_error(const char *text, const char *data, int wanted, const char *says) {
  assert_int_equal(render(text, data), wanted);
  if (!strstr(error.text, says)) fail_msg("\"%s\" is not in: %s", says, error.text);
}

static void numbers_are_short(void **state) {
  (void)state;
  assert_renders("{{a}} {{b}} {{c}} {{d}} {{e}}", "{\"a\":3,\"b\":3.0,\"c\":199.95,\"d\":-0.5,\"e\":9007199254740993}",
                 "3 3 199.95 -0.5 9007199254740993");
  assert_renders("{{a}} {{b}}", "{\"a\":true,\"b\":false}", "true false");
}

static void what_is_false(void **state) {
  (void)state;
  static const char *const falsy[] = {"{}",          "{\"x\":null}", "{\"x\":false}", "{\"x\":0}",
                                      "{\"x\":0.0}", "{\"x\":\"\"}", "{\"x\":[]}",    "{\"x\":{}}"};
  for (size_t i = 0; i < sizeof falsy / sizeof *falsy; i++)
    assert_renders("{{#x}}yes{{/x}}{{^x}}no{{/x}}", falsy[i], "no");
  assert_renders("{{#x}}yes{{/x}}{{^x}}no{{/x}}", "{\"x\":\"0\"}", "yes");
}

static void escapes_in_html_only(void **state) {
  (void)state;
  assert_renders("{{x}}|{{{x}}}|{{&x}}", "{\"x\":\"<a href='\\\"&\\\"'>\"}",
                 "&lt;a href=&#39;&quot;&amp;&quot;&#39;&gt;|<a href='\"&\"'>|<a href='\"&\"'>");
  assert_int_equal(render_with("{{x}}", "{\"x\":\"<&>\"}", "{}", (md_mustache_options){.strict = true}), 0);
  assert_string_equal(output, "<&>");
}

static void data_is_never_a_template(void **state) {
  (void)state;
  assert_renders("{{x}}", "{\"x\":\"{{y}} {{#x}}\"}", "{{y}} {{#x}}");
}

static void strict_names_the_missing(void **state) {
  (void)state;
  assert_error("one\ntwo {{order.total}}", "{\"order\":{}}", MD_EINVAL, "mail.da.md:8: \"order.total\" is missing");
  assert_error("{{x}}", "{\"x\":null}", MD_EINVAL, "\"x\" is missing");
  assert_error("{{x}}", "{\"x\":[1]}", MD_EINVAL, "\"x\" is a list or an object");
  assert_error("{{> footer}}", "{}", MD_EINVAL, "\"footer\" is no partial");
  assert_renders("{{#x}}{{y}}{{/x}}", "{}", ""); // a missing section is false, what is in it is not looked at
  assert_renders("{{#a}}{{x}}{{/a}}", "{\"x\":1,\"a\":{\"y\":2}}", "1");
}

static void lenient_leaves_out(void **state) {
  (void)state;
  assert_int_equal(render_with("[{{x}}{{y}}{{>p}}]", "{\"y\":[1]}", "{}", (md_mustache_options){0}), 0);
  assert_string_equal(output, "[]");
}

static void parse_errors(void **state) {
  (void)state;
  assert_error("a\n{{name", "{}", MD_ESYNTAX, "mail.da.md:8: a tag that does not end");
  assert_error("{{{name}}", "{}", MD_ESYNTAX, "write }}}");
  assert_error("{{}}", "{}", MD_ESYNTAX, "a tag without a name");
  assert_error("{{first name}}", "{}", MD_ESYNTAX, "\"first name\" has white space");
  assert_error("{{#a}}\n\n", "{}", MD_ESYNTAX, "mail.da.md:7: {{#a}} is never closed");
  assert_error("\n{{/a}}", "{}", MD_ESYNTAX, "mail.da.md:8: {{/a}} closes what was never opened");
  assert_error("{{#a}}\n{{/b}}", "{}", MD_ESYNTAX, "{{/b}} stands where {{#a}} of line 7");
  assert_error("{{=x=}}", "{}", MD_ESYNTAX, "new delimiters");
  assert_error("{{! over\ntwo lines }}\n{{x}}", "{}", MD_EINVAL, "mail.da.md:9:");
}

static void nesting_is_limited(void **state) {
  (void)state;
  char text[2000] = "";
  for (int i = 0; i < 64; i++)
    strcat(text, "{{#a}}");
  strcat(text, "x");
  for (int i = 0; i < 64; i++)
    strcat(text, "{{/a}}");
  assert_renders(text, "{\"a\":true}", "x");
  memmove(text + 6, text, strlen(text) + 1);
  strcat(text, "{{/a}}");
  assert_error(text, "{\"a\":true}", MD_ETOOBIG, "deeper than 64");
}

static void partials_may_recur_but_end(void **state) {
  (void)state;
  md_mustache_options options = {.strict = true};
  assert_int_equal(render_with("{{>p}}", "{}", "{\"p\":\"x{{>p}}\"}", options), MD_ETOOBIG);
  assert_non_null(strstr(error.text, "p:1: \"p\" includes itself"));
  assert_int_equal(
      render_with("{{>n}}", "{\"v\":1,\"c\":[{\"v\":2,\"c\":[]}]}", "{\"n\":\"{{v}}<{{#c}}{{>n}}{{/c}}>\"}", options),
      0);
  assert_string_equal(output, "1<2<>>");
  // Twice at each level would be 2^64 steps.
  assert_int_equal(render_with("{{>p}}", "{}", "{\"p\":\"{{>q}}{{>q}}\",\"q\":\"{{>p}}{{>p}}\"}", options), MD_ETOOBIG);
}

static void a_block_that_fills_itself_ends(void **state) {
  (void)state;
  md_mustache_options options = {.strict = true};
  assert_int_equal(
      render_with("{{<p}}{{$b}}in {{$b}}own{{/b}}{{/b}}{{/p}}", "{}", "{\"p\":\"{{$b}}default{{/b}}\"}", options), 0);
  assert_string_equal(output, "in own");
}

static void output_is_limited(void **state) {
  (void)state;
  // 200 * 200 * 50 bytes
  md_buffer data;
  md_buffer_init(&data);
  md_buffer_puts(&data, "{\"a\":[1");
  for (int i = 1; i < 200; i++)
    md_buffer_puts(&data, ",1");
  md_buffer_puts(&data, "]}");
  assert_int_equal(render("{{#a}}{{#a}}01234567890123456789012345678901234567890123456789{{/a}}{{/a}}", data.data),
                   MD_ETOOBIG);
  assert_non_null(strstr(error.text, "larger than 1 MiB"));
  assert_int_equal(render("{{#a}}{{#a}}{{#a}}{{#b}}{{/b}}{{/a}}{{/a}}{{/a}}", data.data), MD_ETOOBIG);
  assert_non_null(strstr(error.text, "reached too often"));
  md_buffer_deinit(&data);
}

static void the_stack_has_several_values(void **state) {
  (void)state;
  const json_t *stack[] = {json_pack("{s:s,s:s}", "a", "below", "b", "below"), json_pack("{s:s}", "a", "above")};
  const md_mustache *template;
  md_buffer out;
  md_buffer_init(&out);
  assert_int_equal(md_mustache_compile("f", 1, "{{a}} {{b}}", 11, arena, &template, NULL), 0);
  assert_int_equal(md_mustache_render(template, &(md_mustache_options){0}, stack, 2, arena, &out, NULL), 0);
  assert_string_equal(out.data, "above below");
  md_buffer_deinit(&out);
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
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(numbers_are_short, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_is_false, set_up, tear_down),
      cmocka_unit_test_setup_teardown(escapes_in_html_only, set_up, tear_down),
      cmocka_unit_test_setup_teardown(data_is_never_a_template, set_up, tear_down),
      cmocka_unit_test_setup_teardown(strict_names_the_missing, set_up, tear_down),
      cmocka_unit_test_setup_teardown(lenient_leaves_out, set_up, tear_down),
      cmocka_unit_test_setup_teardown(parse_errors, set_up, tear_down),
      cmocka_unit_test_setup_teardown(nesting_is_limited, set_up, tear_down),
      cmocka_unit_test_setup_teardown(partials_may_recur_but_end, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_block_that_fills_itself_ends, set_up, tear_down),
      cmocka_unit_test_setup_teardown(output_is_limited, set_up, tear_down),
      cmocka_unit_test_setup_teardown(the_stack_has_several_values, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
