// SPDX-License-Identifier: Apache-2.0
// Network addresses of clients. Pure.
#include "intake/address.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = {[10] = 0xFF, [11] = 0xFF};

static bool is_mapped(const md_address *address) {
  return memcmp(address->bytes, mapped_prefix, sizeof mapped_prefix) == 0;
}

static void set_mapped(md_address *out, const void *four) {
  memcpy(out->bytes, mapped_prefix, sizeof mapped_prefix);
  memcpy(out->bytes + 12, four, 4);
}

bool md_address_from_socket(const struct sockaddr *socket, md_address *out) {
  if (socket->sa_family == AF_INET)
    set_mapped(out, &((const struct sockaddr_in *)(const void *)socket)->sin_addr);
  else if (socket->sa_family == AF_INET6)
    memcpy(out->bytes, &((const struct sockaddr_in6 *)(const void *)socket)->sin6_addr, 16);
  else
    return false;
  return true;
}

static bool parse_plain(const char *text, size_t len, md_address *out) {
  char copy[INET6_ADDRSTRLEN];
  struct in_addr four;
  if (len == 0 || len >= sizeof copy) return false;
  memcpy(copy, text, len);
  copy[len] = '\0';
  if (inet_pton(AF_INET6, copy, out->bytes) == 1) return true;
  if (inet_pton(AF_INET, copy, &four) != 1) return false;
  set_mapped(out, &four);
  return true;
}

bool md_address_parse(const char *text, size_t len, md_address *out) {
  if (len > 1 && text[0] == '[') {
    const char *end = memchr(text, ']', len);
    return end && parse_plain(text + 1, (size_t)(end - text) - 1, out);
  }
  if (parse_plain(text, len, out)) return true;
  const char *colon = memchr(text, ':', len);
  return colon && parse_plain(text, (size_t)(colon - text), out) && is_mapped(out);
}

bool md_address_is_loopback(const md_address *address) {
  static const md_address loopback = {.bytes = {[15] = 1}};
  if (is_mapped(address)) return address->bytes[12] == 127;
  return memcmp(address, &loopback, sizeof loopback) == 0;
}

void md_address_format(const md_address *address, char out[static 46]) {
  if (is_mapped(address))
    inet_ntop(AF_INET, address->bytes + 12, out, 46);
  else
    inet_ntop(AF_INET6, address->bytes, out, 46);
}

int md_network_parse(const char *text, md_network *out, md_error *err) {
  const char *slash = strchrnul(text, '/');
  char *end = NULL;
  if (!parse_plain(text, (size_t)(slash - text), &out->address))
    return md_error_set(err, MD_EINVAL, "\"%s\" is no address and no network like 10.0.0.0/8", text);
  bool four = is_mapped(&out->address);
  long bits = *slash ? strtol(slash + 1, &end, 10) : four ? 32 : 128;
  if (*slash && (end == slash + 1 || *end || bits < 0 || bits > (four ? 32 : 128)))
    return md_error_set(err, MD_EINVAL, "\"%s\" has no length of 0 to %d behind the slash", text, four ? 32 : 128);
  out->bits = (int)bits + (four ? 96 : 0);
  return 0;
}

static bool has(const md_network *network, const md_address *address) {
  int whole = network->bits / 8, rest = network->bits % 8;
  if (memcmp(network->address.bytes, address->bytes, (size_t)whole) != 0) return false;
  return rest == 0 || (network->address.bytes[whole] ^ address->bytes[whole]) >> (8 - rest) == 0;
}

bool md_network_has(const md_network *networks, size_t count, const md_address *address) {
  for (size_t i = 0; i < count; i++)
    if (has(&networks[i], address)) return true;
  return false;
}

md_address md_address_of_client(const md_address *peer, const char *forwarded, size_t len, const md_network *trusted,
                                size_t trusted_count) {
  md_address client = *peer;
  while (forwarded && len > 0 && md_network_has(trusted, trusted_count, &client)) {
    const char *comma = memrchr(forwarded, ',', len);
    const char *hop = comma ? comma + 1 : forwarded, *end = forwarded + len;
    while (hop < end && (*hop == ' ' || *hop == '\t'))
      hop++;
    while (end > hop && (end[-1] == ' ' || end[-1] == '\t'))
      end--;
    md_address next;
    if (!md_address_parse(hop, (size_t)(end - hop), &next)) break;
    client = next;
    len = comma ? (size_t)(comma - forwarded) : 0;
  }
  return client;
}
