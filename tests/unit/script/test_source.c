// SPDX-License-Identifier: Apache-2.0
// Script trees: reading with its limits, links, following require, the digest (S1, S7).
#include "base/file.h"
#include "script/lexer.h"
#include "script/source.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct tree {
  char root[64];
  md_arena *arena;
  md_source source;
  md_error err;
} tree;

static void tree_open(tree *t) {
  *t = (tree){.arena = md_arena_new(0)};
  strcpy(t->root, "/tmp/momentd-test-XXXXXX");
  assert_non_null(mkdtemp(t->root));
}

static void tree_put(tree *t, const char *path, const void *data, size_t len) {
  char full[300], folder[300];
  snprintf(full, sizeof full, "%s/%s", t->root, path);
  strcpy(folder, full);
  *strrchr(folder, '/') = 0;
  assert_int_equal(md_directory_make(folder, 0755, NULL), 0);
  assert_int_equal(md_file_write(full, data, len, false, NULL), 0);
}

static void tree_close(tree *t) {
  char command[100];
  snprintf(command, sizeof command, "rm -r %s", t->root);
  assert_int_equal(system(command), 0);
  md_arena_free(t->arena);
}

static void test_a_directory_is_read_sorted(void **state) {
  (void)state;
  tree t;
  tree_open(&t);
  tree_put(&t, "m1/moment.lua", "return 1", 8);
  tree_put(&t, "events.lua", "", 0);
  tree_put(&t, "shared/layout.html", "a\0b", 3);
  tree_put(&t, "m1/.hidden", "x", 1);
  assert_int_equal(md_source_read(t.root, t.arena, &t.source, &t.err), 0);
  assert_int_equal(t.source.count, 3);
  assert_string_equal(t.source.files[0].path, "events.lua");
  assert_string_equal(t.source.files[0].data, "");
  assert_string_equal(t.source.files[1].path, "m1/moment.lua");
  const md_source_file *layout = md_source_find(&t.source, "shared/layout.html");
  assert_int_equal(layout->len, 3);
  assert_memory_equal(layout->data, "a\0b", 4);
  assert_null(md_source_find(&t.source, "m1"));
  tree_close(&t);
}

// The refusals as "path path"; each must say `why` somewhere.
static const char *refused(tree *t, const char *why) {
  const char *all = "";
  assert_int_equal(md_source_read(t->root, t->arena, &t->source, &t->err), 0);
  for (const md_refusal *at = t->source.refused; at; at = at->next) {
    if (!strstr(at->why, why)) fail_msg("%s: %s", at->path, at->why);
    all = md_arena_printf(t->arena, "%s%s%s", all, *all ? " " : "", at->path);
  }
  return all;
}

static int version(tree *t, const char *moment) {
  md_source own;
  return md_source_of_moment(&t->source, moment, t->arena, &own, &t->err);
}

static void test_S7_sizes_are_limited(void **state) {
  (void)state;
  char *block = calloc(1, 5 << 20);
  tree t;
  tree_open(&t);
  tree_put(&t, "m1/moment.lua", block, 256 << 10);
  tree_put(&t, "m3/moment.lua", "", 0);
  assert_string_equal(refused(&t, ""), "");
  tree_put(&t, "m1/moment.lua", block, (256 << 10) + 1);
  assert_string_equal(refused(&t, "m1/moment.lua: a Lua file has at most 256 KiB"), "m1/moment.lua");
  assert_int_equal(version(&t, "m1"), MD_EDENIED);
  assert_int_equal(version(&t, "m3"), 0);
  tree_put(&t, "m1/moment.lua", block, 1);
  tree_put(&t, "m1/a.jpg", block, 3 << 20);
  tree_put(&t, "m2/a.jpg", block, 3 << 20);
  assert_string_equal(refused(&t, ""), "");
  tree_put(&t, "m2/moment.lua", "", 0);
  tree_put(&t, "m2/sub/b.jpg", block, 2 << 20);
  tree_put(&t, "m2/sub/c.jpg", block, 2 << 20);
  assert_string_equal(refused(&t, "a folder has at most 4 MiB, and with m2/sub/b.jpg this one has more"), "m2");
  assert_int_equal(version(&t, "m2"), MD_EDENIED);
  assert_int_equal(version(&t, "m3"), 0);
  tree_put(&t, "m2/sub/b.jpg", block, 0);
  tree_put(&t, "m2/sub/c.jpg", block, (4 << 20) + 1);
  assert_string_equal(refused(&t, "this file alone has more"), "m2/sub/c.jpg");
  tree_close(&t);
  free(block);
}

