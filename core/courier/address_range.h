// SPDX-License-Identifier: Apache-2.0
// Which addresses outgoing calls may reach (H2). Pure; any thread.
#pragma once
#include <stdbool.h>
#include <sys/socket.h>

typedef enum md_address_range {
  MD_ADDRESS_PUBLIC,
  MD_ADDRESS_LOOPBACK,
  MD_ADDRESS_PRIVATE, // private, link-local, shared, reserved, multicast or unspecified; also a family that is no IP
} md_address_range;

// By IANA's registries of special-purpose addresses (RFC 6890). An IPv4 address inside an IPv6 one (mapped, 6to4,
// NAT64) counts as itself.
md_address_range md_address_range_of(const struct sockaddr *address);
