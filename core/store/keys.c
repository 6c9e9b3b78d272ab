// SPDX-License-Identifier: Apache-2.0
// The table of API keys.
#include "store/keys.h"
#include "store/internal.h"
#include <string.h>

static const char insert_key[] = "INSERT INTO api_keys(name, scopes, source, types, hash, created_at, revoked_at)"
                                 " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)";

int md_keys_insert(md_store *store, md_api_key *key, md_error *err) {
  int code = md_statement_run(store, err, insert_key, "ttttbii", key->name, key->scopes, key->source, key->types,
                              (const void *)key->hash, sizeof key->hash, key->created_at, key->revoked_at);
  if (code == MD_EEXISTS) return md_error_set(err, code, "there is a key named %s already", key->name);
  if (!code) key->id = sqlite3_last_insert_rowid(store->db);
  return code;
}

static const char revoke_key[] = "UPDATE api_keys SET revoked_at = ?2 WHERE name = ?1 AND revoked_at = 0";

int md_keys_revoke(md_store *store, const char *name, md_micros at, md_error *err) {
  int code = md_statement_run(store, err, revoke_key, "ti", name, at);
  if (code || sqlite3_changes(store->db)) return code;
  return md_error_set(err, MD_ENOTFOUND, "there is no valid key named %s", name);
}

static const char list_keys[] = "SELECT id, name, scopes, source, types, hash, created_at, revoked_at FROM api_keys"
                                " ORDER BY id";

static int read_key(md_row *row, md_api_key *out, md_error *err) {
  size_t len;
  *out = (md_api_key){.id = md_row_int(row, 0), .created_at = md_row_int(row, 6), .revoked_at = md_row_int(row, 7)};
  out->name = md_row_text(row, 1);
  out->scopes = md_row_text(row, 2);
  out->source = md_row_text(row, 3);
  out->types = md_row_text(row, 4);
  const void *hash = md_row_blob(row, 5, &len);
  if (len != sizeof out->hash) return md_error_set(err, MD_ECORRUPT, "the hash of key %s is damaged", out->name);
  memcpy(out->hash, hash, len);
  return md_row_result(row, err);
}

int md_keys_list(md_store *store, int (*each)(void *context, const md_api_key *key), void *context, md_error *err) {
  md_row row = {0};
  md_api_key key;
  int code = md_statement_open(store, &row.stmt, err, list_keys, "");
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1) {
    code = read_key(&row, &key, err);
    if (code || (code = each(context, &key))) break;
  }
  md_statement_close(row.stmt);
  return code;
}
