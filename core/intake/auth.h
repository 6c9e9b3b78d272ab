// SPDX-License-Identifier: Apache-2.0
// Who may send what (A1, E3): API keys as an immutable snapshot, scopes, types, client addresses behind proxies. Any
// thread; a snapshot is counted without locks, so it belongs to one thread at a time.
#pragma once
#include "store/keys.h"
#include <sys/socket.h>

typedef struct md_auth md_auth;

// Copies the keys that are valid (not revoked). Returns owned (one reference), NULL when out of memory.
md_auth *md_auth_new(const md_api_key *keys, size_t count);
md_auth *md_auth_ref(md_auth *auth);
void md_auth_unref(md_auth *auth); // NULL is allowed
size_t md_auth_count(const md_auth *auth);

// The key of an `Authorization: Bearer …` value, borrowed from `auth`, or NULL. Constant time in the stored hashes.
const md_api_key *md_auth_find(const md_auth *auth, const char *authorization, size_t len);
// True when `scope` is among the key's.
bool md_auth_has_scope(const md_api_key *key, const char *scope);
// May an event of `type` come in under `key` (NULL: on loopback without keys)? 0, or MD_EDENIED with the reason:
// message.* run.* version.* channel.* never; consent.* profile.* password.* only under a key that names them
// ("consent.given", "consent.*"; NULL key: allowed); others unless the key lists types and none of them fits. A
// pattern is a type, or ends in ".*" and then fits every type below it; "*" fits all that are not reserved.
int md_auth_check_type(const md_api_key *key, const char *type, md_error *err);

// A new key "mk_<name>_<secret>" of 256 random bits. `name` is [a-z0-9-]{1,32}, otherwise MD_EINVAL. `hash` is what is
// stored; the text is shown once and kept nowhere.
enum { MD_API_KEY_SIZE = 80 };
int md_api_key_make(const char *name, char text[static MD_API_KEY_SIZE], uint8_t hash[static MD_SHA256_SIZE],
                    md_error *err);
