// SPDX-License-Identifier: Apache-2.0
// Which shared files the copy of a moment uses.
#include "base/json.h"
#include "message/copy_uses.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static md_arena *arena;

static int set_up(void **state) {
  (void)state;
  arena = md_arena_new(0);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  md_arena_free(arena);
  return 0;
}

#define HEAD "---\nsubject: Hej\n---\n"

// The shared files, as text after text, that a moment with this one file (or two) uses.
static const char *uses(const char *class_name, const char *path, const char *text, const char *more) {
  const char *all[][2] = {
      {"m/moment.lua", "return {{> nothing}}"},
      {path, text},
      {"m/own.mustache", "{{> in_own}}"},
      {"shared/layout.html", "{{> head}}{{{body}}}"},
      {"shared/layout.txt", "{{{body}}}"},
      {"shared/layout_service.html", "{{{body}}}{{> foot}}"},
      {"shared/layout_marketing.txt", "{{{body}}}{{> foot}}"},
      {"shared/logo.png", "x"},
      {"shared/partials/deep.mustache", "{{> foot}} {{> own}}"},
      {"shared/partials/foot.mustache", "{{> deep}}"},
      {"shared/partials/head.mustache", "h"},
      {"shared/partials/in_own.mustache", "o"},
      {"shared/partials/own.mustache", "the moment has one of this name"},
      {"shared/partials/parent.mustache", "{{$slot}}{{> head}}{{/slot}}"},
      {"shared/partials/unused.mustache", "u"},
      {more, "x"},
  };
  enum { COUNT = sizeof all / sizeof *all };
  md_version_file files[COUNT];
  bool used[COUNT];
  int count = 0;
  for (int i = 0; i < COUNT; i++)
    if (all[i][0]) files[count++] = (md_version_file){all[i][0], all[i][1], strlen(all[i][1])};
  const md_new_version version = {.moment = "m", .files = files, .file_count = count};
  md_error err = {0};
  assert_int_equal(md_copy_uses(&version, class_name, used, arena, &err), 0);
  const char *out = "";
  for (int i = 0; i < count; i++)
    if (used[i] && strncmp(files[i].path, "shared/", 7) == 0)
      out =
          md_arena_printf(arena, "%s%s%s", out, *out ? " " : "",
                          strncmp(files[i].path, "shared/partials/", 16) == 0 ? files[i].path + 16 : files[i].path + 7);
  return out;
}

static void expect(const char *found, const char *expected) {
  assert_string_equal(found, expected);
}

static void test_layouts_by_class_and_kind(void **state) {
  (void)state;
  expect(uses("service", "m/x.da.txt", "Hej", NULL), "layout.txt in_own.mustache");
  expect(uses("service", "m/x.da.html", HEAD "Hej", NULL),
         "layout_service.html deep.mustache foot.mustache in_own.mustache");
  expect(uses("marketing", "m/x.da.md", HEAD "Hej", NULL),
         "layout.html layout_marketing.txt deep.mustache foot.mustache head.mustache in_own.mustache");
  expect(uses(NULL, "m/x.da.txt", "Hej", NULL),
         "layout.txt layout_marketing.txt deep.mustache foot.mustache in_own.mustache");
  expect(uses("service", "m/terms.pdf", "{{> unused}}", NULL), "in_own.mustache"); // no copy, no layout
  expect(uses("feedback", "m/x.da.txt", "Hej", "shared/layout_feedback.txt"),
         "in_own.mustache layout_feedback.txt"); // one that comes to stand before the common one
}

static void test_partials_are_followed(void **state) {
  (void)state;
  expect(uses("service", "m/x.da.txt", "{{> head}}{{#list}}{{>unused}}{{/list}}{{^a}}{{! {{> foot}} }}{{/a}}", NULL),
         "layout.txt head.mustache in_own.mustache unused.mustache");
  expect(uses("service", "m/x.da.txt", "---\nsubject: a {{> unused}}\npreview: \"{{> head}}\"\n---\nHej", NULL),
         "layout.txt head.mustache in_own.mustache unused.mustache");
  expect(uses("service", "m/x.da.txt", "{{< parent}}{{$slot}}{{> unused}}{{/slot}}{{/parent}}", NULL),
         "layout.txt head.mustache in_own.mustache parent.mustache unused.mustache");
  expect(uses("service", "m/x.da.txt", "{{> missing}} {{> own}}", NULL), "layout.txt in_own.mustache");
  expect(uses("service", "m/x.da.txt", "{{=<% %>=}}<%> head%> {{> unused}}", NULL),
         "layout.txt head.mustache in_own.mustache");
}

// What cannot be told uses all partials.
static void test_dynamic_names_and_broken_copy(void **state) {
  (void)state;
  static const char all[] = "layout.txt deep.mustache foot.mustache head.mustache in_own.mustache own.mustache "
                            "parent.mustache unused.mustache";
  expect(uses("service", "m/x.da.txt", "{{>*kind}}", NULL), all);
  expect(uses("service", "m/x.da.txt", "{{#open}}", NULL), all);
  expect(uses("service", "m/x.da.txt", "---\nlayout: other\n---\nHej", NULL), all);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_layouts_by_class_and_kind),
      cmocka_unit_test(test_partials_are_followed),
      cmocka_unit_test(test_dynamic_names_and_broken_copy),
  };
  md_json_init();
  return cmocka_run_group_tests_name("copy_uses", tests, set_up, tear_down);
}
