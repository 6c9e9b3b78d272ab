// SPDX-License-Identifier: Apache-2.0
// The keys of events and calls, their owners: a small database of its own beside the first (<db>.keys), so that no copy
// of the first has them. What is forgotten is overwritten (secure_delete). Keys come in wrapped and go out wrapped.
// Private to core/store.
#pragma once
#include "base/clock.h"
#include "base/master_key.h"
#include "store/internal.h"

enum { MD_KEYRING_WRAPPED = 60, MD_KEYRING_MARK = 16 };

typedef struct md_keyring md_keyring;

typedef struct md_keyring_key {
  int64_t owner;
  md_micros made_at;
  uint8_t wrapped[MD_KEYRING_WRAPPED];
} md_keyring_key;

// `path` is the first database's (NULL: in memory). `mark` tells master keys apart: MD_EDENIED when the file was made
// with another. `key` is kept before a new file is marked with it. Returns owned.
int md_keyring_open(md_keyring **out, const char *path, bool unsynced, const md_master_key *key,
                    const uint8_t mark[static MD_KEYRING_MARK], md_error *err);
void md_keyring_close(md_keyring *keyring); // NULL is allowed

// Keeps a key until md_keyring_commit or md_keyring_rollback; it takes the place of an older one of that owner.
int md_keyring_put(md_keyring *keyring, const md_keyring_key *key, md_error *err);
int md_keyring_commit(md_keyring *keyring, md_error *err);
void md_keyring_rollback(md_keyring *keyring);
int md_keyring_get(md_keyring *keyring, int64_t owner, md_keyring_key *out, md_error *err); // MD_ENOTFOUND
// The first with owner > after, the key itself left out. MD_ENOTFOUND when there is none.
int md_keyring_next(md_keyring *keyring, int64_t after, md_keyring_key *out, md_error *err);
// Overwrites these, in a transaction of its own.
int md_keyring_forget(md_keyring *keyring, const int64_t *owners, int count, md_error *err);
int64_t md_keyring_count(const md_keyring *keyring); // those of the open transaction too
// When the oldest was made; 0 without keys.
md_micros md_keyring_oldest(md_keyring *keyring);
