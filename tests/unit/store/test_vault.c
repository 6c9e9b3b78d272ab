// SPDX-License-Identifier: Apache-2.0
// Tests of vault.c and keyring.c: sealed, opened for an hour, forgotten without a trace (X1).
#include "base/alloc.h"
#include "base/file.h"
#include "store/keyring.h"
#include "store/vault.h"
#include "store_fixture.h"
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

#define NOW (1000 * MD_SECOND)
#define HOUR (MD_VAULT_SECONDS * MD_SECOND)

typedef struct sealed {
  const void *bytes;
  size_t len;
} sealed;

static md_master_key *key_of(store_fixture *f, const char *name) {
  char path[160];
  md_master_key *key = NULL;
  snprintf(path, sizeof path, "%s/%s", f->directory, name);
  store_fixture_expect(f, 0, md_master_key_open(&key, f->path, path, &f->err));
  return key;
}

static void open_vault(store_fixture *f) {
  md_master_key *key = key_of(f, "key");
  store_fixture_expect(f, 0, md_vault_open(f->store, key, &f->err));
  md_master_key_free(key);
}

static sealed seal(store_fixture *f, int64_t event, md_micros now, const char *text) {
  sealed out = {0};
  store_fixture_expect(
      f, 0, md_vault_seal(f->store, event, now, "[\"link\"]", text, f->arena, &out.bytes, &out.len, &f->err));
  return out;
}

static const char *unseal(store_fixture *f, int64_t event, md_micros now, sealed all, int expected) {
  const char *text = NULL;
  store_fixture_expect(f, expected,
                       md_vault_unseal(f->store, event, now, all.bytes, all.len, f->arena, &text, &f->err));
  return expected ? NULL : text;
}

static void test_X1_opened_for_an_hour(void **state) {
  store_fixture *f = *state;
  const char *shown;
  open_vault(f);
  store_fixture_begin(f);
  sealed all = seal(f, 7, NOW, "{\"link\":\"very secret\"}");
  assert_null(memmem(all.bytes, all.len, "secret", 6));
  assert_string_equal(unseal(f, 7, NOW, all, 0), "{\"link\":\"very secret\"}"); // before the commit
  store_fixture_commit(f);
  assert_string_equal(unseal(f, 7, NOW + HOUR - 1, all, 0), "{\"link\":\"very secret\"}");
  unseal(f, 7, NOW + HOUR, all, MD_ENOTFOUND);
  assert_int_equal(md_vault_due(f->store), NOW + HOUR);
  store_fixture_expect(f, 0, md_vault_shown(all.bytes, all.len, f->arena, &shown, &f->err));
  assert_string_equal(shown, "[\"link\"]");
}

static void test_X1_keys_outlive_a_crash(void **state) {
  store_fixture *f = *state;
  open_vault(f);
  store_fixture_begin(f);
  sealed all = seal(f, 7, NOW, "x");
  store_fixture_commit(f);
  store_fixture_close(f);
  store_fixture_open(f);
  open_vault(f);
  assert_int_equal(md_vault_count(f->store), 1);
  assert_string_equal(unseal(f, 7, NOW, all, 0), "x");
}

static void test_B1_a_rollback_takes_its_keys(void **state) {
  store_fixture *f = *state;
  open_vault(f);
  store_fixture_begin(f);
  sealed all = seal(f, 7, NOW, "x");
  md_store_rollback(f->store);
  assert_int_equal(md_vault_count(f->store), 0);
  unseal(f, 7, NOW, all, MD_ENOTFOUND);
  store_fixture_begin(f);
  sealed again = seal(f, 7, NOW, "y"); // the number is given again
  store_fixture_commit(f);
  unseal(f, 7, NOW, all, MD_ECORRUPT);
  assert_string_equal(unseal(f, 7, NOW, again, 0), "y");
}

static void read_keys(store_fixture *f, md_buffer *out) {
  char path[160];
  snprintf(path, sizeof path, "%s.keys", f->path);
  md_buffer_clear(out);
  store_fixture_expect(f, 0, md_file_read(path, 1 << 20, out, &f->err));
}

