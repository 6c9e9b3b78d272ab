// SPDX-License-Identifier: Apache-2.0
// Tokens (A3): they come back whole, and whatever is changed in them is found.
#include "base/digest.h"
#include "base/token.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static md_master_key *master, *older;
static md_token_ring ring;

static int set_up(void **state) {
  (void)state;
  assert_int_equal(md_master_key_new(&master, NULL), 0);
  assert_int_equal(md_master_key_new(&older, NULL), 0);
  md_token_ring_init(&ring, "unsubscribe");
  return md_token_ring_add(&ring, master, NULL);
}

static int tear_down(void **state) {
  (void)state;
  md_master_key_free(master);
  md_master_key_free(older);
  return 0;
}

static int read_back(const md_token_ring *with, const char *text, size_t len, md_micros now, char *out) {
  size_t object_len = 0;
  char object[MD_TOKEN_OBJECT_MAX];
  int rc = md_token_read(with, text, len, now, object, &object_len, NULL);
  if (rc == 0) {
    memcpy(out, object, object_len);
    out[object_len] = '\0';
  }
  return rc;
}

static void test_any_object_comes_back(void **state) {
  char token[MD_TOKEN_SIZE];
  uint8_t object[MD_TOKEN_OBJECT_MAX], back[MD_TOKEN_OBJECT_MAX];
  (void)state;
  for (size_t len = 0; len <= MD_TOKEN_OBJECT_MAX; len++) {
    size_t back_len = 0;
    md_random_bytes(object, len);
    assert_int_equal(md_token_write(&ring, object, len, 0, token, NULL), 0);
    assert_true(strspn(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == strlen(token));
    assert_int_equal(md_token_read(&ring, token, strlen(token), INT64_MAX, back, &back_len, NULL), 0);
    assert_int_equal(back_len, len);
    if (len) assert_memory_equal(back, object, len);
  }
  md_error err = {0};
  assert_int_equal(md_token_write(&ring, object, MD_TOKEN_OBJECT_MAX + 1, 0, token, &err), MD_ETOOBIG);
}

// Each byte changed to another, each byte left out, each end cut: never accepted.
static void test_whatever_is_changed_is_found(void **state) {
  char token[MD_TOKEN_SIZE], bad[MD_TOKEN_SIZE], out[MD_TOKEN_OBJECT_MAX + 1];
  static const char others[] = "A.-_0z%";
  (void)state;
  assert_int_equal(md_token_write(&ring, "person 7", 8, 0, token, NULL), 0);
  size_t len = strlen(token);
  assert_int_equal(read_back(&ring, token, len, 0, out), 0);
  assert_string_equal(out, "person 7");
  for (size_t i = 0; i < len; i++) {
    for (size_t n = 0; n < sizeof others - 1; n++) {
      memcpy(bad, token, len + 1);
      bad[i] = others[n];
      if (bad[i] != token[i]) assert_int_not_equal(read_back(&ring, bad, len, 0, out), 0);
    }
    memcpy(bad, token, i);
    memcpy(bad + i, token + i + 1, len - i);
    assert_int_not_equal(read_back(&ring, bad, len - 1, 0, out), 0);
    assert_int_not_equal(read_back(&ring, token, i, 0, out), 0);
  }
}

static void test_a_token_serves_one_purpose(void **state) {
  char token[MD_TOKEN_SIZE], out[MD_TOKEN_OBJECT_MAX + 1];
  md_token_ring page;
  (void)state;
  md_token_ring_init(&page, "page");
  md_token_ring_add(&page, master, NULL);
  assert_int_equal(md_token_write(&page, "7", 1, 0, token, NULL), 0);
  assert_int_equal(read_back(&ring, token, strlen(token), 0, out), MD_EDENIED);
  char *purpose = strstr(token, "page");
  char renamed[MD_TOKEN_SIZE + 16];
  snprintf(renamed, sizeof renamed, "%s.unsubscribe%s", ring.keys[0].id, purpose + 4);
  assert_int_equal(read_back(&ring, renamed, strlen(renamed), 0, out), MD_EDENIED);
}

static void test_old_keys_verify(void **state) {
  char token[MD_TOKEN_SIZE], out[MD_TOKEN_OBJECT_MAX + 1];
  md_token_ring before, both = ring;
  (void)state;
  md_token_ring_init(&before, "unsubscribe");
  md_token_ring_add(&before, older, NULL);
  assert_int_equal(md_token_write(&before, "7", 1, 0, token, NULL), 0);
  assert_int_equal(read_back(&ring, token, strlen(token), 0, out), MD_EDENIED);
  md_token_ring_add(&both, older, NULL);
  assert_int_equal(read_back(&both, token, strlen(token), 0, out), 0);
  assert_int_equal(md_token_write(&both, "7", 1, 0, token, NULL), 0);
  assert_int_equal(read_back(&ring, token, strlen(token), 0, out), 0); // the first signs
}

static void test_expiry(void **state) {
  char token[MD_TOKEN_SIZE], out[MD_TOKEN_OBJECT_MAX + 1];
  (void)state;
  assert_int_equal(md_token_write(&ring, "7", 1, 100 * MD_SECOND, token, NULL), 0);
  assert_int_equal(read_back(&ring, token, strlen(token), 99 * MD_SECOND, out), 0);
  assert_int_equal(read_back(&ring, token, strlen(token), 100 * MD_SECOND, out), MD_ETIMEOUT);
}

static void test_a_ring_without_keys_signs_nothing(void **state) {
  char token[MD_TOKEN_SIZE];
  md_token_ring empty;
  (void)state;
  md_token_ring_init(&empty, "unsubscribe");
  assert_int_equal(md_token_write(&empty, "7", 1, 0, token, NULL), MD_EINVAL);
}

int main(void) {
#define WITH_KEYS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      WITH_KEYS(test_any_object_comes_back),
      WITH_KEYS(test_whatever_is_changed_is_found),
      WITH_KEYS(test_a_token_serves_one_purpose),
      WITH_KEYS(test_old_keys_verify),
      WITH_KEYS(test_expiry),
      WITH_KEYS(test_a_ring_without_keys_signs_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
