// SPDX-License-Identifier: Apache-2.0
// Mail addresses by a strict grammar (M7): what passes here can stand in a header and on an SMTP line. Pure; any
// thread.
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include <stddef.h>

enum { MD_MAIL_ADDRESS_MAX = 254 }; // RFC 5321, 4.5.3.1.3: a path of 256 with its brackets

// One mailbox; `name` is UTF-8 without control characters, NULL when there is none.
typedef struct md_mailbox {
  const char *name;
  const char *address;
} md_mailbox;

// 0 when `text` of `len` bytes is an address: ASCII, a dot-atom of at most 64 bytes, '@', and a domain of letters,
// digits and hyphens with at least one dot (or `localhost`), 254 in all; no quotes, comments or IP literals. Else
// MD_EINVAL, and `err` (may be NULL) says why, without repeating bytes that a log could not hold.
int md_mail_address_check(const char *text, size_t len, md_error *err);

// Reads "a@b.dk", "Display Name <a@b.dk>" or "\"Name, Display\" <a@b.dk>" into `arena`. MD_EINVAL or MD_ENOMEM.
int md_mailbox_parse(const char *text, size_t len, md_arena *arena, md_mailbox *out, md_error *err);