// secure_delete: what is forgotten is in no free page, and in no journal.
static void test_X1_forgotten_without_a_trace(void **state) {
  store_fixture *f = *state;
  md_keyring_key rows[40];
  md_buffer file;
  struct stat about;
  char path[160];
  int64_t events[40], event = 0;
  md_micros made_at = 0;
  md_buffer_init(&file);
  open_vault(f);
  store_fixture_begin(f);
  for (int i = 0; i < 40; i++)
    seal(f, events[i] = i + 1, NOW + i, "x");
  store_fixture_commit(f);
  store_fixture_close(f);
  sqlite3 *db;
  sqlite3_stmt *stmt;
  snprintf(path, sizeof path, "%s.keys", f->path);
  assert_int_equal(stat(path, &about), 0);
  assert_int_equal(about.st_mode & 07777, 0600);
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_prepare_v2(db, "SELECT wrapped FROM event_keys ORDER BY event", -1, &stmt, NULL), SQLITE_OK);
  for (int i = 0; i < 40 && sqlite3_step(stmt) == SQLITE_ROW; i++)
    memcpy(rows[i].wrapped, sqlite3_column_blob(stmt, 0), MD_KEYRING_WRAPPED);
  sqlite3_finalize(stmt);
  sqlite3_close(db);
  store_fixture_open(f);
  open_vault(f);
  read_keys(f, &file);
  assert_non_null(memmem(file.data, file.len, rows[0].wrapped, MD_KEYRING_WRAPPED));
  store_fixture_expect(f, 0, md_vault_forget(f->store, events, 39, &f->err));
  assert_int_equal(md_vault_count(f->store), 1);
  store_fixture_expect(f, 0, md_vault_next(f->store, 0, &event, &made_at, &f->err));
  assert_int_equal(event, 40);
  assert_int_equal(made_at, NOW + 39);
  store_fixture_expect(f, MD_ENOTFOUND, md_vault_next(f->store, 40, &event, &made_at, &f->err));
  read_keys(f, &file);
  for (int i = 0; i < 40; i++) {
    bool there = memmem(file.data, file.len, rows[i].wrapped + 20, 20) != NULL;
    assert_int_equal(there, i == 39);
  }
  snprintf(path, sizeof path, "%s.keys-journal", f->path);
  assert_int_not_equal(stat(path, &about), 0);
  md_buffer_deinit(&file);
}

static void test_X1_damage_is_told(void **state) {
  store_fixture *f = *state;
  open_vault(f);
  store_fixture_begin(f);
  sealed all = seal(f, 7, NOW, "x");
  seal(f, 8, NOW, "x");
  unseal(f, 8, NOW, all, MD_ECORRUPT); // another event's key
  for (size_t i = 0; i < all.len; i++) {
    uint8_t *copy = malloc(all.len);
    memcpy(copy, all.bytes, all.len);
    copy[i] ^= 1;
    unseal(f, 7, NOW, (sealed){copy, all.len}, MD_ECORRUPT);
    unseal(f, 7, NOW, (sealed){copy, i}, MD_ECORRUPT);
    free(copy);
  }
  store_fixture_commit(f);
}

static void test_X1_another_master_key_is_refused(void **state) {
  store_fixture *f = *state;
  open_vault(f);
  store_fixture_close(f);
  store_fixture_open(f);
  md_master_key *other = key_of(f, "other");
  store_fixture_expect(f, MD_EDENIED, md_vault_open(f->store, other, &f->err));
  assert_non_null(strstr(f->err.text, "another master key"));
  md_master_key_free(other);
}

static bool exists(const store_fixture *f, const char *ending) {
  char path[200];
  snprintf(path, sizeof path, "%s%s", f->path, ending);
  return access(path, F_OK) == 0;
}

// The key was lost: a new one beside the database would look as if it were the right one.
static void test_a_refused_start_makes_no_key(void **state) {
  store_fixture *f = *state;
  md_master_key *key;
  open_vault(f);
  for (int i = 0; i < 2; i++) { // by the mark in the database, and by that of the keys alone
    store_fixture_close(f);
    if (i == 1) assert_int_equal(remove(f->path), 0);
    store_fixture_open(f);
    store_fixture_expect(f, 0, md_master_key_open(&key, f->path, NULL, &f->err));
    store_fixture_expect(f, MD_EDENIED, md_vault_open(f->store, key, &f->err));
    assert_false(exists(f, ".key"));
    md_master_key_free(key);
  }
}

