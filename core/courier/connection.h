// SPDX-License-Identifier: Apache-2.0
// Named connections for outgoing calls (H2): where a server is and how it is spoken to, from the configuration. Secrets
// are read from files. Pure but for those.
#pragma once
#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include <jansson.h>
#include <stdbool.h>

typedef struct md_connection {
  const char *name;
  const char *url;            // https://HOST[:PORT][/PREFIX]; http only with `plain`
  const char *const *headers; // "Name: value", NULL-terminated; the secret ones among them
  const char *ca_file;        // or NULL
  bool plain;                 // http, to loopback addresses only
  bool private_network;       // private and loopback addresses are allowed
  md_micros timeout;          // of one attempt
  int attempts;
  size_t limit; // bytes of an answer
} md_connection;

typedef struct md_connections {
  md_connection *items;
  int count;
} md_connections;

// Reads `connections` of the configuration: names with tables of `url headers token_file ca_file plain private timeout
// attempts limit`, or just their URL. Everything lives in `arena`, which must be in scope for JSON. MD_EINVAL with the
// connection and the option that is wrong.
int md_connections_read(md_connections *out, const json_t *table, md_arena *arena, md_error *err);
const md_connection *md_connections_find(const md_connections *all, const char *name);
