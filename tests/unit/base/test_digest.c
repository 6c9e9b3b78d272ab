// SPDX-License-Identifier: Apache-2.0
// Tests of digest.c: published vectors, text forms, random bytes.
#include "base/alloc.h"
#include "base/digest.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int switch_off(void **state) {
  (void)state;
  md_alloc_fail_after(0, 0);
  return 0;
}

static void assert_digest(const uint8_t digest[static MD_SHA256_SIZE], const char *expected) {
  char text[2 * MD_SHA256_SIZE + 1];
  md_hex(digest, MD_SHA256_SIZE, text);
  assert_string_equal(text, expected);
}

static const char of_nothing[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char of_abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static void sha256(void **state) { // FIPS 180-2, appendix B
  (void)state;
  uint8_t digest[MD_SHA256_SIZE];
  md_sha256("abc", 3, digest);
  assert_digest(digest, of_abc);
  md_sha256(NULL, 0, digest);
  assert_digest(digest, of_nothing);
  md_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, digest);
  assert_digest(digest, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void sha256_in_parts(void **state) {
  (void)state;
  uint8_t digest[MD_SHA256_SIZE];
  md_sha256_state *parts = md_sha256_new();
  md_sha256_update(parts, "a", 1);
  md_sha256_update(parts, NULL, 0);
  md_sha256_update(parts, "bc", 2);
  md_sha256_finish(parts, digest);
  assert_digest(digest, of_abc);
  md_sha256_finish(md_sha256_new(), digest);
  assert_digest(digest, of_nothing);
  md_alloc_fail_after(1, 0);
  assert_null(md_sha256_new());
}

static void hmac_sha256(void **state) { // RFC 4231
  (void)state;
  uint8_t digest[MD_SHA256_SIZE], key[131];
  md_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, digest);
  assert_digest(digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  memset(key, 0xaa, sizeof key);
  static const char larger[] = "Test Using Larger Than Block-Size Key - Hash Key First";
  md_hmac_sha256(key, sizeof key, larger, sizeof larger - 1, digest);
  assert_digest(digest, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  md_hmac_sha256(NULL, 0, NULL, 0, digest);
  assert_digest(digest, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void hash64_never_changes(void **state) {
  (void)state;
  // From an implementation of the paper's pseudocode that was checked with its appendix (SipHash-2-4).
  const uint64_t seed = 0x0123456789abcdef;
  uint8_t bytes[300];
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (uint8_t)i;
  assert_int_equal(md_hash64(0, NULL, 0), 0xd1fba762150c532c);
  assert_int_equal(md_hash64(0, "a", 1), 0x407448d2b89b1813);
  assert_int_equal(md_hash64(0, "momentd!", 8), 0x5813e798278ff197);
  assert_int_equal(md_hash64(0, "0123456789abcdef-", 17), 0x56d880c74b9af5bc);
  assert_int_equal(md_hash64(0, bytes, sizeof bytes), 0x4a3ee92cf03a1ab4);
  assert_int_equal(md_hash64(seed, "a", 1), 0xaf331263f509cdf6);
  assert_int_equal(md_hash64(seed, "momentd!", 8), 0x664688766be1c465);
  assert_int_equal(md_hash64(seed, "0123456789abcdef-", 17), 0xc4d166635562948f);
}

static void hash64_of_unaligned_bytes(void **state) {
  (void)state;
  char room[64];
  for (size_t shift = 0; shift < 8; shift++) {
    memcpy(room + shift, "0123456789abcdef-", 17);
    assert_int_equal(md_hash64(0, room + shift, 17), 0x56d880c74b9af5bc);
  }
}

static void random_bytes_differ(void **state) {
  (void)state;
  uint8_t a[32] = {0}, b[32] = {0};
  md_random_bytes(a, sizeof a);
  md_random_bytes(b, sizeof b);
  assert_memory_not_equal(a, b, sizeof a);
  md_random_bytes(a, 0);
}

static void hex_both_ways(void **state) {
  (void)state;
  uint8_t bytes[256], back[256];
  char text[513];
  for (int i = 0; i < 256; i++)
    bytes[i] = (uint8_t)i;
  md_hex(bytes, sizeof bytes, text);
  assert_int_equal(strlen(text), 512);
  assert_true(md_unhex(text, 512, back, sizeof back));
  assert_memory_equal(bytes, back, sizeof back);
  assert_true(md_unhex("DEADbeef", 8, back, 4));
  assert_memory_equal(back, "\xde\xad\xbe\xef", 4);
  assert_true(md_unhex("", 0, back, 0));
  md_hex(bytes, 0, text);
  assert_string_equal(text, "");
}

static void unhex_refuses(void **state) {
  (void)state;
  uint8_t back[4];
  assert_false(md_unhex("dead", 4, back, 4));
  assert_false(md_unhex("deadbeef0", 9, back, 4));
  assert_false(md_unhex("deadbeef00", 10, back, 4));
  assert_false(md_unhex("deadbeeg", 8, back, 4));
  assert_false(md_unhex("dead\0eef", 8, back, 4));
  assert_false(md_unhex("0xadbeef", 8, back, 4));
  assert_false(md_unhex("\xff\xff\xff\xff\xff\xff\xff\xff", 8, back, 4));
}

static void base64_forms(void **state) { // RFC 4648, section 10
  (void)state;
  static const struct {
    const char *bytes, *padded, *url;
  } cases[] = {
      {"", "", ""},
      {"f", "Zg==", "Zg"},
      {"fo", "Zm8=", "Zm8"},
      {"foo", "Zm9v", "Zm9v"},
      {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
      {"\xfb\xff\xfe\xff", "+//+/w==", "-__-_w"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[16];
    assert_int_equal(md_base64(cases[i].bytes, strlen(cases[i].bytes), text), strlen(cases[i].padded));
    assert_string_equal(text, cases[i].padded);
    assert_int_equal(md_base64url(cases[i].bytes, strlen(cases[i].bytes), text), strlen(cases[i].url));
    assert_string_equal(text, cases[i].url);
  }
}

static void equal_secret(void **state) {
  (void)state;
  assert_true(md_equal_secret("secret", "secret", 6));
  assert_false(md_equal_secret("secret", "secreT", 6));
  assert_false(md_equal_secret("secret", "Secret", 6));
  assert_true(md_equal_secret("a", "b", 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sha256),
      cmocka_unit_test_teardown(sha256_in_parts, switch_off),
      cmocka_unit_test(hmac_sha256),
      cmocka_unit_test(hash64_never_changes),
      cmocka_unit_test(hash64_of_unaligned_bytes),
      cmocka_unit_test(random_bytes_differ),
      cmocka_unit_test(hex_both_ways),
      cmocka_unit_test(unhex_refuses),
      cmocka_unit_test(base64_forms),
      cmocka_unit_test(equal_secret),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
