// SPDX-License-Identifier: Apache-2.0
// Seals and opens secrets of events and calls. Sealed bytes: the length of what is shown (4 bytes, little-endian), that
// text, and AES-256-GCM over the rest, bound to the owner and to what is shown.
#include "store/vault.h"
#include "base/alloc.h"
#include "base/cipher.h"
#include "base/digest.h"
#include "store/keyring.h"
#include "store/vault_state.h"
#include <endian.h>
#include <openssl/crypto.h>
#include <string.h>

_Static_assert(MD_KEYRING_WRAPPED == MD_CIPHER_KEY + MD_CIPHER_EXTRA, "a wrapped key fits its row");

struct md_vault {
  md_keyring *keyring;
  uint8_t wrapping[MD_MASTER_KEY_SIZE];
  uint8_t digests[MD_MASTER_KEY_SIZE];
};

static const char setting_of_mark[] = "master_key_mark";

// Addresses that must not be written to are kept as keyed hashes: under another key none of them would be found.
static int check_mark(md_store *store, const char *mark, md_arena *arena, bool *there, md_error *err) {
  const char *stored = NULL;
  int code = md_settings_get(store, setting_of_mark, arena, &stored, err);
  *there = code == 0;
  if (code) return code == MD_ENOTFOUND ? 0 : code;
  if (strcmp(stored, mark) == 0) return 0;
  return md_error_set(
      err, MD_EDENIED,
      "%s was written with another master key: who has unsubscribed could not be told with this one, and "
      "would be written to again. Restore that key (%s.key, or where key_file says); see \"The master "
      "key\" in docs/configuration.md",
      store->path, store->path);
}

static int set_mark(md_store *store, const char *mark, md_error *err) {
  int code = md_store_begin(store, err);
  if (code) return code;
  code = md_settings_set(store, setting_of_mark, mark, err);
  if (!code) code = md_store_commit(store, err);
  if (code && md_store_in_transaction(store)) md_store_rollback(store);
  return code;
}

static void mark_of(const md_master_key *key, char out[static 2 * MD_MASTER_KEY_SIZE + 1]) {
  uint8_t mark[MD_MASTER_KEY_SIZE];
  md_master_key_derive(key, "mark of the database", mark);
  md_hex(mark, sizeof mark, out);
}

static int open_vault(md_store *store, const char *path, const md_master_key *key, md_error *err) {
  uint8_t mark[MD_MASTER_KEY_SIZE];
  md_vault *vault = md_alloc_zero(sizeof *vault);
  if (!vault) return md_error_set(err, MD_ENOMEM, "out of memory");
  md_master_key_derive(key, "event keys", vault->wrapping);
  md_master_key_derive(key, "event digests", vault->digests);
  md_master_key_derive(key, "mark of event keys", mark);
  int code = md_keyring_open(&vault->keyring, path, store->unsynced, key, mark, err);
  if (!code) {
    store->vault = vault;
    return 0;
  }
  md_vault_free(vault);
  return code;
}

int md_vault_open(md_store *store, const md_master_key *key, md_error *err) {
  char mark[2 * MD_MASTER_KEY_SIZE + 1];
  bool there = false;
  if (store->in_memory) return open_vault(store, NULL, key, err);
  md_arena *arena = md_arena_new(512);
  if (!arena) return md_error_set(err, MD_ENOMEM, "out of memory");
  mark_of(key, mark);
  int code = check_mark(store, mark, arena, &there, err);
  md_arena_free(arena);
  if (!code) code = open_vault(store, store->path, key, err); // what it says of the key comes before a mark is set
  return code || there ? code : set_mark(store, mark, err);
}

void md_vault_free(md_vault *vault) {
  if (!vault) return;
  md_keyring_close(vault->keyring);
  OPENSSL_cleanse(vault, sizeof *vault);
  md_free(vault);
}

