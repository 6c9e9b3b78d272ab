// SPDX-License-Identifier: Apache-2.0
// What an unsubscribe link says (A3): it comes back, and shows no address.
#include "store/unsubscribe.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static md_token_ring new_ring(md_master_key **key) {
  md_token_ring ring;
  assert_int_equal(md_master_key_new(key, NULL), 0);
  md_token_ring_init(&ring, md_unsubscribe_purpose);
  assert_int_equal(md_token_ring_add(&ring, *key, NULL), 0);
  return ring;
}

static void test_it_comes_back(void **state) {
  md_master_key *key = NULL;
  md_token_ring ring = new_ring(&key);
  md_unsubscribe link = {.person = 9007199254740993, .purpose = "marketing", .locale = "en-GB", .address = {1, 2, 255}};
  md_unsubscribe back;
  char token[MD_TOKEN_SIZE];
  (void)state;
  md_unsubscribe_mask("ida@kunde.example", link.masked);
  assert_int_equal(md_unsubscribe_write(&ring, &link, token, NULL), 0);
  assert_null(strstr(token, "ida"));
  assert_int_equal(md_unsubscribe_read(&ring, token, strlen(token), &back, NULL), 0);
  assert_int_equal(back.person, link.person);
  assert_string_equal(back.purpose, "marketing");
  assert_string_equal(back.locale, "en-GB");
  assert_string_equal(back.masked, "i***@k***.example");
  assert_memory_equal(back.address, link.address, sizeof link.address);
  md_master_key_free(key);
}

// Genuine tokens whose object is no link: another version's, say.
static void test_other_objects_are_refused(void **state) {
  static const char *const objects[] = {"",
                                        "1",
                                        "1\nmarketing\nda\n00",
                                        "1\nmarketing\nda\n0000000000000000000000000000000g\nx",
                                        "1\nmarketing\nda\n00000000000000000000000000000000\nx\ny",
                                        "1\na-purpose-that-is-longer\nda\n00000000000000000000000000000000\nx"};
  md_master_key *key = NULL;
  md_token_ring ring = new_ring(&key);
  md_unsubscribe back;
  char token[MD_TOKEN_SIZE];
  (void)state;
  for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
    assert_int_equal(md_token_write(&ring, objects[i], strlen(objects[i]), 0, token, NULL), 0);
    assert_int_equal(md_unsubscribe_read(&ring, token, strlen(token), &back, NULL), MD_ESYNTAX);
  }
  md_master_key_free(key);
}

static void test_masks(void **state) {
  static const char *const pairs[][2] = {{"ida@kunde.example", "i***@k***.example"},
                                         {"a@b.dk", "a***@b***.dk"},
                                         {"root@localhost", "***"},
                                         {"x@.dk", "***"},
                                         {"@kunde.dk", "***"},
                                         {"", "***"}};
  char masked[MD_MASKED_SIZE];
  (void)state;
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    md_unsubscribe_mask(pairs[i][0], masked);
    assert_string_equal(masked, pairs[i][1]);
  }
}

static void test_address_hashes(void **state) {
  static const uint8_t key[32] = {1}, other_key[32] = {2};
  uint8_t a[MD_ADDRESS_HASH_SIZE], b[MD_ADDRESS_HASH_SIZE];
  (void)state;
  md_address_hash(key, "Ida@Kunde.example", a);
  md_address_hash(key, "ida@kunde.EXAMPLE", b);
  assert_memory_equal(a, b, sizeof a);
  md_address_hash(key, "ide@kunde.example", b);
  assert_memory_not_equal(a, b, sizeof a);
  md_address_hash(other_key, "ida@kunde.example", b);
  assert_memory_not_equal(a, b, sizeof a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_it_comes_back),
      cmocka_unit_test(test_other_objects_are_refused),
      cmocka_unit_test(test_masks),
      cmocka_unit_test(test_address_hashes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
