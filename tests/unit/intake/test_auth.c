// SPDX-License-Identifier: Apache-2.0
// API keys, types they may send, addresses behind proxies (A1, A4, E3).
#include "intake/address.h"
#include "intake/auth.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const md_api_key *find(const md_auth *auth, const char *value) {
  return md_auth_find(auth, value, strlen(value));
}

static void test_keys(void **state) {
  (void)state;
  char text[3][MD_API_KEY_SIZE], value[100];
  md_api_key keys[3] = {{.name = "shop", .scopes = "events", .source = "/shop"},
                        {.name = "old", .scopes = "events", .revoked_at = 5},
                        {.name = "ops", .scopes = "deploy, events", .types = "order.*"}};
  for (int i = 0; i < 3; i++)
    assert_int_equal(md_api_key_make(keys[i].name, text[i], keys[i].hash, NULL), 0);
  assert_memory_equal(text[0], "mk_shop_", 8);
  assert_int_equal(strlen(text[0]), 8 + 43);
  md_auth *auth = md_auth_new(keys, 3);
  assert_int_equal(md_auth_count(auth), 2);
  snprintf(value, sizeof value, "Bearer %s", text[0]);
  assert_string_equal(find(auth, value)->name, "shop");
  assert_string_equal(find(auth, value)->source, "/shop");
  snprintf(value, sizeof value, "bearer  %s ", text[2]);
  assert_string_equal(find(auth, value)->name, "ops");
  snprintf(value, sizeof value, "Bearer %s", text[1]);
  assert_null(find(auth, value));
  snprintf(value, sizeof value, "Basic %s", text[0]);
  assert_null(find(auth, value));
  assert_null(find(auth, text[0]));
  assert_null(find(auth, "Bearer "));
  assert_null(find(auth, ""));
  assert_null(find(NULL, "Bearer x"));
  md_auth_unref(auth);
}

static void test_names(void **state) {
  (void)state;
  char text[MD_API_KEY_SIZE];
  uint8_t hash[MD_SHA256_SIZE];
  md_error err;
  const char *const bad[] = {"", "Shop", "a_b", "a b", "abcdefghijklmnopqrstuvwxyz-0123456"};
  for (size_t i = 0; i < 5; i++)
    assert_int_equal(md_api_key_make(bad[i], text, hash, &err), MD_EINVAL);
  assert_int_equal(md_api_key_make("abcdefghijklmnopqrstuvwxyz-01234", text, hash, &err), 0);
  assert_int_equal(strlen(text), MD_API_KEY_SIZE - 1);
}

static void test_scopes(void **state) {
  (void)state;
  md_api_key key = {.scopes = "deploy, events"};
  assert_true(md_auth_has_scope(&key, "events"));
  assert_true(md_auth_has_scope(&key, "deploy"));
  assert_false(md_auth_has_scope(&key, "event"));
  key.scopes = NULL;
  assert_false(md_auth_has_scope(&key, "events"));
}

static bool may(const char *types, const char *type) {
  md_api_key key = {.name = "k", .types = types};
  return md_auth_check_type(&key, type, NULL) == 0;
}

static void test_types(void **state) {
  (void)state;
  assert_true(may(NULL, "order.placed"));
  assert_true(may("", "order.placed"));
  assert_true(may("cart.updated,order.*", "order.placed"));
  assert_true(may("order.*", "order.line.added"));
  assert_true(may("*", "order.placed"));
  assert_false(may("order.*", "order"));
  assert_false(may("order.*", "orders.placed"));
  assert_false(may("order.placed", "order.placed.late"));
  assert_false(may("cart.updated", "order.placed"));
  const char *const delicate[] = {"consent.given", "profile.updated", "password.reset_requested"};
  for (size_t i = 0; i < 3; i++) {
    assert_false(may(NULL, delicate[i]));
    assert_false(may("*", delicate[i]));
    assert_true(may(delicate[i], delicate[i]));
    assert_true(may("consent.*, profile.*, password.*", delicate[i]));
    assert_int_equal(md_auth_check_type(NULL, delicate[i], NULL), 0); // E3
  }
  const char *const internal[] = {"message.failed", "run.done", "version.live", "channel.down"};
  for (size_t i = 0; i < 4; i++) {
    assert_false(may(internal[i], internal[i]));
    assert_false(may("*", internal[i]));
    assert_int_equal(md_auth_check_type(NULL, internal[i], NULL), MD_EDENIED);
  }
  assert_true(may(NULL, "messages.read"));
  assert_true(may(NULL, "runner.up"));
}