static int require_vault(md_store *store, md_error *err) {
  md_master_key *key = NULL;
  if (store->vault) return 0;
  if (!store->in_memory)
    return md_error_set(err, MD_EUNSUPPORTED, "%s was opened without its master key: secrets cannot be kept",
                        store->path);
  int code = md_master_key_new(&key, err);
  if (!code) code = open_vault(store, NULL, key, err);
  md_master_key_free(key);
  return code;
}

int md_vault_commit(md_vault *vault, md_error *err) {
  return vault ? md_keyring_commit(vault->keyring, err) : 0;
}

void md_vault_rollback(md_vault *vault) {
  if (vault) md_keyring_rollback(vault->keyring);
}

// A fresh key of the owner into `key`, and wrapped into the keyring.
static int make_key(md_vault *vault, int64_t owner, md_micros now, uint8_t *key, md_error *err) {
  md_keyring_key row = {.owner = owner, .made_at = now};
  uint64_t bound = htole64((uint64_t)owner);
  md_random_bytes(key, MD_CIPHER_KEY);
  int code = md_cipher_seal(vault->wrapping, &bound, sizeof bound, key, MD_CIPHER_KEY, row.wrapped);
  return code ? md_error_set(err, code, "out of memory") : md_keyring_put(vault->keyring, &row, err);
}

static int get_key(md_vault *vault, int64_t owner, md_micros now, uint8_t *key, md_error *err) {
  md_keyring_key row;
  uint64_t bound = htole64((uint64_t)owner);
  int code = md_keyring_get(vault->keyring, owner, &row, err);
  if (!code && now >= row.made_at + MD_VAULT_SECONDS * MD_SECOND)
    code = md_error_set(err, MD_ENOTFOUND, "the key of a secret is an hour old");
  if (code) return code;
  code = md_cipher_open(vault->wrapping, &bound, sizeof bound, row.wrapped, sizeof row.wrapped, key);
  return code ? md_error_set(err, code, "the key of a secret cannot be unwrapped") : 0;
}

// What sealing is bound to: the owner, and what is shown.
static uint8_t *bound_to(int64_t owner, const char *shown, size_t shown_len, md_arena *arena) {
  uint64_t seq = htole64((uint64_t)owner);
  uint8_t *bound = md_arena_alloc(arena, sizeof seq + shown_len);
  if (!bound) return NULL;
  memcpy(bound, &seq, sizeof seq);
  if (shown_len) memcpy(bound + sizeof seq, shown, shown_len);
  return bound;
}

static int seal(const uint8_t *key, int64_t owner, const char *shown, size_t shown_len, const char *text,
                md_arena *arena, const void **sealed, size_t *sealed_len, md_error *err) {
  size_t len = strlen(text);
  uint32_t prefix = htole32((uint32_t)shown_len);
  uint8_t *bound = bound_to(owner, shown, shown_len, arena);
  uint8_t *out = md_arena_alloc(arena, sizeof prefix + shown_len + len + MD_CIPHER_EXTRA);
  if (!bound || !out) return md_error_set(err, MD_ENOMEM, "out of memory");
  memcpy(out, &prefix, sizeof prefix);
  memcpy(out + sizeof prefix, shown, shown_len);
  int code = md_cipher_seal(key, bound, sizeof owner + shown_len, text, len, out + sizeof prefix + shown_len);
  *sealed = out;
  *sealed_len = sizeof prefix + shown_len + len + MD_CIPHER_EXTRA;
  return code ? md_error_set(err, code, "out of memory") : 0;
}

int md_vault_seal(md_store *store, int64_t owner, md_micros now, const char *shown, const char *text, md_arena *arena,
                  const void **sealed, size_t *sealed_len, md_error *err) {
  uint8_t key[MD_CIPHER_KEY];
  int code = require_vault(store, err);
  if (!code) code = make_key(store->vault, owner, now, key, err);
  if (!code) code = seal(key, owner, shown, strlen(shown), text, arena, sealed, sealed_len, err);
  OPENSSL_cleanse(key, sizeof key);
  return code;
}

