// SPDX-License-Identifier: Apache-2.0
// Tests of master_key.c: where the key is looked for, who may read it, and what is derived from it (X1).
#include "base/alloc.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/master_key.h"
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
static md_error err;

static int enter(void **state) {
  (void)state;
  unsetenv("CREDENTIALS_DIRECTORY");
  strcpy(root, "/tmp/md-master-key-XXXXXX");
  return mkdtemp(root) && chdir(root) == 0 ? 0 : -1;
}

static int leave(void **state) {
  (void)state;
  char command[100];
  md_alloc_fail_after(0, 0);
  snprintf(command, sizeof command, "rm -rf '%s'", root);
  return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

typedef struct derived {
  uint8_t bytes[MD_MASTER_KEY_SIZE];
} derived;

static derived open_and_derive(const char *db, const char *file, const char *purpose) {
  md_master_key *key = NULL;
  derived out;
  if (md_master_key_open(&key, db, file, &err)) fail_msg("%s", err.text);
  assert_int_equal(md_master_key_keep(key, &err), 0);
  md_master_key_derive(key, purpose, out.bytes);
  md_master_key_free(key);
  return out;
}

static bool same(derived a, derived b) {
  return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

static void refused(const char *db, const char *file, int code, const char *why) {
  md_master_key *key = NULL;
  assert_int_equal(md_master_key_open(&key, db, file, &err), code);
  assert_null(key);
  if (!strstr(err.text, why)) fail_msg("\"%s\" is not in: %s", why, err.text);
}

static void put(const char *path, char byte, size_t len, mode_t mode) {
  char bytes[64];
  memset(bytes, byte, sizeof bytes);
  assert_int_equal(md_file_write(path, bytes, len, false, &err), 0);
  assert_int_equal(chmod(path, mode), 0);
}

static void made_once_and_for_its_owner(void **state) {
  (void)state;
  struct stat about;
  mode_t before = umask(0);
  derived first = open_and_derive("shop.db", NULL, "a");
  umask(before);
  assert_int_equal(stat("shop.db.key", &about), 0);
  assert_int_equal(about.st_mode & 07777, 0600);
  assert_int_equal(about.st_size, 32);
  assert_true(same(first, open_and_derive("shop.db", NULL, "a")));
  assert_false(same(first, open_and_derive("other.db", NULL, "a")));
  assert_int_equal(system("test -z \"$(ls -A | grep tmp)\""), 0); // nothing is left of the making
}

static void key_file_before_credential_before_default(void **state) {
  (void)state;
  put("shop.db.key", 'd', 32, 0600);
  put("momentd.key", 'c', 32, 0440); // as systemd gives it: the group bits are the mask of an access list
  put("mine", 'f', 32, 0400);
  derived by_default = open_and_derive("shop.db", NULL, "a");
  setenv("CREDENTIALS_DIRECTORY", root, 1);
  derived by_credential = open_and_derive("shop.db", NULL, "a");
  derived by_file = open_and_derive("shop.db", "mine", "a");
  assert_false(same(by_default, by_credential));
  assert_false(same(by_default, by_file));
  assert_false(same(by_credential, by_file));
  assert_int_equal(unlink("momentd.key"), 0); // other credentials, but not this one
  assert_true(same(by_default, open_and_derive("shop.db", NULL, "a")));
  assert_int_not_equal(access("momentd.key", F_OK), 0);
}

static void refuses_what_others_may_read(void **state) {
  (void)state;
  static const mode_t wrong[] = {0640, 0604, 0620, 0602, 0610, 0601, 0644};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    put("k", 'x', 32, wrong[i]);
    refused("shop.db", "k", MD_EDENIED, "k: others may read or change the master key: chmod 600 it");
  }
  put("momentd.key", 'x', 32, 0444);
  setenv("CREDENTIALS_DIRECTORY", root, 1);
  refused("shop.db", NULL, MD_EDENIED, "momentd.key: others may read");
}

static void refuses_what_is_no_key(void **state) {
  (void)state;
  static const size_t wrong[] = {0, 31, 33, 64};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    put("k", 'x', wrong[i], 0600);
    refused("shop.db", "k", MD_ECORRUPT, "exactly 32 random bytes");
  }
  assert_int_equal(mkdir("d", 0700), 0);
  refused("shop.db", "d", MD_EINVAL, "regular file");
  assert_int_equal(mkfifo("p", 0600), 0); // must not hang
  refused("shop.db", "p", MD_EINVAL, "regular file");
}

