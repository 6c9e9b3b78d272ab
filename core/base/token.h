// SPDX-License-Identifier: Apache-2.0
// Signed tokens for links (A3): key id, purpose, object, expiry, HMAC. Whoever holds one can do what its purpose allows
// with its object, and nothing else: each purpose has keys of its own. Pure; any thread.
#pragma once
#include "base/clock.h"
#include "base/master_key.h"
#include <stddef.h>

enum { MD_TOKEN_OBJECT_MAX = 400, MD_TOKEN_SIZE = 700, MD_TOKEN_KEYS_MAX = 4, MD_TOKEN_PURPOSE_SIZE = 24 };

typedef struct md_token_key {
  char id[9];
  uint8_t secret[MD_MASTER_KEY_SIZE];
} md_token_key;

// The keys of one purpose: the first signs, all verify.
typedef struct md_token_ring {
  char purpose[MD_TOKEN_PURPOSE_SIZE];
  md_token_key keys[MD_TOKEN_KEYS_MAX];
  int count;
} md_token_ring;

// `purpose` is a word of a-z, shorter than MD_TOKEN_PURPOSE_SIZE.
void md_token_ring_init(md_token_ring *ring, const char *purpose);
// Derives the purpose's key of a master key and puts it at the end. MD_ERANGE past MD_TOKEN_KEYS_MAX.
int md_token_ring_add(md_token_ring *ring, const md_master_key *key, md_error *err);

// Writes a token of letters, digits, '.', '-' and '_', NUL-terminated. `expires_at` 0: never. MD_ETOOBIG, or MD_EINVAL
// for a ring without keys.
int md_token_write(const md_token_ring *ring, const void *object, size_t len, md_micros expires_at,
                   char out[static MD_TOKEN_SIZE], md_error *err);
// Reads one back. MD_ESYNTAX: it is none. MD_EDENIED: another purpose, an unknown key, or forged. MD_ETIMEOUT: genuine,
// but expired. `object` holds MD_TOKEN_OBJECT_MAX bytes.
int md_token_read(const md_token_ring *ring, const char *text, size_t len, md_micros now, void *object,
                  size_t *object_len, md_error *err);
