// SPDX-License-Identifier: Apache-2.0
// Opening, the one writer, readers, transactions, savepoints, migrations, settings, checkpoints: B1, B3.
#include "base/file.h"
#include "store/checkpoint.h"
#include "store/schema.h"
#include "store_fixture.h"
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int64_t count(store_fixture *f, md_store *store, const char *table) {
  int64_t n = md_store_count(store, table, &f->err);
  assert_true(n >= 0);
  return n;
}

static void test_the_file_is_for_its_owner_alone(void **state) {
  store_fixture *f = *state;
  struct stat info;
  char wal[128];
  snprintf(wal, sizeof wal, "%s-wal", f->path);
  assert_int_equal(stat(f->path, &info), 0);
  assert_int_equal(info.st_mode & 0777, 0600);
  assert_int_equal(stat(wal, &info), 0);
  assert_int_equal(info.st_mode & 0777, 0600);
}

static void test_a_second_writer_is_refused(void **state) {
  store_fixture *f = *state;
  md_store *second = NULL;
  md_store_options options = {.path = f->path};
  store_fixture_expect(f, MD_EBUSY, md_store_open(&second, &options, &f->err));
  assert_null(second);
  assert_non_null(strstr(f->err.text, "in use by process"));
}

static void test_a_second_name_lets_no_second_writer_in(void **state) {
  store_fixture *f = *state;
  md_store *second = NULL;
  char other[128];
  snprintf(other, sizeof other, "%s-other", f->path);
  md_store_options options = {.path = other};
  assert_int_equal(symlink(f->path, other), 0);
  store_fixture_expect(f, MD_EBUSY, md_store_open(&second, &options, &f->err));
  assert_non_null(strstr(f->err.text, "in use by process"));
  assert_int_equal(unlink(other), 0);
  assert_int_equal(link(f->path, other), 0);
  store_fixture_expect(f, MD_EDENIED, md_store_open(&second, &options, &f->err));
  assert_non_null(strstr(f->err.text, "one of 2 names"));
  assert_null(second);
  assert_int_equal(unlink(other), 0);
}

static void test_a_killed_writer_blocks_nobody(void **state) {
  store_fixture *f = *state;
  store_fixture_close(f);
  pid_t pid = fork();
  if (pid == 0) {
    store_fixture_open(f);
    store_fixture_begin(f);
    make_event(f->store, "lost", "t", 0, NULL, NULL);
    _exit(0);
  }
  int status = 0;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  store_fixture_open(f);
  assert_int_equal(count(f, f->store, "events"), 0);
}

static void test_a_missing_file_is_not_read(void **state) {
  store_fixture *f = *state;
  md_store *reader = NULL;
  md_store_options options = {.path = "/nonexistent/momentd.db", .read_only = true};
  store_fixture_expect(f, MD_ENOTFOUND, md_store_open(&reader, &options, &f->err));
  options.path = NULL;
  store_fixture_expect(f, MD_EINVAL, md_store_open(&reader, &options, &f->err));
}

static void test_a_reader_sees_what_is_committed(void **state) {
  store_fixture *f = *state;
  int64_t found = 0;
  md_event event;
  md_store *reader = store_fixture_reader(f);
  store_fixture_begin(f);
  make_event(f->store, "a", "t", 1, "order", "o1");
  make_person(f->store, "subject", "42");
  store_fixture_expect(f, MD_ENOTFOUND, md_people_find(reader, "subject", "42", &found, &f->err));
  store_fixture_commit(f);
  store_fixture_expect(f, 0, md_people_find(reader, "subject", "42", &found, &f->err));
  md_key order = {"order", "o1"};
  store_fixture_expect(f, 0, md_events_next_about(reader, order, 0, f->arena, &event, &f->err));
  store_fixture_begin(f);
  md_identity email = {"data.email", "a@b.dk", true};
  store_fixture_expect(f, 0, md_people_add_identity(f->store, 1, email, &f->err));
  store_fixture_commit(f);
  store_fixture_expect(f, 0, md_people_find(reader, "data.email", "a@b.dk", &found, &f->err));
  assert_int_equal(found, 1);
  assert_int_equal(md_events_last_seq(reader), 1);
  store_fixture_expect(f, MD_EDENIED, md_settings_set(reader, "x", "y", &f->err));
  md_store_close(reader);
}

