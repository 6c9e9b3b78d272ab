// SPDX-License-Identifier: Apache-2.0
// Tests of cipher.c: a published vector, round trips, and whatever is not what was sealed (X1).
#include "base/cipher.h"
#include "base/digest.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t zeros[32];

// Test case 14 of McGrew and Viega, The Galois/Counter Mode of Operation (2005).
static void opens_a_published_vector(void **state) {
  (void)state;
  uint8_t sealed[MD_CIPHER_EXTRA + 16] = {0}, text[16];
  assert_true(
      md_unhex("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919", 64, sealed + MD_CIPHER_NONCE, 32));
  assert_int_equal(md_cipher_open(zeros, NULL, 0, sealed, sizeof sealed, text), 0);
  assert_memory_equal(text, zeros, sizeof text);
}

static void opens_what_it_sealed(void **state) {
  (void)state;
  uint8_t key[MD_CIPHER_KEY], text[300], sealed[sizeof text + MD_CIPHER_EXTRA], again[sizeof text];
  md_random_bytes(key, sizeof key);
  md_random_bytes(text, sizeof text);
  for (size_t len = 0; len <= sizeof text; len++) {
    assert_int_equal(md_cipher_seal(key, text, len, text, len, sealed), 0);
    if (len >= 8) assert_null(memmem(sealed, len + MD_CIPHER_EXTRA, text, 8));
    memset(again, 0, sizeof again);
    assert_int_equal(md_cipher_open(key, text, len, sealed, len + MD_CIPHER_EXTRA, again), 0);
    assert_memory_equal(again, text, len);
  }
}

static void seals_each_time_otherwise(void **state) {
  (void)state;
  uint8_t a[MD_CIPHER_EXTRA + 5], b[MD_CIPHER_EXTRA + 5];
  md_cipher_seal(zeros, NULL, 0, "hello", 5, a);
  md_cipher_seal(zeros, NULL, 0, "hello", 5, b);
  assert_memory_not_equal(a, b, MD_CIPHER_NONCE);
  assert_memory_not_equal(a + MD_CIPHER_NONCE, b + MD_CIPHER_NONCE, 5);
}

static void refuses_what_was_changed(void **state) {
  (void)state;
  uint8_t sealed[MD_CIPHER_EXTRA + 5], text[sizeof sealed], other[32] = {1};
  md_cipher_seal(zeros, "about", 5, "hello", 5, sealed);
  for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
    sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    memset(text, 'x', sizeof text);
    assert_int_equal(md_cipher_open(zeros, "about", 5, sealed, sizeof sealed, text), MD_ECORRUPT);
    assert_memory_equal(text, zeros, 5); // nothing of it is left
    sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  for (size_t len = 0; len < sizeof sealed; len++)
    assert_int_equal(md_cipher_open(zeros, "about", 5, sealed, len, text), MD_ECORRUPT);
  assert_int_equal(md_cipher_open(zeros, "abouT", 5, sealed, sizeof sealed, text), MD_ECORRUPT);
  assert_int_equal(md_cipher_open(zeros, NULL, 0, sealed, sizeof sealed, text), MD_ECORRUPT);
  assert_int_equal(md_cipher_open(other, "about", 5, sealed, sizeof sealed, text), MD_ECORRUPT);
  assert_int_equal(md_cipher_open(zeros, "about", 5, sealed, sizeof sealed, text), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(opens_a_published_vector),
      cmocka_unit_test(opens_what_it_sealed),
      cmocka_unit_test(seals_each_time_otherwise),
      cmocka_unit_test(refuses_what_was_changed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
