// SPDX-License-Identifier: Apache-2.0
// Network addresses of clients: loopback or not, networks of trusted proxies, X-Forwarded-For (A4). Pure; any thread.
#pragma once
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

// An address in IPv6 form; IPv4 is mapped (::ffff:a.b.c.d).
typedef struct md_address {
  uint8_t bytes[16];
} md_address;

typedef struct md_network {
  md_address address;
  int bits; // of the IPv6 form
} md_network;

bool md_address_from_socket(const struct sockaddr *socket, md_address *out); // false: neither IPv4 nor IPv6
// "192.0.2.1", "2001:db8::1", "[2001:db8::1]", each also with ":port" behind an IPv4 address or a bracket.
bool md_address_parse(const char *text, size_t len, md_address *out);
bool md_address_is_loopback(const md_address *address);
// IPv4 as dotted quad, IPv6 compressed. `out` holds 46 bytes.
void md_address_format(const md_address *address, char out[static 46]);

// "10.0.0.0/8", "2001:db8::/32" or a single address. MD_EINVAL otherwise.
int md_network_parse(const char *text, md_network *out, md_error *err);
bool md_network_has(const md_network *networks, size_t count, const md_address *address);

// Who is at the other end: `peer`, or, where that is a trusted proxy, the rightmost hop of X-Forwarded-For
// (`forwarded`, may be NULL; several headers joined by commas) that is none (A4). Where all are, the leftmost; where
// one cannot be read, the hop right of it.
md_address md_address_of_client(const md_address *peer, const char *forwarded, size_t len, const md_network *trusted,
                                size_t trusted_count);