static void test_a_reader_keeps_its_snapshot(void **state) {
  store_fixture *f = *state;
  md_store *reader = store_fixture_reader(f);
  store_fixture_expect(f, 0, md_store_begin(reader, &f->err));
  assert_int_equal(count(f, reader, "events"), 0);
  store_fixture_begin(f);
  make_event(f->store, "a", "t", 0, NULL, NULL);
  store_fixture_commit(f);
  assert_int_equal(count(f, reader, "events"), 0);
  store_fixture_expect(f, 0, md_store_commit(reader, &f->err));
  assert_int_equal(count(f, reader, "events"), 1);
  md_store_close(reader);
}

static void test_a_reader_needs_no_daemon(void **state) {
  store_fixture *f = *state;
  int64_t found = 0;
  store_fixture_begin(f);
  make_person(f->store, "subject", "42");
  store_fixture_commit(f);
  store_fixture_close(f);
  md_store *reader = store_fixture_reader(f);
  store_fixture_expect(f, 0, md_people_find(reader, "subject", "42", &found, &f->err));
  md_store_close(reader);
}

static void test_a_rollback_leaves_nothing(void **state) {
  store_fixture *f = *state;
  int64_t found = 0;
  assert_false(md_store_in_transaction(f->store));
  store_fixture_begin(f);
  assert_true(md_store_in_transaction(f->store));
  make_person(f->store, "subject", "42");
  md_store_rollback(f->store);
  assert_false(md_store_in_transaction(f->store));
  assert_int_equal(count(f, f->store, "people"), 0);
  store_fixture_expect(f, MD_ENOTFOUND, md_people_find(f->store, "subject", "42", &found, &f->err));
  store_fixture_begin(f);
  assert_int_equal(make_person(f->store, "subject", "43"), 1);
  store_fixture_commit(f);
}

// B1
static void test_a_turn_is_rolled_back_alone(void **state) {
  store_fixture *f = *state;
  int64_t found = 0;
  store_fixture_begin(f);
  make_person(f->store, "subject", "1");
  store_fixture_expect(f, 0, md_store_savepoint(f->store, &f->err));
  make_person(f->store, "subject", "2");
  store_fixture_expect(f, 0, md_store_savepoint(f->store, &f->err));
  make_person(f->store, "subject", "3");
  store_fixture_expect(f, 0, md_store_release(f->store, &f->err));
  store_fixture_expect(f, 0, md_store_rollback_to(f->store, &f->err));
  store_fixture_expect(f, 0, md_store_savepoint(f->store, &f->err));
  assert_int_equal(make_person(f->store, "subject", "4"), 2);
  store_fixture_expect(f, 0, md_store_release(f->store, &f->err));
  store_fixture_commit(f);
  store_fixture_expect(f, 0, md_people_find(f->store, "subject", "1", &found, &f->err));
  store_fixture_expect(f, MD_ENOTFOUND, md_people_find(f->store, "subject", "2", &found, &f->err));
  store_fixture_expect(f, MD_ENOTFOUND, md_people_find(f->store, "subject", "3", &found, &f->err));
  store_fixture_expect(f, 0, md_people_find(f->store, "subject", "4", &found, &f->err));
}

static void test_a_locked_database_is_busy(void **state) {
  store_fixture *f = *state;
  sqlite3 *other = NULL;
  assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK);
  assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
  store_fixture_expect(f, MD_EBUSY, md_store_begin(f->store, &f->err));
  assert_false(md_store_in_transaction(f->store));
  sqlite3_close(other);
  store_fixture_begin(f);
  md_store_rollback(f->store);
}

