// SPDX-License-Identifier: Apache-2.0
// Databases that each schema left (tests/kept/schemas), made by the momentd of its time: each is migrated, is then like
// a fresh one, and its runs go on. The journals in them have every kind of step and of answer that there has been.
#include "base/file.h"
#include "engine/state.h"
#include "shop.h"
#include "store/internal.h"
#include "store/schema.h"
#include <dirent.h>
#include <unistd.h>

enum { KEPT_MAX = 100, TEXT_MAX = 8 << 20 };

static char names[KEPT_MAX][32]; // "01.sql", sorted
static int name_count;
static shop s;
static char path[64];

static int by_name(const void *a, const void *b) {
  return strcmp(a, b);
}

static int find_all(void **state) {
  (void)state;
  DIR *directory = opendir(MOMENTD_SOURCE_DIR "/tests/kept/schemas");
  assert_non_null(directory);
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
    if (strstr(entry->d_name, ".sql")) snprintf(names[name_count++], sizeof names[0], "%.31s", entry->d_name);
  closedir(directory);
  qsort(names, (size_t)name_count, sizeof names[0], by_name);
  snprintf(path, sizeof path, "/tmp/md-kept-%d", (int)getpid());
  return 0;
}

static int remove_files(void **state) {
  static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
  (void)state;
  for (int i = 0; i < 4; i++) {
    char name[80];
    snprintf(name, sizeof name, "%s%s", path, endings[i]);
    unlink(name);
  }
  return 0;
}

static void run_sql(sqlite3 *db, const char *text) {
  char *why = NULL;
  if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s", why);
}

static int64_t number(sqlite3 *db, const char *text) {
  sqlite3_stmt *stmt = NULL;
  int64_t found = 0;
  if (sqlite3_prepare_v2(db, text, -1, &stmt, NULL) != SQLITE_OK) fail_msg("%s: %s", text, sqlite3_errmsg(db));
  if (sqlite3_step(stmt) == SQLITE_ROW) found = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return found;
}

// Makes the database that was kept, not migrated yet; answers its engine time.
static md_micros make(const char *name) {
  char file[300];
  md_buffer text;
  md_error err = {0};
  sqlite3 *db = NULL;
  remove_files(NULL);
  snprintf(file, sizeof file, MOMENTD_SOURCE_DIR "/tests/kept/schemas/%s", name);
  md_buffer_init(&text);
  if (md_file_read(file, TEXT_MAX, &text, &err)) fail_msg("%s", err.text);
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  run_sql(db, text.data);
  assert_int_equal(number(db, "PRAGMA user_version"), atoi(name));
  md_micros time = number(db, "SELECT CAST(value AS INTEGER) FROM settings WHERE name = 'engine_time'");
  assert_true(time > 0);
  sqlite3_close(db);
  md_buffer_deinit(&text);
  return time;
}

// A description of everything in the schema, sorted.
static const char *shape_of(sqlite3 *db) {
  sqlite3_stmt *stmt = NULL;
  static const char sql[] =
      "SELECT group_concat(line, char(10)) FROM (SELECT type || ' ' || name || ' ' || tbl_name || ' '"
      " || coalesce(sql, '') AS line FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'"
      " ORDER BY type, name)";
  assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
  const char *shape = md_arena_strdup(s.arena, (const char *)sqlite3_column_text(stmt, 0));
  sqlite3_finalize(stmt);
  return shape;
}

static const char *fresh_shape(void) {
  md_store *fresh = NULL;
  md_error err = {0};
  if (md_store_open(&fresh, &(md_store_options){0}, &err)) fail_msg("%s", err.text);
  const char *shape = shape_of(fresh->db);
  md_store_close(fresh);
  return shape;
}

static void open_kept(const char *name) {
  md_micros now = make(name);
  shop_open_at(&s, path, 0, now + MD_SECOND);
  s.next_id = 1000;
}

static void test_each_schema_is_kept(void **state) {
  (void)state;
  bool kept[64] = {false};
  for (int i = 0; i < name_count; i++)
    kept[atoi(names[i]) % 64] = true;
  kept[8] = true; // no momentd had this schema: two migrations came at once
  for (int n = 1; n < md_schema_newest(); n++)
    if (!kept[n]) fail_msg("no database of schema %d is kept: tests/kept/keep makes one with the momentd before", n);
}

