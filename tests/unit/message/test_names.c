// SPDX-License-Identifier: Apache-2.0
// Values typed `name` (M6): at most 60 characters, and none that a mail program would make a link of.
#include "base/json.h"
#include "message/names.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_usable(const char *name, bool usable) {
  if (md_name_usable(name, strlen(name)) != usable) fail_msg("%s", name);
}

static void usable_names(void **state) {
  (void)state;
  assert_usable("Ida", true);
  assert_usable("Åse Ørsted-Æbelø", true);
  assert_usable("J. R. Hansen Jr.", true);
  assert_usable("O'Brien <x> *y*", true);
  assert_usable("v. 2.0", true);
  assert_usable("", true);
  assert_usable("æøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøå", true); // 60
}

static void names_that_are_left_out(void **state) {
  (void)state;
  assert_usable("æøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøåx", false); // 61
  assert_usable("Vind https://evil", false);
  assert_usable("x://", false);
  assert_usable("WwW.evil", false);
  assert_usable("se shop.dk nu", false);
  assert_usable("1.dk", false);
  assert_usable("bør.se", false);
  assert_usable("evil\xe3\x80\x82"
                "com",
                false);
  assert_usable("Ida\xff", false);
}

static void paths_are_followed(void **state) {
  (void)state;
  md_arena *arena = md_arena_new(0);
  md_arena *before = md_json_scope(arena);
  static const char *const paths[] = {"data.name", "customer.name", "guests.name", "missing.name", NULL};
  const char *text = "{\"name\":\"a.dk\",\"x\":\"b.dk\",\"customer\":{\"name\":\"Ida\"},"
                     "\"guests\":[{\"name\":\"www.c\"},{\"name\":\"Bo\"},{\"name\":7}]}";
  json_t *data = md_json_parse(text, strlen(text), false, NULL);
  const json_t *left = md_names_apply(data, paths);
  md_buffer out;
  md_buffer_init(&out);
  md_json_write(&out, left);
  assert_string_equal(
      out.data, "{\"customer\":{\"name\":\"Ida\"},\"guests\":[{},{\"name\":\"Bo\"},{\"name\":7}],\"x\":\"b.dk\"}");
  assert_string_equal(md_json_text(data, "name"), "a.dk"); // the caller's is as it was
  static const char *const good[] = {"customer.name", NULL};
  assert_ptr_equal(md_names_apply(data, good), data);
  assert_ptr_equal(md_names_apply(data, NULL), data);
  md_buffer_deinit(&out);
  md_json_scope(before);
  md_arena_free(arena);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {cmocka_unit_test(usable_names), cmocka_unit_test(names_that_are_left_out),
                                     cmocka_unit_test(paths_are_followed)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
