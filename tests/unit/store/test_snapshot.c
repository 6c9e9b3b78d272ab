// SPDX-License-Identifier: Apache-2.0
// Copies of databases: whole while somebody writes, for their owner alone, and never over another file.
#include "store/internal.h"
#include "store/schema.h"
#include "store/snapshot.h"
#include "store_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *copy_path(store_fixture *f) {
  return md_arena_printf(f->arena, "%s.copy", f->path);
}

static void test_a_copy_has_what_was_committed(void **state) {
  store_fixture *f = *state;
  const char *copy = copy_path(f);
  struct stat about;
  int schema = 0;
  store_fixture_begin(f);
  make_event(f->store, "e1", "a", 1, "order", "o1");
  store_fixture_commit(f);
  store_fixture_begin(f); // not committed while the copy is made
  make_event(f->store, "e2", "a", 1, "order", "o1");
  store_fixture_expect(f, 0, md_snapshot_schema(f->path, &schema, &f->err));
  assert_int_equal(schema, md_schema_newest());
  store_fixture_expect(f, 0, md_snapshot_write(f->path, copy, &f->err));
  md_store_rollback(f->store);
  assert_int_equal(stat(copy, &about), 0);
  assert_int_equal(about.st_mode & 0777, 0600);
  md_store *opened = NULL;
  store_fixture_expect(f, 0, md_store_open(&opened, &(md_store_options){.path = copy, .unsynced = true}, &f->err));
  assert_int_equal(md_store_count(opened, "events", &f->err), 1);
  md_store_close(opened);
  unlink(copy);
}

static void test_what_is_there_stays(void **state) {
  store_fixture *f = *state;
  const char *copy = copy_path(f);
  FILE *file = fopen(copy, "w");
  assert_non_null(file);
  fputs("kept", file);
  fclose(file);
  store_fixture_expect(f, MD_EIO, md_snapshot_write(f->path, copy, &f->err));
  assert_non_null(strstr(f->err.text, copy));
  char text[8] = "";
  file = fopen(copy, "r");
  assert_int_equal(fread(text, 1, sizeof text - 1, file), 4);
  fclose(file);
  assert_string_equal(text, "kept");
  unlink(copy);
}

static void test_what_cannot_be_copied(void **state) {
  store_fixture *f = *state;
  int schema = 0;
  const char *copy = copy_path(f), *missing = md_arena_printf(f->arena, "%s.none", f->path);
  store_fixture_expect(f, MD_ENOTFOUND, md_snapshot_write(missing, copy, &f->err));
  store_fixture_expect(f, MD_ENOTFOUND, md_snapshot_schema(missing, &schema, &f->err));
  assert_int_equal(sqlite3_exec(f->store->db, "PRAGMA user_version = 999", NULL, NULL, NULL), SQLITE_OK);
  store_fixture_expect(f, MD_EUNSUPPORTED, md_snapshot_write(f->path, copy, &f->err));
  assert_non_null(strstr(f->err.text, "999"));
  assert_int_not_equal(access(copy, F_OK), 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, store_fixture_setup_unsynced, store_fixture_teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_a_copy_has_what_was_committed),
      TEST(test_what_is_there_stays),
      TEST(test_what_cannot_be_copied),
  };
  return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
