// SPDX-License-Identifier: Apache-2.0
// Fault loops: the Nth write fails, the Nth sync fails, the Nth allocation fails. After a rollback the database is
// whole and holds exactly what was committed: B1.
#include "base/alloc.h"
#include "fault_vfs.h"
#include "store/internal.h"
#include "store_fixture.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { BATCHES = 4, SIZE = 30, SOME = 1000 };

static int insert_one(md_store *store, int n, md_error *err) {
  char id[16], text[24];
  int64_t person = 0;
  snprintf(id, sizeof id, "e%d", n);
  md_identity identity = {"subject", id, true};
  int code = md_people_insert(store, &identity, 1, 1, &person, err);
  snprintf(text, sizeof text, "%d", (int)person);
  md_event event = {.id = id, .source = "shop", .type = "t", .person = person, .keys = {{"order", id}}, .key_count = 1};
  md_thing thing = {.kind = "order", .value = id, .parent_kind = "person", .parent_value = text};
  md_run run = {.moment = "m", .state = MD_RUN_WAITING, .person = person, .about = {"order", id}, .due_at = 5};
  if (!code) code = md_events_insert(store, &event, err);
  if (!code) code = md_things_insert(store, &thing, err);
  if (!code) code = md_runs_insert(store, &run, err);
  return code;
}

static int write_batch(md_store *store, int batch, md_error *err) {
  int code = md_store_begin(store, err);
  if (code) return code;
  for (int i = 0; i < SIZE && !code; i++)
    code = insert_one(store, batch * SIZE + i, err);
  if (!code) return md_store_commit(store, err);
  // Nothing more is taken until the rollback, and a commit rolls back.
  if (code == MD_EFULL || code == MD_EIO) assert_int_not_equal(md_settings_set(store, "a", "b", err), 0);
  md_error commit_err;
  if (code == MD_ENOMEM || batch % 2)
    md_store_rollback(store);
  else
    assert_int_equal(md_store_commit(store, &commit_err), code);
  return code;
}

// Writes batches until one fails; answers how many were committed.
static int write_batches(md_store *store, int from, md_error *err, int *code) {
  int batch = from;
  *code = 0;
  while (batch < BATCHES && !(*code = write_batch(store, batch, err)))
    batch++;
  return batch;
}

