// SPDX-License-Identifier: Apache-2.0
// An SMTP server's URL taken apart. Pure; used inside courier/ only.
#pragma once
#include "base/error.h"
#include <stdbool.h>

typedef struct md_smtp_url {
  char *target; // scheme, host and port, as libcurl wants it
  char *user;   // or NULL
  bool loopback;
} md_smtp_url;

// MD_EINVAL says what is wrong: a password (it belongs into a file), a path, a query, an unreadable port.
int md_smtp_url_parse(const char *text, md_smtp_url *out, md_error *err);
void md_smtp_url_deinit(md_smtp_url *url);
