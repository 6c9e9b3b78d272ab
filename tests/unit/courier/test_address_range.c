// SPDX-License-Identifier: Apache-2.0
// H2: which addresses outgoing calls may reach.
#include "courier/address_range.h"
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static md_address_range range_of(const char *text) {
  struct sockaddr_in6 six = {.sin6_family = AF_INET6};
  struct sockaddr_in four = {.sin_family = AF_INET};
  if (inet_pton(AF_INET, text, &four.sin_addr) == 1) return md_address_range_of((const struct sockaddr *)&four);
  assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
  return md_address_range_of((const struct sockaddr *)&six);
}

static void test_ranges(void **state) {
  (void)state;
  static const char *const public_ones[] = {"93.184.216.34",  "1.1.1.1",         "172.15.255.255",
                                            "172.32.0.1",     "100.63.0.1",      "2606:4700::1111",
                                            "::ffff:1.1.1.1", "2002:101:101::1", NULL};
  static const char *const private_ones[] = {"0.0.0.0",        "10.1.2.3",        "100.64.0.1",  "169.254.169.254",
                                             "172.16.0.1",     "172.31.255.255",  "192.168.1.1", "198.18.0.1",
                                             "224.0.0.1",      "255.255.255.255", "::",          "fe80::1",
                                             "fc00::1",        "fd12::1",         "ff02::1",     "::ffff:10.0.0.1",
                                             "64:ff9b::a00:1", "2002:a00:1::1",   "2001:db8::1", NULL};
  static const char *const own[] = {"127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1", NULL};
  for (int i = 0; public_ones[i]; i++)
    assert_int_equal(range_of(public_ones[i]), MD_ADDRESS_PUBLIC);
  for (int i = 0; private_ones[i]; i++)
    assert_int_equal(range_of(private_ones[i]), MD_ADDRESS_PRIVATE);
  for (int i = 0; own[i]; i++)
    assert_int_equal(range_of(own[i]), MD_ADDRESS_LOOPBACK);
  struct sockaddr local = {.sa_family = AF_UNIX};
  assert_int_equal(md_address_range_of(&local), MD_ADDRESS_PRIVATE);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_ranges)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
