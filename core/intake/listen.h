// SPDX-License-Identifier: Apache-2.0
// The listening socket. Any thread.
#pragma once
#include "base/error.h"
#include <stdbool.h>

typedef struct md_listener {
  int fd, port;
  bool loopback;
} md_listener;

// Binds and listens on "HOST:PORT" ("127.0.0.1:0", "[::1]:8080", "localhost:8080"), non-blocking. `allow_public` false:
// only on loopback (MD_EDENIED). MD_EINVAL, MD_ENETWORK otherwise.
int md_listen(const char *where, bool allow_public, md_listener *out, md_error *err);
