// SPDX-License-Identifier: Apache-2.0
// Secrets of events, and of answers to calls: sealed under a key of that event or call, its owner (base/secret.h). The
// key lies in a database of its own, wrapped by the master key (X1). It is made in the store's transaction and is
// durable before it; it is given out for an hour at most. A store's thread.
#pragma once
#include "base/master_key.h"
#include "store/store.h"

enum { MD_VAULT_SECONDS = 3600 }; // how long a key lives at most

// Opens <db>.keys for a store that writes, outside a transaction. MD_EDENIED when the database or its keys were written
// with another master key; a database that has no mark of its key gets one. Without it a store on a file refuses to
// seal, and one in memory makes a master key of its own that dies with it.
int md_vault_open(md_store *store, const md_master_key *key, md_error *err);

// Seals `text` for an owner that this transaction stores. `shown` is kept beside it readable, and bound to it. The
// result is in `arena`.
int md_vault_seal(md_store *store, int64_t owner, md_micros now, const char *shown, const char *text, md_arena *arena,
                  const void **sealed, size_t *sealed_len, md_error *err);
// What was shown, in `arena`; needs no key. MD_ECORRUPT for damaged bytes.
int md_vault_shown(const void *sealed, size_t len, md_arena *arena, const char **shown, md_error *err);
// Opens it again: `text` is in `arena`. MD_ENOTFOUND when its key is gone, or an hour old at `now`.
int md_vault_unseal(md_store *store, int64_t owner, md_micros now, const void *sealed, size_t len, md_arena *arena,
                    const char **text, md_error *err);
// Makes the digest of an event with secrets one that nobody without the master key can compare with a guess.
int md_vault_digest(md_store *store, uint8_t *digest, size_t len, md_error *err);

// The keys there are, in the order of their owners: the first with owner > after (from INT64_MIN on); MD_ENOTFOUND past
// the last.
int md_vault_next(md_store *store, int64_t after, int64_t *owner, md_micros *made_at, md_error *err);
int64_t md_vault_count(const md_store *store);
// When the oldest key must go; 0 without keys.
md_micros md_vault_due(const md_store *store);
// Overwrites these keys, outside the store's transaction.
int md_vault_forget(md_store *store, const int64_t *owners, int count, md_error *err);
