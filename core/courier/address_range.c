// SPDX-License-Identifier: Apache-2.0
// Special-purpose addresses, by prefix.
#include "courier/address_range.h"
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static md_address_range range_of_v4(uint32_t address) {
  static const struct {
    uint32_t net;
    int bits;
  } others[] = {{0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0xa9fe0000, 16}, {0xac100000, 12},
                {0xc0000000, 24}, {0xc0000200, 24}, {0xc0a80000, 16}, {0xc6120000, 15}, {0xc6336400, 24},
                {0xcb007100, 24}, {0xe0000000, 4},  {0xf0000000, 4}};
  if (address >> 24 == 127) return MD_ADDRESS_LOOPBACK;
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    if ((address ^ others[i].net) >> (32 - others[i].bits) == 0) return MD_ADDRESS_PRIVATE;
  return MD_ADDRESS_PUBLIC;
}

static uint32_t v4_at(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static md_address_range range_of_v6(const uint8_t a[static 16]) {
  static const uint8_t loopback[16] = {[15] = 1}, mapped[12] = {[10] = 0xff, [11] = 0xff},
                       nat64[12] = {0, 0x64, 0xff, 0x9b};
  if (memcmp(a, loopback, 16) == 0) return MD_ADDRESS_LOOPBACK;
  if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0) return range_of_v4(v4_at(a + 12));
  if (a[0] == 0x20 && a[1] == 0x02) return range_of_v4(v4_at(a + 2));
  bool global = a[0] >> 5 == 1; // 2000::/3
  bool reserved = a[0] == 0x20 && a[1] == 0x01 && (a[2] < 2 || (a[2] == 0x0d && a[3] == 0xb8));
  return global && !reserved ? MD_ADDRESS_PUBLIC : MD_ADDRESS_PRIVATE;
}

md_address_range md_address_range_of(const struct sockaddr *address) {
  if (address->sa_family == AF_INET) {
    struct sockaddr_in in;
    memcpy(&in, address, sizeof in);
    return range_of_v4(ntohl(in.sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6) {
    struct sockaddr_in6 in;
    memcpy(&in, address, sizeof in);
    return range_of_v6(in.sin6_addr.s6_addr);
  }
  return MD_ADDRESS_PRIVATE;
}