static void test_migrated_is_like_fresh(void **state) {
  (void)state;
  for (int i = 0; i < name_count; i++) {
    open_kept(names[i]);
    assert_string_equal(shape_of(s.store->db), fresh_shape());
    assert_int_equal(number(s.store->db, "PRAGMA user_version"), md_schema_newest());
    assert_int_equal(number(s.store->db, "PRAGMA foreign_key_check"), 0);
    assert_int_equal(number(s.store->db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"),
                     0);
    shop_close(&s);
  }
}

static const char *text_of_plan(void) {
  md_buffer text;
  md_error err = {0};
  md_buffer_init(&text);
  if (md_file_read(MOMENTD_SOURCE_DIR "/tests/kept/scripts/events.lua", TEXT_MAX, &text, &err))
    fail_msg("%s", err.text);
  const char *copy = md_arena_strndup(s.arena, text.data, text.len);
  md_buffer_deinit(&text);
  return copy;
}

// The shop's scripts are all gone, and its plan has changed, where the database remembers the one it had.
static void change_scripts(void) {
  bool remembers = number(s.store->db, "SELECT count(*) FROM settings WHERE name = 'plan_of_older_versions'") > 0 ||
                   number(s.store->db, "SELECT count(*) FROM version_files WHERE path = 'plan.json'") > 0;
  md_error err = {0};
  if (md_engine_recover(s.engine, shop_problem, &s, &err)) fail_msg("%s", err.text);
  shop_load(&s, "events.lua",
            remembers ? "return require 'plan'.define { person = { strong = { 'subject' } } }" : text_of_plan(),
            "other/moment.lua", "return require('moment').define { class = 'service', on = 'z', run = function() end }",
            NULL);
}

typedef struct names_of_runs {
  const char *moments[64];
  int64_t ids[64];
  int count;
} names_of_runs;

static int note_waiting(void *context, const md_run *run) {
  names_of_runs *all = context;
  if (run->state != MD_RUN_WAITING) return 0;
  all->ids[all->count] = run->id;
  all->moments[all->count++] = md_arena_strdup(s.arena, run->moment);
  return 0;
}

static void expect_ok(int64_t id, const char *moment, const char *name) {
  md_run run;
  assert_int_equal(md_runs_get(s.store, id, s.arena, &run, NULL), 0);
  if (run.state != MD_RUN_DONE || strcmp(run.outcome, "ok") != 0)
    fail_msg("%s: the run of %s is in state %d: %s", name, moment, run.state, run.reason ? run.reason : run.outcome);
}

// Each run that waits replays its journal, as this binary reads it, and goes on to its end. Its script compares what it
// is answered with what it was answered then.
static void test_R1_runs_go_on(void **state) {
  (void)state;
  for (int i = 0; i < name_count; i++) {
    names_of_runs all = {0};
    open_kept(names[i]);
    change_scripts();
    assert_int_equal(md_runs_list(s.store, &(md_run_filter){0}, note_waiting, &all, NULL), 0);
    assert_true(all.count >= 7);
    for (int r = 0; r < all.count; r++)
      shop_event(&s, "finish", all.moments[r], NULL);
    for (int r = 0; r < all.count; r++)
      expect_ok(all.ids[r], all.moments[r], names[i]);
    shop_close(&s);
  }
}

// What is answered, of which kinds of steps.
typedef struct kinds {
  bool steps[64], results[8];
} kinds;

static int note_journal(void *context, const md_run *run) {
  kinds *seen = context;
  md_journal_reader reader;
  md_entry entry;
  int rc;
  md_journal_read(&reader, run->journal, run->journal_len);
  while ((rc = md_journal_next(&reader, &entry)) == 1) {
    seen->steps[entry.kind] = true;
    seen->results[entry.result] = true;
  }
  if (rc) fail_msg("the journal of run %lld cannot be read", (long long)run->id);
  return 0;
}

static void test_R1_every_kind_of_step_is_kept(void **state) {
  (void)state;
  kinds seen = {{false}, {false}};
  for (int i = 0; i < name_count; i++) {
    open_kept(names[i]);
    assert_int_equal(md_runs_list(s.store, &(md_run_filter){0}, note_journal, &seen, NULL), 0);
    shop_close(&s);
  }
  for (int kind = 1; kind < 64; kind++)
    if (md_step_is_known((md_step_kind)kind) && !seen.steps[kind])
      fail_msg("no journal with m:%s is kept: add it to tests/kept/scripts and run tests/kept/keep",
               md_step_kind_name((md_step_kind)kind));
  for (int result = MD_RESULT_NIL; result <= MD_RESULT_SEEN; result++)
    if (!seen.results[result]) fail_msg("no journal with an answer of kind %d is kept", result);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_schema_is_kept),
      cmocka_unit_test(test_migrated_is_like_fresh),
      cmocka_unit_test(test_R1_runs_go_on),
      cmocka_unit_test(test_R1_every_kind_of_step_is_kept),
  };
  return cmocka_run_group_tests_name("kept", tests, find_all, remove_files);
}