static md_address address(const char *text) {
  md_address out;
  if (!md_address_parse(text, strlen(text), &out)) fail_msg("\"%s\" is no address", text);
  return out;
}

static void assert_address(const md_address *got, const char *wanted) {
  char text[46];
  md_address_format(got, text);
  assert_string_equal(text, wanted);
}

static void test_addresses(void **state) {
  (void)state;
  md_address out;
  assert_true(md_address_is_loopback(&(md_address){.bytes = {[15] = 1}}));
  const char *const loopback[] = {"127.0.0.1", "127.8.9.1", "::1", "[::1]:80", "127.0.0.1:5", "::ffff:127.0.0.1"};
  for (size_t i = 0; i < 6; i++) {
    out = address(loopback[i]);
    assert_true(md_address_is_loopback(&out));
  }
  out = address("192.0.2.7:1234");
  assert_address(&out, "192.0.2.7");
  assert_false(md_address_is_loopback(&out));
  out = address("[2001:db8::5]");
  assert_address(&out, "2001:db8::5");
  const char *const bad[] = {"", "unknown", "_hidden", "1.2.3", "[::1", "1.2.3.4.5", "::g"};
  for (size_t i = 0; i < 7; i++)
    assert_false(md_address_parse(bad[i], strlen(bad[i]), &out));
}

static void test_networks(void **state) {
  (void)state;
  md_network network;
  md_address inside = address("10.1.2.3"), outside = address("11.1.2.3");
  assert_int_equal(md_network_parse("10.0.0.0/8", &network, NULL), 0);
  assert_true(md_network_has(&network, 1, &inside));
  assert_false(md_network_has(&network, 1, &outside));
  assert_int_equal(md_network_parse("10.1.2.0/23", &network, NULL), 0);
  assert_true(md_network_has(&network, 1, &inside));
  assert_int_equal(md_network_parse("0.0.0.0/0", &network, NULL), 0);
  assert_true(md_network_has(&network, 1, &outside));
  inside = address("2001:db8::1");
  assert_false(md_network_has(&network, 1, &inside));
  assert_int_equal(md_network_parse("2001:db8::/32", &network, NULL), 0);
  assert_true(md_network_has(&network, 1, &inside));
  const char *const bad[] = {"10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "::/129", "x/8", "10.0.0.0/8x", "10.0.0.0/-1"};
  md_error err;
  for (size_t i = 0; i < 7; i++)
    assert_int_equal(md_network_parse(bad[i], &network, &err), MD_EINVAL);
}

static void assert_client(const char *peer, const char *forwarded, const char *wanted) {
  md_network trusted[2];
  md_network_parse("10.0.0.0/8", &trusted[0], NULL);
  md_network_parse("127.0.0.1", &trusted[1], NULL);
  md_address from = address(peer);
  md_address got = md_address_of_client(&from, forwarded, forwarded ? strlen(forwarded) : 0, trusted, 2);
  assert_address(&got, wanted);
}

// A4: the rightmost hop that is no trusted proxy.
static void test_forwarded(void **state) {
  (void)state;
  assert_client("127.0.0.1", NULL, "127.0.0.1");
  assert_client("127.0.0.1", "203.0.113.9", "203.0.113.9");
  assert_client("127.0.0.1", "1.2.3.4, 203.0.113.9, 10.0.0.2", "203.0.113.9");
  assert_client("198.51.100.1", "203.0.113.9", "198.51.100.1"); // who is not trusted may say what he wants
  assert_client("127.0.0.1", "10.0.0.3 , 10.0.0.2", "10.0.0.3");
  assert_client("127.0.0.1", "203.0.113.9, junk, 10.0.0.2", "10.0.0.2");
  assert_client("127.0.0.1", "", "127.0.0.1");
  assert_client("127.0.0.1", ",,", "127.0.0.1");
  assert_client("127.0.0.1", "[2001:db8::1]:443", "2001:db8::1");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_keys),      cmocka_unit_test(test_names),     cmocka_unit_test(test_scopes),
      cmocka_unit_test(test_types),     cmocka_unit_test(test_addresses), cmocka_unit_test(test_networks),
      cmocka_unit_test(test_forwarded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