static void check_whole(store_fixture *f, int batches) {
  uint8_t digest[MD_EVENT_DIGEST_SIZE];
  int64_t row;
  char id[16];
  sqlite3_stmt *stmt = NULL;
  assert_false(md_store_in_transaction(f->store));
  assert_int_equal(sqlite3_prepare_v2(f->store->db, "PRAGMA integrity_check", -1, &stmt, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
  assert_string_equal((const char *)sqlite3_column_text(stmt, 0), "ok");
  sqlite3_finalize(stmt);
  assert_int_equal(md_store_count(f->store, "events", &f->err), batches * SIZE);
  assert_int_equal(md_store_count(f->store, "runs", &f->err), batches * SIZE);
  for (int i = 0; i < BATCHES * SIZE; i++) {
    int expected = i < batches * SIZE ? 0 : MD_ENOTFOUND;
    snprintf(id, sizeof id, "e%d", i);
    store_fixture_expect(f, expected, md_people_find(f->store, "subject", id, &row, &f->err));
    store_fixture_expect(f, expected, md_events_find_id(f->store, "shop", id, &row, digest, &f->err));
  }
}

static void start_afresh(store_fixture *f) {
  char wal[128];
  store_fixture_close(f);
  unlink(f->path);
  snprintf(wal, sizeof wal, "%s-wal", f->path);
  unlink(wal);
}

// One run with the Nth write failing; false when N is past the last write.
static bool fail_nth_write(store_fixture *f, fault_kind kind, int n, bool forever) {
  int code = 0, expected = kind == FAULT_WRITE_FULL ? MD_EFULL : MD_EIO;
  start_afresh(f);
  store_fixture_open(f);
  fault_vfs_arm(kind, n, forever);
  int done = write_batches(f->store, 0, &f->err, &code);
  bool given = fault_vfs_disarm();
  if (!given) return false;
  store_fixture_expect(f, expected, code);
  check_whole(f, done);
  assert_int_equal(write_batches(f->store, done, &f->err, &code), BATCHES);
  check_whole(f, BATCHES);
  store_fixture_close(f);
  store_fixture_open(f);
  check_whole(f, BATCHES);
  return true;
}

static void loop_over_writes(store_fixture *f, fault_kind kind, bool forever) {
  int n = 1;
  while (n < SOME && fail_nth_write(f, kind, n, forever))
    n++;
  assert_true(n > BATCHES && n < SOME); // a commit is one write to the WAL
}

static void test_the_nth_write_fails(void **state) {
  loop_over_writes(*state, FAULT_WRITE_IOERR, false);
}

static void test_the_disk_is_full_from_the_nth_write_on(void **state) {
  loop_over_writes(*state, FAULT_WRITE_FULL, true);
}

static void test_opening_survives_the_nth_write(void **state) {
  store_fixture *f = *state;
  md_store_options options = {.path = f->path};
  for (int n = 1; n < SOME; n++) {
    start_afresh(f);
    fault_vfs_arm(FAULT_WRITE_FULL, n, true);
    int code = md_store_open(&f->store, &options, &f->err);
    if (!fault_vfs_disarm()) return;
    if (code) {
      store_fixture_expect(f, MD_EFULL, code);
      assert_null(f->store);
      store_fixture_open(f);
    }
    check_whole(f, 0);
  }
  fail();
}

static void write_in_child(store_fixture *f, int n) {
  md_error err;
  int code = 0;
  md_store_options options = {.path = f->path};
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  signal(SIGABRT, SIG_DFL);
  if (freopen("/dev/null", "w", stderr) == NULL || md_store_open(&f->store, &options, &err)) _exit(3);
  fault_vfs_arm(FAULT_SYNC, n, false);
  int done = write_batches(f->store, 0, &err, &code);
  _exit(done == BATCHES && !code && !fault_vfs_disarm() ? 0 : 4);
}

// B1: what a failed fsync left on the disk is not known, so the process ends; a new one finds whole batches.
static void test_a_failed_fsync_ends_the_process(void **state) {
  store_fixture *f = *state;
  for (int n = 1; n < SOME; n++) {
    start_afresh(f);
    pid_t pid = fork();
    if (pid == 0) write_in_child(f, n);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    store_fixture_open(f);
    int64_t rows = md_store_count(f->store, "events", &f->err);
    assert_int_equal(rows % SIZE, 0);
    check_whole(f, (int)(rows / SIZE));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_true(rows >= (n - 2) * SIZE);
  }
  fail();
}

static void test_the_nth_allocation_fails(void **state) {
  store_fixture *f = *state;
  for (int n = 1; n < SOME; n++) {
    int code = 0;
    start_afresh(f);
    store_fixture_open(f);
    md_alloc_fail_after(0, 0);
    md_alloc_fail_after(n, 0);
    int done = write_batches(f->store, 0, &f->err, &code);
    long made = md_alloc_fail_after(0, 0);
    if (made < n) return;
    if (code) store_fixture_expect(f, MD_ENOMEM, code);
    check_whole(f, done);
    assert_int_equal(write_batches(f->store, done, &f->err, &code), BATCHES);
    check_whole(f, BATCHES);
    if (n > 40) n += 9;
  }
}

static int setup_with_faults(void **state) {
  fault_vfs_install();
  return store_fixture_setup(state);
}

static int teardown_with_faults(void **state) {
  int code = store_fixture_teardown(state);
  fault_vfs_remove();
  return code;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_with_faults, teardown_with_faults)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_the_nth_write_fails),
      TEST(test_the_disk_is_full_from_the_nth_write_on),
      TEST(test_opening_survives_the_nth_write),
      TEST(test_a_failed_fsync_ends_the_process),
      TEST(test_the_nth_allocation_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
