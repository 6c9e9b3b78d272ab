// SPDX-License-Identifier: Apache-2.0
// The official cases of github.com/mustache/spec: core, inheritance and dynamic names (M6).
#include "base/file.h"
#include "base/json.h"
#include "message/mustache.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *from_case(void *context, const char *name, size_t *len, const char **file) {
  (void)file;
  const json_t *partial = json_object_get(context, name);
  *len = json_string_length(partial);
  return json_string_value(partial);
}

static bool run_case(const char *file, const json_t *test, md_arena *arena) {
  const json_t *template = json_object_get(test, "template"), *data = json_object_get(test, "data");
  const char *expected = json_string_value(json_object_get(test, "expected"));
  const md_mustache *compiled;
  md_error err = {0};
  md_buffer out;
  md_buffer_init(&out);
  md_mustache_options options = {
      .html = true, .partial = from_case, .partial_context = json_object_get(test, "partials")};
  int rc =
      md_mustache_compile("case", 1, json_string_value(template), json_string_length(template), arena, &compiled, &err);
  if (rc == 0) rc = md_mustache_render(compiled, &options, &data, 1, arena, &out, &err);
  const char *got = out.data ? out.data : "";
  bool same = rc == 0 && strcmp(got, expected) == 0;
  if (!same)
    print_error("%s, %s: %s\n--- expected\n%s\n--- got\n%s\n", file, json_string_value(json_object_get(test, "name")),
                err.text, expected, got);
  md_buffer_deinit(&out);
  return same;
}

static void run_file(const char *directory, const char *name, size_t least) {
  char path[1024];
  md_error err = {0};
  md_buffer text;
  md_buffer_init(&text);
  snprintf(path, sizeof path, "%s/mustache-spec/%s.json", directory, name);
  if (md_file_read(path, 1 << 20, &text, &err)) fail_msg("%s", err.text);
  md_arena *arena = md_arena_new(0);
  md_arena *before = md_json_scope(arena);
  json_t *tests = json_object_get(md_json_parse(text.data, text.len, false, &err), "tests");
  size_t passed = 0;
  for (size_t i = 0; i < json_array_size(tests); i++)
    passed += run_case(name, json_array_get(tests, i), arena);
  assert_int_equal(passed, json_array_size(tests));
  assert_true(passed >= least);
  md_json_scope(before);
  md_arena_free(arena);
  md_buffer_deinit(&text);
}

static void official_cases(void **state) {
  (void)state;
  const char *directory = getenv("MOMENTD_SHARED_DATA");
  if (!directory) {
    print_message("skipped: MOMENTD_SHARED_DATA is not set\n");
    skip();
  }
  run_file(directory, "comments", 12);
  run_file(directory, "delimiters", 14);
  run_file(directory, "interpolation", 40);
  run_file(directory, "inverted", 22);
  run_file(directory, "partials", 12);
  run_file(directory, "sections", 34);
  run_file(directory, "inheritance", 27);
  run_file(directory, "dynamic-names", 21);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {cmocka_unit_test(official_cases)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