// A copy of the database alone: the keys of secrets lie elsewhere, the hashes of addresses do not.
static void test_another_master_key_is_refused_without_the_keys_too(void **state) {
  store_fixture *f = *state;
  char path[160];
  snprintf(path, sizeof path, "%s.keys", f->path);
  for (int i = 0; i < 2; i++) { // a refused start changes nothing
    open_vault(f);
    store_fixture_close(f);
    assert_int_equal(remove(path), 0);
    store_fixture_open(f);
    md_master_key *other = key_of(f, "other");
    store_fixture_expect(f, MD_EDENIED, md_vault_open(f->store, other, &f->err));
    assert_non_null(strstr(f->err.text, f->path));
    assert_non_null(strstr(f->err.text, "Restore that key"));
    md_master_key_free(other);
  }
}

static void test_a_database_without_a_mark_gets_one(void **state) {
  store_fixture *f = *state;
  const char *mark = NULL;
  store_fixture_expect(f, MD_ENOTFOUND, md_settings_get(f->store, "master_key_mark", f->arena, &mark, &f->err));
  open_vault(f);
  store_fixture_expect(f, 0, md_settings_get(f->store, "master_key_mark", f->arena, &mark, &f->err));
  assert_int_equal(strlen(mark), 64);
}

static void test_X1_no_master_key_no_secrets(void **state) {
  store_fixture *f = *state;
  const void *bytes;
  size_t len;
  uint8_t digest[16] = {0};
  store_fixture_expect(f, MD_EUNSUPPORTED, md_vault_seal(f->store, 1, NOW, "[]", "x", f->arena, &bytes, &len, &f->err));
  store_fixture_expect(f, MD_EUNSUPPORTED, md_vault_digest(f->store, digest, sizeof digest, &f->err));
}

static void test_X1_digests_are_keyed(void **state) {
  store_fixture *f = *state;
  uint8_t a[16] = {1}, b[16] = {1}, c[16] = {1};
  open_vault(f);
  store_fixture_expect(f, 0, md_vault_digest(f->store, a, sizeof a, &f->err));
  store_fixture_close(f);
  store_fixture_open(f);
  open_vault(f);
  store_fixture_expect(f, 0, md_vault_digest(f->store, b, sizeof b, &f->err));
  assert_memory_equal(a, b, sizeof a);
  assert_memory_not_equal(a, c, sizeof a);
}

static void test_in_memory_with_a_key_of_its_own(void **state) {
  store_fixture *f = *state;
  store_fixture_begin(f);
  sealed all = seal(f, 1, NOW, "x");
  store_fixture_commit(f);
  assert_string_equal(unseal(f, 1, NOW, all, 0), "x");
}

static void test_out_of_memory(void **state) {
  store_fixture *f = *state;
  for (long n = 1;; n++) {
    sealed all = {0};
    const char *text = NULL;
    store_fixture_begin(f);
    md_alloc_fail_after(n, 0);
    int code = md_vault_seal(f->store, 1, NOW, "[]", "x", f->arena, &all.bytes, &all.len, &f->err);
    if (!code) code = md_vault_unseal(f->store, 1, NOW, all.bytes, all.len, f->arena, &text, &f->err);
    bool done = md_alloc_fail_after(0, 0) < n;
    md_store_rollback(f->store);
    if (done) break;
    assert_int_equal(code, MD_ENOMEM);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, store_fixture_setup, store_fixture_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_X1_opened_for_an_hour),
      TEST(test_X1_keys_outlive_a_crash),
      TEST(test_B1_a_rollback_takes_its_keys),
      TEST(test_X1_forgotten_without_a_trace),
      TEST(test_X1_damage_is_told),
      TEST(test_X1_another_master_key_is_refused),
      TEST(test_a_refused_start_makes_no_key),
      TEST(test_another_master_key_is_refused_without_the_keys_too),
      TEST(test_a_database_without_a_mark_gets_one),
      TEST(test_X1_no_master_key_no_secrets),
      TEST(test_X1_digests_are_keyed),
      cmocka_unit_test_setup_teardown(test_in_memory_with_a_key_of_its_own, store_fixture_setup_memory,
                                      store_fixture_teardown),
      cmocka_unit_test_setup_teardown(test_out_of_memory, store_fixture_setup_memory, store_fixture_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
