// SPDX-License-Identifier: Apache-2.0
// Layouts: which one is taken, what the built-in one holds, and that none drops the mail's text (M6).
#include "base/json.h"
#include "message/layout.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static md_arena *arena;
static md_error error;
static md_buffer out;

static const char *from_files(void *context, const char *path, size_t *len) {
  const char *const *files = context;
  for (; files && *files; files += 2)
    if (strcmp(files[0], path) == 0) {
      *len = strlen(files[1]);
      return files[1];
    }
  return NULL;
}

static int render(const char *const *files, const char *class_name, bool html, md_layout_parts parts,
                  const json_t *data) {
  md_layout layout;
  md_mustache_options options = {.html = html, .strict = true};
  md_buffer_clear(&out);
  assert_int_equal(md_layout_find(from_files, (void *)files, class_name, html, arena, &layout), 0);
  return md_layout_render(&layout, &parts, &options, &data, 1, arena, &out, &error);
}

static const md_layout_parts parts = {"<p>Hej</p>", "Om <din> ordre", "Kort & godt", "da"};

static void the_class_comes_first(void **state) {
  (void)state;
  const char *const files[] = {"shared/layout.html",
                               "general {{{body}}}",
                               "shared/layout_service.html",
                               "service {{{body}}}",
                               "shared/layout.txt",
                               "text {{{body}}}",
                               NULL};
  assert_int_equal(render(files, "service", true, parts, json_object()), 0);
  assert_string_equal(out.data, "service <p>Hej</p>");
  assert_int_equal(render(files, "marketing", true, parts, json_object()), 0);
  assert_string_equal(out.data, "general <p>Hej</p>");
  assert_int_equal(render(files, NULL, false, parts, json_object()), 0);
  assert_string_equal(out.data, "text <p>Hej</p>");
}

static void values_are_found(void **state) {
  (void)state;
  const char *const files[] = {"shared/layout.html", "{{subject}}|{{preview}}|{{locale}}|{{shop.name}}|{{{body}}}",
                               NULL};
  assert_int_equal(render(files, NULL, true, parts, json_pack("{s:{s:s}}", "shop", "name", "A&B")), 0);
  assert_string_equal(out.data, "Om &lt;din&gt; ordre|Kort &amp; godt|da|A&amp;B|<p>Hej</p>");
  // Data cannot stand in for the mail's own parts.
  assert_int_equal(render(files, NULL, true, parts, json_pack("{s:s,s:{s:s}}", "body", "x", "shop", "name", "")), 0);
  assert_non_null(strstr(out.data, "<p>Hej</p>"));
}

static void wrong_layouts(void **state) {
  (void)state;
  const char *const dropped[] = {"shared/layout.html", "{{body}}", NULL};
  assert_int_equal(render(dropped, NULL, true, parts, json_object()), MD_EINVAL);
  assert_non_null(strstr(error.text, "shared/layout.html: the layout leaves the mail's text out"));
  const char *const missing[] = {"shared/layout.html", "\n{{nothing}}{{{body}}}", NULL};
  assert_int_equal(render(missing, NULL, true, parts, json_object()), MD_EINVAL);
  assert_non_null(strstr(error.text, "shared/layout.html:2: \"nothing\" is missing"));
}

static void the_built_in_one(void **state) {
  (void)state;
  static const char *const parts_of_it[] = {"<html lang=\"da\">",
                                            "name=\"viewport\"",
                                            "max-width: 600px",
                                            "prefers-color-scheme: dark",
                                            "<title>Om &lt;din&gt; ordre</title>",
                                            "display:none",
                                            "Kort &amp; godt",
                                            "<p>Hej</p>"};
  assert_int_equal(render(NULL, "service", true, parts, json_object()), 0);
  for (size_t i = 0; i < sizeof parts_of_it / sizeof *parts_of_it; i++)
    if (!strstr(out.data, parts_of_it[i])) fail_msg("%s", parts_of_it[i]);
  assert_null(strstr(out.data, "Afmeld"));
  md_layout_parts without = parts;
  without.preview = "";
  assert_int_equal(render(NULL, NULL, true, without, json_object()), 0);
  assert_null(strstr(out.data, "display:none"));
}

static void unsubscribing(void **state) {
  (void)state;
  json_t *links = json_pack("{s:s}", "unsubscribe_url", "https://s.dk/u?a=1&b=2");
  assert_int_equal(render(NULL, "marketing", true, parts, links), 0);
  assert_non_null(strstr(out.data, "<a href=\"https://s.dk/u?a=1&amp;b=2\">Afmeld</a>"));
  md_layout_parts english = {"Hello", "s", "", "en-GB"};
  assert_int_equal(render(NULL, "marketing", false, english, links), 0);
  assert_string_equal(out.data, "Hello\n\n-- \nUnsubscribe: https://s.dk/u?a=1&b=2\n");
  assert_int_equal(render(NULL, "marketing", false, english, json_object()), 0);
  assert_string_equal(out.data, "Hello\n");
}

static int set_up(void **state) {
  (void)state;
  arena = md_arena_new(0);
  md_json_scope(arena);
  md_buffer_init(&out);
  return arena ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  md_buffer_deinit(&out);
  md_json_scope(NULL);
  md_arena_free(arena);
  return 0;
}

int main(void) {
  md_json_init();
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {TEST(the_class_comes_first), TEST(values_are_found), TEST(wrong_layouts),
                                     TEST(the_built_in_one), TEST(unsubscribing)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