static void tree_link(tree *t, const char *target, const char *path) {
  char link[300];
  snprintf(link, sizeof link, "%s/%s", t->root, path);
  assert_int_equal(symlink(target, link), 0);
}

static void test_what_cannot_be_read_costs_its_folder(void **state) {
  (void)state;
  tree t;
  tree_open(&t);
  tree_put(&t, "m1/moment.lua", "", 0);
  tree_put(&t, "m2/moment.lua", "", 0);
  tree_link(&t, "/etc/passwd", "m1/passwd");
  assert_string_equal(refused(&t, "/m1/passwd leads out of"), "m1/passwd");
  assert_null(md_source_find(&t.source, "m1/passwd"));
  assert_int_equal(version(&t, "m1"), MD_EDENIED);
  assert_non_null(strstr(t.err.text, "passwd"));
  assert_int_equal(version(&t, "m2"), 0);
  tree_link(&t, "nowhere", "events.lua");
  tree_link(&t, "nowhere", "m0"); // may have been a moment
  tree_link(&t, ".", "m3");
  assert_string_equal(refused(&t, "link"), "events.lua m0 m1/passwd m3");
  assert_string_equal(md_refusal_of_folder(t.source.refused, "m0")->path, "m0");
  assert_null(md_refusal_of_folder(t.source.refused, "m"));
  assert_null(md_refusal_of_folder(t.source.refused, "m2"));
  assert_int_equal(version(&t, "m2"), 0);
  tree_close(&t);
}

static void test_a_shared_file_costs_those_that_use_it(void **state) {
  (void)state;
  tree t;
  tree_open(&t);
  tree_put(&t, "m1/moment.lua", "\nrequire 'view'", 15);
  tree_put(&t, "m2/moment.lua", "require 'other'", 15);
  tree_put(&t, "shared/other.lua", "", 0);
  tree_link(&t, "nowhere", "shared/view.lua");
  assert_string_equal(refused(&t, "Cannot follow the symbolic link"), "shared/view.lua");
  assert_int_equal(version(&t, "m1"), MD_EDENIED);
  assert_non_null(strstr(t.err.text, "m1/moment.lua:2: shared/view.lua cannot be used: Cannot follow"));
  assert_int_equal(version(&t, "m2"), 0);
  tree_link(&t, "nowhere", "shared/layout.html"); // who uses it cannot be known
  assert_string_equal(refused(&t, "Cannot follow the symbolic link"), "shared/layout.html shared/view.lua");
  assert_int_equal(version(&t, "m2"), MD_EDENIED);
  assert_non_null(strstr(t.err.text, "shared/layout.html cannot be used, and every moment may use it: Cannot"));
  tree_close(&t);
}

static void test_a_missing_directory_is_told(void **state) {
  (void)state;
  md_arena *arena = md_arena_new(0);
  md_source source;
  md_error err = {0};
  assert_true(md_source_read("/nonexistent/scripts", arena, &source, &err) < 0);
  assert_non_null(strstr(err.text, "/nonexistent/scripts"));
  md_arena_free(arena);
}

static md_source_file files[] = {
    {"events.lua", "", 0},
    {"m1/copy.da.md", "Hej", 3},
    {"m1/moment.lua", "", 0},
    {"m1/moment_spec.lua", "require(computed)", 17},
    {"m1/own.lua", "return 1", 8},
    {"m2/moment.lua", "", 0},
    {"shared/a.lua", "return require 'b'", 18},
    {"shared/b.lua", "return require('a')", 19},
    {"shared/layout.html", "<p>", 3},
    {"shared/unused.lua", "x", 1},
};
static const md_source all = {.files = files, .count = 10};

