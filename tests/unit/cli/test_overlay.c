// SPDX-License-Identifier: Apache-2.0
// Directories that lie over each other: which file is used, and what is told of the others until somebody has looked.
#include "base/file.h"
#include "base/json.h"
#include "cli/overlay.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct fixture {
  char root[64];
  char directories[3][80];
  const char *items[3];
  md_arena *arena;
  md_store *store;
  md_shadows shadows;
  char told[200];
} fixture;

static void put(fixture *f, int directory, const char *name, const char *text) {
  char path[200];
  md_error err = {0};
  snprintf(path, sizeof path, "%s/%s", f->directories[directory], name);
  if (md_file_write(path, text, strlen(text), false, &err)) fail_msg("%s", err.text);
}

static void take_away(fixture *f, int directory, const char *name) {
  char path[200];
  snprintf(path, sizeof path, "%s/%s", f->directories[directory], name);
  assert_int_equal(unlink(path), 0);
}

static const char *text_of(fixture *f, const char *name) {
  md_source source;
  md_error err = {0};
  const md_setting_list list = {f->items, 3};
  assert_int_equal(md_scripts_read(&list, f->arena, &source, &f->shadows, &err), 0);
  for (int i = 1; i < source.count; i++)
    assert_true(strcmp(source.files[i - 1].path, source.files[i].path) < 0);
  const md_source_file *file = md_source_find(&source, name);
  return file ? file->data : NULL;
}

static void changed(void *context, const md_shadow *at) {
  fixture *f = context;
  snprintf(f->told + strlen(f->told), sizeof f->told - strlen(f->told), "%s ", at->path);
}

static const char *compare(fixture *f) {
  md_error err = {0};
  text_of(f, "a");
  f->told[0] = '\0';
  assert_int_equal(md_store_begin(f->store, &err), 0);
  assert_int_equal(md_overlay_compare(f->store, &f->shadows, changed, f, &err), 0);
  assert_int_equal(md_store_commit(f->store, &err), 0);
  return f->told;
}

static int setup(void **state) {
  static fixture f;
  md_error err = {0};
  f = (fixture){.arena = md_arena_new(0)};
  char root[] = "overlay-XXXXXX";
  if (!mkdtemp(root) || md_store_open(&f.store, &(md_store_options){.unsynced = true}, &err)) return -1;
  strcpy(f.root, root);
  for (int i = 0; i < 3; i++) {
    snprintf(f.directories[i], sizeof f.directories[i], "%.63s/%d", root, i);
    if (md_directory_make(f.directories[i], 0755, &err)) return -1;
    f.items[i] = f.directories[i];
  }
  *state = &f;
  return 0;
}

static int teardown(void **state) {
  fixture *f = *state;
  char command[100];
  md_store_close(f->store);
  md_arena_free(f->arena);
  snprintf(command, sizeof command, "rm -rf %s", f->root);
  return system(command);
}

static void test_the_later_wins_file_by_file(void **state) {
  fixture *f = *state;
  put(f, 0, "a", "a0");
  put(f, 0, "b", "b0");
  put(f, 1, "a", "a1");
  put(f, 2, "a", "a2");
  put(f, 2, "c", "c2");
  assert_string_equal(text_of(f, "a"), "a2");
  assert_string_equal(text_of(f, "b"), "b0");
  assert_string_equal(text_of(f, "c"), "c2");
  assert_int_equal(f->shadows.count, 1); // of two below the upper one is told
  assert_string_equal(f->shadows.items[0].below, f->directories[1]);
  assert_string_equal(f->shadows.items[0].above, f->directories[2]);
  take_away(f, 2, "a");
  assert_string_equal(text_of(f, "a"), "a1");
  take_away(f, 1, "a");
  assert_string_equal(text_of(f, "a"), "a0");
  assert_int_equal(f->shadows.count, 0);
}

static void test_what_changed_below_is_told_until_somebody_looked(void **state) {
  fixture *f = *state;
  put(f, 0, "a", "a0");
  put(f, 1, "a", "a1");
  assert_string_equal(compare(f), "");
  assert_string_equal(compare(f), "");
  put(f, 0, "a", "a0 upgraded");
  assert_string_equal(compare(f), "a ");
  assert_string_equal(compare(f), "a ");
  put(f, 0, "a", "a0"); // the upgrade was undone
  assert_string_equal(compare(f), "");
  put(f, 0, "a", "a0 upgraded");
  put(f, 1, "a", "a1 adapted");
  assert_string_equal(compare(f), "");
  put(f, 0, "a", "a0 again");
  assert_string_equal(compare(f), "a ");
  take_away(f, 1, "a");
  assert_string_equal(compare(f), "");
  put(f, 1, "a", "a1 adapted"); // anew, over what is there now
  assert_string_equal(compare(f), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {TEST(test_the_later_wins_file_by_file),
                                     TEST(test_what_changed_below_is_told_until_somebody_looked)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