static int see_event_and_list(void *context, const md_event *event) {
  store_fixture *f = context;
  (void)event;
  return md_events_list(f->store, NULL, 0, 1, see_event_and_list, f, &f->err);
}

static void test_a_listing_within_itself_is_refused(void **state) {
  store_fixture *f = *state;
  store_fixture_begin(f);
  make_event(f->store, "a", "t", 0, NULL, NULL);
  store_fixture_commit(f);
  store_fixture_expect(f, MD_EBUSY, md_events_list(f->store, NULL, 0, 1, see_event_and_list, f, &f->err));
}

static void test_counting_takes_tables_only(void **state) {
  store_fixture *f = *state;
  assert_int_equal(md_store_count(f->store, "events; DROP TABLE events", &f->err), MD_EINVAL);
  assert_int_equal(count(f, f->store, "events"), 0);
  assert_int_equal(count(f, f->store, "stored_values"), 0);
}

static void test_probing_writes(void **state) {
  store_fixture *f = *state;
  store_fixture_expect(f, 0, md_store_probe(f->store, &f->err));
  assert_int_equal(count(f, f->store, "settings"), 0);
}

// B3
static void test_settings_are_kept(void **state) {
  store_fixture *f = *state;
  const char *text = NULL;
  int64_t number = 0;
  store_fixture_expect(f, MD_ENOTFOUND, md_settings_get(f->store, "a", f->arena, &text, &f->err));
  store_fixture_expect(f, MD_ENOTFOUND, md_settings_get_int(f->store, "a", &number, &f->err));
  store_fixture_expect(f, 0, md_settings_set(f->store, "a", "x", &f->err));
  store_fixture_expect(f, 0, md_settings_set_int(f->store, "engine_time", INT64_MIN, &f->err));
  store_fixture_expect(f, 0, md_settings_set_int(f->store, "engine_time", INT64_MAX, &f->err));
  store_fixture_close(f);
  store_fixture_open(f);
  store_fixture_expect(f, 0, md_settings_get(f->store, "a", f->arena, &text, &f->err));
  assert_string_equal(text, "x");
  store_fixture_expect(f, 0, md_settings_get_int(f->store, "engine_time", &number, &f->err));
  assert_int_equal(number, INT64_MAX);
}

static void execute(const char *path, const char *sql) {
  sqlite3 *db = NULL;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
}

static void read_whole(store_fixture *f, md_buffer *out) {
  md_buffer_init(out);
  store_fixture_expect(f, 0, md_file_read(f->path, SIZE_MAX / 2, out, &f->err));
}

static void test_a_newer_schema_is_refused_untouched(void **state) {
  store_fixture *f = *state;
  md_buffer before, after;
  store_fixture_close(f);
  execute(f->path, "PRAGMA user_version = 77");
  read_whole(f, &before);
  md_store_options options = {.path = f->path};
  store_fixture_expect(f, MD_EUNSUPPORTED, md_store_open(&f->store, &options, &f->err));
  assert_non_null(strstr(f->err.text, "schema 77"));
  options.read_only = true;
  store_fixture_expect(f, MD_EUNSUPPORTED, md_store_open(&f->store, &options, &f->err));
  read_whole(f, &after);
  assert_int_equal(before.len, after.len);
  assert_memory_equal(before.data, after.data, before.len);
  md_buffer_deinit(&before);
  md_buffer_deinit(&after);
}

static void test_another_programs_database_is_refused(void **state) {
  store_fixture *f = *state;
  md_store *other = NULL;
  char path[128];
  snprintf(path, sizeof path, "%s/other.db", f->directory);
  execute(path, "CREATE TABLE t(a)");
  md_store_options options = {.path = path};
  store_fixture_expect(f, MD_EINVAL, md_store_open(&other, &options, &f->err));
  store_fixture_expect(f, 0, md_file_write(path, "not a database, but long enough to be read", 42, false, &f->err));
  store_fixture_expect(f, MD_ECORRUPT, md_store_open(&other, &options, &f->err));
}