static int version_of(const char *text, md_arena *arena, md_source *out, md_error *err) {
  files[2].data = text;
  files[2].len = strlen(text);
  return md_source_of_moment(&all, "m1", arena, out, err);
}

static void test_a_version_holds_what_it_requires(void **state) {
  (void)state;
  static const char *const expected[] = {"m1/copy.da.md", "m1/moment.lua", "m1/moment_spec.lua", "m1/own.lua",
                                         "shared/a.lua",  "shared/b.lua",  "shared/layout.html"};
  md_arena *arena = md_arena_new(0);
  md_source version;
  md_error err;
  int code = version_of("local moment, a = require 'moment', require [[a]] -- require(x)\nlocal s = 'require(y)'\n"
                        "t.require(z) t:require(z) local own = require(\"own\")",
                        arena, &version, &err);
  if (code) fail_msg("%s", err.text);
  assert_int_equal(version.count, 7);
  for (int i = 0; i < 7; i++)
    assert_string_equal(version.files[i].path, expected[i]);
  md_arena_free(arena);
}

static void test_S1_wrong_requires_are_refused(void **state) {
  (void)state;
  static const char *const wrong[][2] = {
      {"local x\nrequire(x)", "m1/moment.lua:2: require takes a name in quotes"},
      {"require('a' .. 'b')", "m1/moment.lua:1: require takes a name in quotes"},
      {"local r = require\nr 'a'", "require takes a name in quotes"},
      {"--[[\n]] require '../a'", "m1/moment.lua:2: the name of a module has only a-z, 0-9 and _: \"../a\""},
      {"require 'ovn'", "there is no module ovn: neither m1/ovn.lua nor shared/ovn.lua; did you mean own?"},
      {"require 'zzzzzzz'", "there is no module zzzzzzz"},
  };
  md_arena *arena = md_arena_new(0);
  md_source version;
  md_error err;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_equal(version_of(wrong[i][0], arena, &version, &err), MD_EINVAL);
    if (!strstr(err.text, wrong[i][1])) fail_msg("%s is not in %s", wrong[i][1], err.text);
  }
  assert_int_equal(md_source_of_moment(&all, "m3", arena, &version, &err), MD_ENOTFOUND);
  assert_non_null(strstr(err.text, "m3/moment.lua"));
  md_arena_free(arena);
}

static void test_the_digest_tells_contents_and_names(void **state) {
  (void)state;
  md_source_file one[] = {{"a", "bc", 2}}, two[] = {{"ab", "c", 1}}, three[] = {{"a", "bc", 2}};
  char x[65], y[65], z[65];
  md_source_digest(&(md_source){.files = one, .count = 1}, x);
  md_source_digest(&(md_source){.files = two, .count = 1}, y);
  md_source_digest(&(md_source){.files = three, .count = 1}, z);
  assert_int_equal(strlen(x), 64);
  assert_string_not_equal(x, y);
  assert_string_equal(x, z);
}

static void test_the_lexer_ends_on_anything(void **state) {
  (void)state;
  static const char *const odd[] = {
      "",         "'",     "\"\\", "[==[",   "--[[", "local", "local x <", "local x <close", "#!x\nlocal x <close> = 1",
      "1.5e3..x", "0x1p4", "[=",   "a.b...c"};
  static const int lines[] = {0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0};
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
    assert_int_equal(md_lexer_find_close(odd[i], strlen(odd[i])), lines[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_directory_is_read_sorted),
      cmocka_unit_test(test_S7_sizes_are_limited),
      cmocka_unit_test(test_what_cannot_be_read_costs_its_folder),
      cmocka_unit_test(test_a_shared_file_costs_those_that_use_it),
      cmocka_unit_test(test_a_missing_directory_is_told),
      cmocka_unit_test(test_a_version_holds_what_it_requires),
      cmocka_unit_test(test_S1_wrong_requires_are_refused),
      cmocka_unit_test(test_the_digest_tells_contents_and_names),
      cmocka_unit_test(test_the_lexer_ends_on_anything),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
