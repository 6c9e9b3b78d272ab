// SPDX-License-Identifier: Apache-2.0
// Tests of file.c: reading, replacing, making directories, walking them.
#include "base/alloc.h"
#include "base/file.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[64];

static int enter(void **state) {
  (void)state;
  strcpy(root, "/tmp/md-file-XXXXXX");
  return mkdtemp(root) && chdir(root) == 0 ? 0 : -1;
}

static int leave(void **state) {
  (void)state;
  md_alloc_fail_after(0, 0);
  char command[100];
  snprintf(command, sizeof command, "rm -rf '%s'", root);
  return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static void put(const char *path, const char *text) {
  md_error err = {0};
  if (md_file_write(path, text, strlen(text), false, &err)) fail_msg("%s", err.text);
}

static void writes_and_reads(void **state) {
  (void)state;
  md_buffer out;
  md_buffer_init(&out);
  md_error err;
  assert_int_equal(md_file_write("a", "x\0y", 3, true, &err), 0);
  md_buffer_puts(&out, "before ");
  assert_int_equal(md_file_read("a", 3, &out, &err), 0);
  assert_int_equal(out.len, 10);
  assert_memory_equal(out.data, "before x\0y", 11);
  put("a", "replaced"); // and by an absolute path
  char path[100];
  snprintf(path, sizeof path, "%s/a", root);
  md_buffer_clear(&out);
  assert_int_equal(md_file_read(path, 100, &out, &err), 0);
  assert_string_equal(out.data, "replaced");
  put("empty", "");
  md_buffer_clear(&out);
  assert_int_equal(md_file_read("empty", 0, &out, &err), 0);
  assert_int_equal(out.len, 0);
  struct stat status;
  assert_int_equal(stat("a", &status), 0);
  assert_int_equal(status.st_mode & 07777, 0600); // what is written has somebody's mail
  md_buffer_deinit(&out);
}

static void reads_what_has_no_size(void **state) {
  (void)state;
  md_buffer out;
  md_buffer_init(&out);
  assert_int_equal(md_file_read("/proc/self/status", 1 << 20, &out, NULL), 0);
  assert_true(out.len > 100);
  md_buffer_clear(&out);
  assert_int_equal(md_file_read("/proc/self/status", 10, &out, NULL), MD_ETOOBIG);
  assert_int_equal(out.len, 0);
  md_buffer_deinit(&out);
}

static void reading_refuses(void **state) {
  (void)state;
  md_buffer out;
  md_buffer_init(&out);
  md_buffer_puts(&out, "kept");
  md_error err;
  put("four", "1234");
  assert_int_equal(md_file_read("four", 3, &out, &err), MD_ETOOBIG);
  assert_non_null(strstr(err.text, "four"));
  assert_int_equal(md_file_read("missing", 3, &out, &err), MD_ENOTFOUND);
  assert_non_null(strstr(err.text, "missing"));
  assert_int_equal(md_file_read("four/below", 3, &out, NULL), MD_ENOTFOUND);
  assert_int_equal(md_file_read(".", 3, &out, &err), MD_EINVAL);
  assert_int_equal(mkfifo("pipe", 0600), 0);
  assert_int_equal(md_file_read("pipe", 3, &out, &err), MD_EINVAL);
  md_alloc_fail_after(1, 1);
  md_buffer small;
  md_buffer_init(&small);
  assert_int_equal(md_file_read("four", 4, &small, &err), MD_ENOMEM);
  md_alloc_fail_after(0, 0);
  assert_string_equal(out.data, "kept");
  md_buffer_deinit(&small);
  md_buffer_deinit(&out);
}

static int count_entries(void *context, const char *relative, const char *path) {
  (void)relative;
  (void)path;
  ++*(int *)context;
  return 0;
}

static void failed_writes_leave_nothing(void **state) {
  (void)state;
  md_error err;
  assert_int_equal(md_file_write("missing/a", "x", 1, false, &err), MD_ENOTFOUND);
  assert_int_equal(md_directory_make("d/in", 0755, &err), 0);
  assert_int_not_equal(md_file_write("d", "x", 1, true, &err), 0); // a directory stands there
  md_alloc_fail_after(1, 0);
  assert_int_equal(md_file_write("a", "x", 1, false, &err), MD_ENOMEM);
  assert_int_equal(system("test -z \"$(find . -name '*.tmp')\""), 0);
  assert_int_equal(access("a", F_OK), -1);
}

static void makes_directories(void **state) {
  (void)state;
  md_error err;
  struct stat about;
  mode_t mask = umask(077);
  assert_int_equal(md_directory_make("x/y//z/", 0750, &err), 0);
  umask(mask);
  assert_int_equal(stat("x/y/z", &about), 0);
  assert_int_equal(about.st_mode & 0777, 0750);
  assert_int_equal(md_directory_make("x/y/z", 0700, &err), 0);
  assert_int_equal(stat("x/y/z", &about), 0);
  assert_int_equal(about.st_mode & 0777, 0750); // what is there stays as it is
  assert_int_equal(md_directory_make("/", 0755, &err), 0);
  assert_int_equal(md_directory_make("", 0755, &err), MD_EINVAL);
  put("file", "");
  assert_int_equal(md_directory_make("file", 0755, &err), MD_EEXISTS);
  assert_int_equal(md_directory_make("file/below", 0755, &err), MD_EEXISTS);
  assert_int_equal(symlink("x", "link"), 0);
  assert_int_equal(md_directory_make("link/new", 0755, &err), 0);
  md_alloc_fail_after(1, 0);
  assert_int_equal(md_directory_make("w", 0755, &err), MD_ENOMEM);
}

static int note(void *context, const char *relative, const char *path) {
  md_buffer_printf(context, "%s ", relative);
  return access(path, R_OK) == 0 ? 0 : MD_EIO;
}

static int tell(void *context, const char *relative, const md_error *why) {
  assert_non_null(strstr(why->text, relative));
  md_buffer_printf(context, "(%s) ", relative);
  return 0;
}

static int stop(void *context, const char *relative, const md_error *why) {
  (void)context, (void)relative, (void)why;
  return 78;
}

static int stop_at_b(void *context, const char *relative, const char *path) {
  note(context, relative, path);
  return strcmp(relative, "b") == 0 ? 77 : 0;
}

static void walks_in_bytewise_order(void **state) {
  (void)state;
  md_error err;
  assert_int_equal(md_directory_make("r/a/deep/er", 0755, &err), 0);
  assert_int_equal(md_directory_make("r/.git", 0755, &err), 0);
  assert_int_equal(md_directory_make("r/hollow", 0755, &err), 0);
  static const char *const files[] = {"r/b",           "r/a-b",       "r/a/x",   "r/a/deep/er/y", "r/Z",
                                      "r/.git/config", "r/a/.hidden", "r/a.lua", "r/\xC3\xA9"};
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
    put(files[i], "");
  assert_int_equal(mkfifo("r/pipe", 0600), 0);
  md_buffer seen;
  md_buffer_init(&seen);
  assert_int_equal(md_directory_walk("r", note, tell, &seen, &err), 0);
  assert_string_equal(seen.data, "Z a-b a.lua a/deep/er/y a/x b \xC3\xA9 ");
  md_buffer_clear(&seen);
  assert_int_equal(md_directory_walk("r", stop_at_b, NULL, &seen, &err), 77);
  assert_string_equal(seen.data, "Z a-b a.lua a/deep/er/y a/x b ");
  int count = 0;
  assert_int_equal(md_directory_walk("r/hollow", count_entries, NULL, &count, &err), 0);
  assert_int_equal(count, 0);
  assert_int_equal(md_directory_walk("missing", note, NULL, &seen, &err), MD_ENOTFOUND);
  assert_int_equal(md_directory_walk("r/b", note, NULL, &seen, &err), MD_ENOTFOUND);
  md_buffer_deinit(&seen);
}

static void links_stay_inside(void **state) {
  (void)state;
  md_error err;
  assert_int_equal(md_directory_make("r/sub", 0755, &err), 0);
  assert_int_equal(md_directory_make("r2", 0755, &err), 0);
  put("r/sub/f", "");
  put("r2/outside", "");
  md_buffer seen;
  md_buffer_init(&seen);
  assert_int_equal(symlink("sub/f", "r/link"), 0);
  assert_int_equal(symlink("sub", "r/other"), 0);
  assert_int_equal(md_directory_walk("r", note, NULL, &seen, &err), 0);
  assert_string_equal(seen.data, "link other/f sub/f ");
  assert_int_equal(symlink("r", "to-r"), 0); // the root may be a link itself
  md_buffer_clear(&seen);
  assert_int_equal(md_directory_walk("to-r", note, NULL, &seen, &err), 0);
  assert_string_equal(seen.data, "link other/f sub/f ");

  static const struct {
    const char *target;
    int code;
  } bad[] = {
      {"../r2/outside", MD_EDENIED}, // also a sibling whose name begins alike
      {"../r2", MD_EDENIED},         {"..", MD_EDENIED}, {"/etc/passwd", MD_EDENIED},
      {"nowhere", MD_ENOTFOUND},     {".", MD_EINVAL},   {"bad", MD_EDENIED},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_int_equal(symlink(bad[i].target, "r/bad"), 0);
    int code = md_directory_walk("r", note, NULL, &seen, &err);
    if (code != bad[i].code) fail_msg("%s: %d %s", bad[i].target, code, err.text);
    assert_non_null(strstr(err.text, "r/bad"));
    md_buffer_clear(&seen);
    assert_int_equal(md_directory_walk("r", note, tell, &seen, &err), 0);
    assert_string_equal(seen.data, "(bad) link other/f sub/f ");
    assert_int_equal(md_directory_walk("r", note, stop, &seen, &err), 78);
    assert_int_equal(unlink("r/bad"), 0);
  }
  assert_int_equal(md_directory_walk("missing", note, tell, &seen, &err), MD_ENOTFOUND); // the root itself
  md_buffer_deinit(&seen);
}

static void every_failed_allocation_of_a_walk(void **state) {
  (void)state;
  md_error err;
  assert_int_equal(md_directory_make("r/sub", 0755, &err), 0);
  char name[32];
  for (int i = 0; i < 100; i++) {
    snprintf(name, sizeof name, "r/%s%d", i % 2 ? "sub/" : "", i);
    put(name, "");
  }
  int code = MD_ENOMEM;
  for (long n = 1; code == MD_ENOMEM; n++) {
    int count = 0;
    md_alloc_fail_after(n, 0);
    code = md_directory_walk("r", count_entries, NULL, &count, &err);
    md_alloc_fail_after(0, 0);
    assert_int_equal(count, code ? 0 : 100);
    assert_true(n < 1000);
  }
  assert_int_equal(code, 0);
}

static void creates_once(void **state) {
  (void)state;
  struct stat about;
  md_error err;
  md_buffer out;
  md_buffer_init(&out);
  mode_t before = umask(0277);
  assert_int_equal(md_file_create("a", "x\0y", 3, 0640, &err), 0);
  umask(before);
  assert_int_equal(stat("a", &about), 0);
  assert_int_equal(about.st_mode & 07777, 0640); // whatever the umask
  assert_int_equal(md_file_create("a", "other", 5, 0600, &err), MD_EEXISTS);
  assert_int_equal(md_file_read("a", 100, &out, &err), 0);
  assert_memory_equal(out.data, "x\0y", 4);
  assert_int_equal(md_file_create("missing/a", "x", 1, 0600, &err), MD_ENOTFOUND);
  assert_int_equal(system("test \"$(ls -A)\" = a"), 0); // nothing is left of the making
  md_buffer_deinit(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(writes_and_reads, enter, leave),
      cmocka_unit_test_setup_teardown(creates_once, enter, leave),
      cmocka_unit_test_setup_teardown(reads_what_has_no_size, enter, leave),
      cmocka_unit_test_setup_teardown(reading_refuses, enter, leave),
      cmocka_unit_test_setup_teardown(failed_writes_leave_nothing, enter, leave),
      cmocka_unit_test_setup_teardown(makes_directories, enter, leave),
      cmocka_unit_test_setup_teardown(walks_in_bytewise_order, enter, leave),
      cmocka_unit_test_setup_teardown(links_stay_inside, enter, leave),
      cmocka_unit_test_setup_teardown(every_failed_allocation_of_a_walk, enter, leave),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