static char *schema_text(const char *path) {
  sqlite3 *db = NULL;
  sqlite3_stmt *stmt = NULL;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  const char *sql = "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_schema ORDER BY name)";
  assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
  char *text = strdup((const char *)sqlite3_column_text(stmt, 0));
  sqlite3_finalize(stmt);
  sqlite3_close(db);
  return text;
}

static void open_at_schema(store_fixture *f, const char *path, int version, const char *expected) {
  sqlite3 *db = NULL;
  md_store *store = NULL;
  md_store_options options = {.path = path, .read_only = true};
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  store_fixture_expect(f, 0, md_schema_migrate(db, path, version, &f->err));
  sqlite3_close(db);
  int code = version < md_schema_newest() ? MD_EUNSUPPORTED : 0;
  store_fixture_expect(f, code, md_store_open(&store, &options, &f->err));
  md_store_close(store);
  options.read_only = false;
  store_fixture_expect(f, 0, md_store_open(&store, &options, &f->err));
  md_store_close(store);
  char *text = schema_text(path);
  assert_string_equal(text, expected);
  free(text);
}

static void test_every_older_schema_is_migrated(void **state) {
  store_fixture *f = *state;
  store_fixture_close(f);
  char *newest = schema_text(f->path);
  for (int version = 0; version <= md_schema_newest(); version++) {
    char path[128];
    snprintf(path, sizeof path, "%s/schema-%d.db", f->directory, version);
    open_at_schema(f, path, version, newest);
  }
  free(newest);
}

static int64_t wal_size(store_fixture *f) {
  struct stat info;
  char wal[128];
  snprintf(wal, sizeof wal, "%s-wal", f->path);
  return stat(wal, &info) ? 0 : info.st_size;
}

static void write_events(store_fixture *f, int batches) {
  for (int i = 0; i < batches; i++) {
    store_fixture_begin(f);
    for (int k = 0; k < 100; k++)
      make_event(f->store, "e", "t", 0, "order", "o1");
    store_fixture_commit(f);
  }
}

static void test_the_checkpointer_makes_the_wal_begin_again(void **state) {
  store_fixture *f = *state;
  md_checkpointer *checkpointer = NULL;
  write_events(f, 200);
  int64_t size = wal_size(f);
  assert_true(size > 1000 * 4096);
  store_fixture_expect(f, 0, md_checkpointer_start(&checkpointer, f->path, &f->err));
  md_checkpointer_nudge(checkpointer);
  for (int i = 0; i < 100; i++) {
    struct stat info;
    assert_int_equal(stat(f->path, &info), 0);
    if (info.st_size > 1000 * 1000) break;
    usleep(20000);
  }
  md_checkpointer_stop(checkpointer);
  md_checkpointer_stop(NULL);
  write_events(f, 20);
  assert_int_equal(wal_size(f), size);
  assert_int_equal(count(f, f->store, "events"), 22000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, store_fixture_setup, store_fixture_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_the_file_is_for_its_owner_alone),
      TEST(test_a_second_writer_is_refused),
      TEST(test_a_second_name_lets_no_second_writer_in),
      TEST(test_a_killed_writer_blocks_nobody),
      TEST(test_a_missing_file_is_not_read),
      TEST(test_a_reader_sees_what_is_committed),
      TEST(test_a_reader_keeps_its_snapshot),
      TEST(test_a_reader_needs_no_daemon),
      TEST(test_a_rollback_leaves_nothing),
      TEST(test_a_turn_is_rolled_back_alone),
      TEST(test_a_locked_database_is_busy),
      TEST(test_a_listing_within_itself_is_refused),
      TEST(test_counting_takes_tables_only),
      TEST(test_probing_writes),
      TEST(test_settings_are_kept),
      TEST(test_a_newer_schema_is_refused_untouched),
      TEST(test_another_programs_database_is_refused),
      TEST(test_every_older_schema_is_migrated),
      TEST(test_the_checkpointer_makes_the_wal_begin_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