typedef struct parts {
  const char *shown;
  const uint8_t *rest;
  size_t shown_len, rest_len;
} parts;

// Takes sealed bytes apart; false for what sealing does not make.
static bool split(const void *sealed, size_t len, parts *out) {
  uint32_t prefix = 0;
  if (len < sizeof prefix + MD_CIPHER_EXTRA) return false;
  memcpy(&prefix, sealed, sizeof prefix);
  prefix = le32toh(prefix);
  if (prefix > len - sizeof prefix - MD_CIPHER_EXTRA) return false;
  const char *shown = (const char *)sealed + sizeof prefix;
  *out = (parts){shown, (const uint8_t *)shown + prefix, prefix, len - sizeof prefix - prefix};
  return true;
}

static int damaged(md_error *err) {
  return md_error_set(err, MD_ECORRUPT, "sealed secrets are damaged");
}

int md_vault_shown(const void *sealed, size_t len, md_arena *arena, const char **shown, md_error *err) {
  parts all;
  if (!split(sealed, len, &all)) return damaged(err);
  *shown = md_arena_strndup(arena, all.shown, all.shown_len);
  return *shown ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
}

static int unseal(const uint8_t *key, int64_t owner, const void *sealed, size_t len, md_arena *arena, const char **text,
                  md_error *err) {
  parts all;
  if (!split(sealed, len, &all)) return damaged(err);
  uint8_t *bound = bound_to(owner, all.shown, all.shown_len, arena);
  char *out = md_arena_alloc_zero(arena, all.rest_len - MD_CIPHER_EXTRA + 1);
  if (!bound || !out) return md_error_set(err, MD_ENOMEM, "out of memory");
  int code = md_cipher_open(key, bound, sizeof owner + all.shown_len, all.rest, all.rest_len, (uint8_t *)out);
  *text = out;
  return code == MD_ECORRUPT ? damaged(err) : code;
}

int md_vault_unseal(md_store *store, int64_t owner, md_micros now, const void *sealed, size_t len, md_arena *arena,
                    const char **text, md_error *err) {
  uint8_t key[MD_CIPHER_KEY];
  int code = require_vault(store, err);
  if (!code) code = get_key(store->vault, owner, now, key, err);
  if (!code) code = unseal(key, owner, sealed, len, arena, text, err);
  OPENSSL_cleanse(key, sizeof key);
  return code;
}

int md_vault_digest(md_store *store, uint8_t *digest, size_t len, md_error *err) {
  uint8_t keyed[MD_SHA256_SIZE];
  int code = require_vault(store, err);
  if (code) return code;
  md_hmac_sha256(store->vault->digests, sizeof store->vault->digests, digest, len, keyed);
  memcpy(digest, keyed, len < sizeof keyed ? len : sizeof keyed);
  return 0;
}

int md_vault_next(md_store *store, int64_t after, int64_t *owner, md_micros *made_at, md_error *err) {
  md_keyring_key row;
  if (!store->vault) return md_error_set(err, MD_ENOTFOUND, "there is no such key");
  int code = md_keyring_next(store->vault->keyring, after, &row, err);
  if (code) return code;
  *owner = row.owner;
  *made_at = row.made_at;
  return 0;
}

int64_t md_vault_count(const md_store *store) {
  return store->vault ? md_keyring_count(store->vault->keyring) : 0;
}

md_micros md_vault_due(const md_store *store) {
  md_micros oldest = store->vault ? md_keyring_oldest(store->vault->keyring) : 0;
  return oldest ? oldest + MD_VAULT_SECONDS * MD_SECOND : 0;
}

int md_vault_forget(md_store *store, const int64_t *owners, int count, md_error *err) {
  return store->vault && count ? md_keyring_forget(store->vault->keyring, owners, count, err) : 0;
}