static void a_new_key_has_a_file_when_it_is_kept(void **state) {
  (void)state;
  md_master_key *key = NULL, *other = NULL;
  assert_int_equal(md_master_key_open(&key, "shop.db", NULL, &err), 0);
  assert_int_not_equal(access("shop.db.key", F_OK), 0);
  assert_int_equal(md_master_key_open(&other, "shop.db", NULL, &err), 0);
  assert_int_equal(md_master_key_keep(key, &err), 0);
  assert_int_equal(access("shop.db.key", F_OK), 0);
  assert_int_equal(md_master_key_keep(other, &err), MD_ECONFLICT); // never another's place
  assert_non_null(strstr(err.text, "start again"));
  md_master_key_free(other);
  md_master_key_free(key);
  assert_int_equal(md_master_key_open(&key, "shop.db", NULL, &err), 0);
  assert_int_equal(md_master_key_keep(key, &err), 0); // there already
  md_master_key_free(key);
  assert_int_equal(md_master_key_open(&key, "shop.db", "missing/k", &err), 0);
  assert_int_equal(md_master_key_keep(key, &err), MD_ENOTFOUND);
  assert_non_null(strstr(err.text, "missing/k"));
  md_master_key_free(key);
}

// RFC 5869 by hand: HMAC(HMAC(zeros, key), info 01).
static void derives_by_hkdf(void **state) {
  (void)state;
  uint8_t secret[32], zeros[32] = {0}, extracted[32], wanted[32];
  memset(secret, 'k', sizeof secret);
  put("k", 'k', 32, 0600);
  md_hmac_sha256(zeros, sizeof zeros, secret, sizeof secret, extracted);
  md_hmac_sha256(extracted, sizeof extracted, "event keys\x01", 11, wanted);
  derived got = open_and_derive("shop.db", "k", "event keys");
  assert_memory_equal(got.bytes, wanted, sizeof wanted);
  assert_false(same(got, open_and_derive("shop.db", "k", "event key")));
  assert_false(same(got, open_and_derive("shop.db", "k", "")));
}

static void random_in_memory(void **state) {
  (void)state;
  md_master_key *a = NULL, *b = NULL;
  derived from_a, from_b;
  assert_int_equal(md_master_key_new(&a, &err), 0);
  assert_int_equal(md_master_key_new(&b, &err), 0);
  md_master_key_derive(a, "x", from_a.bytes);
  md_master_key_derive(b, "x", from_b.bytes);
  assert_false(same(from_a, from_b));
  md_master_key_free(a);
  md_master_key_free(b);
  md_master_key_free(NULL);
}

static void out_of_memory(void **state) {
  (void)state;
  for (long at = 1;; at++) {
    md_master_key *key = NULL;
    unlink("shop.db.key");
    md_alloc_fail_after(at, 0);
    int code = md_master_key_open(&key, "shop.db", NULL, &err);
    md_alloc_fail_after(0, 0);
    md_master_key_free(key);
    if (code == 0) break;
    assert_int_equal(code, MD_ENOMEM);
    assert_null(key);
    assert_int_not_equal(access("shop.db.key", F_OK), 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(made_once_and_for_its_owner, enter, leave),
      cmocka_unit_test_setup_teardown(key_file_before_credential_before_default, enter, leave),
      cmocka_unit_test_setup_teardown(refuses_what_others_may_read, enter, leave),
      cmocka_unit_test_setup_teardown(refuses_what_is_no_key, enter, leave),
      cmocka_unit_test_setup_teardown(a_new_key_has_a_file_when_it_is_kept, enter, leave),
      cmocka_unit_test_setup_teardown(derives_by_hkdf, enter, leave),
      cmocka_unit_test_setup_teardown(random_in_memory, enter, leave),
      cmocka_unit_test_setup_teardown(out_of_memory, enter, leave),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
