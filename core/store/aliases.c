// SPDX-License-Identifier: Apache-2.0
// Joins of people as aliases (P3): a chain of rows, never rewritten, so that undoing one gives back what was before.
#include "store/internal.h"
#include "store/people.h"

static const char select_alias[] = "SELECT alias_of FROM people WHERE id = ?1";

enum { CHAIN_MAX = 1000 };

int md_people_canonical(md_store *store, int64_t id, int64_t *out, md_error *err) {
  int64_t next = id;
  for (int i = 0; i < CHAIN_MAX && next; i++) {
    id = next;
    int code = md_statement_number(store, &next, err, select_alias, "i", id);
    if (code == MD_ENOTFOUND) return md_error_set(err, code, "there is no person %lld", (long long)id);
    if (code) return code;
  }
  if (next) return md_error_set(err, MD_ECORRUPT, "the aliases of person %lld go in a circle", (long long)id);
  *out = id;
  return 0;
}

static int require_canonical(md_store *store, int64_t id, md_error *err) {
  int64_t canonical;
  int code = md_people_canonical(store, id, &canonical, err);
  if (code || canonical == id) return code;
  return md_error_set(err, MD_ECONFLICT, "person %lld is joined to %lld already", (long long)id, (long long)canonical);
}

static const char update_alias[] = "UPDATE people SET alias_of = ?2, alias_because = ?3, alias_at = ?4 WHERE id = ?1";

int md_people_alias(md_store *store, int64_t id, int64_t canonical, int64_t because, md_micros at, md_error *err) {
  if (id == canonical) return md_error_set(err, MD_EINVAL, "a person cannot be joined to themselves");
  int code = require_canonical(store, id, err);
  if (!code) code = require_canonical(store, canonical, err);
  return code ? code : md_statement_run(store, err, update_alias, "iiii", id, canonical, because, at);
}

static const char remove_alias[] =
    "UPDATE people SET alias_of = 0, alias_because = 0, alias_at = 0 WHERE id = ?1 AND alias_of > 0";

int md_people_split(md_store *store, int64_t id, md_error *err) {
  int code = md_statement_run(store, err, remove_alias, "i", id);
  if (code || sqlite3_changes(store->db)) return code;
  return md_error_set(err, MD_ECONFLICT, "person %lld is joined to nobody", (long long)id);
}

static const char select_aliases[] = "SELECT id FROM people WHERE alias_of > 0 AND alias_of = ?1";

// Appends the rows that are aliases of `id` itself.
static int append_aliases(md_store *store, int64_t id, int64_t *ids, int max, int *count, md_error *err) {
  sqlite3_stmt *stmt;
  int code = md_statement_open(store, &stmt, err, select_aliases, "i", id);
  if (code) return code;
  while (*count < max && (code = md_statement_step(store, stmt, err)) == 1)
    ids[(*count)++] = sqlite3_column_int64(stmt, 0);
  md_statement_close(stmt);
  return code < 0 ? code : 0;
}

int md_people_members(md_store *store, int64_t canonical, int64_t *ids, int max, int *count, md_error *err) {
  int code = 0;
  *count = 0;
  if (max > 0) ids[(*count)++] = canonical;
  for (int i = 0; i < *count && !code; i++)
    code = append_aliases(store, ids[i], ids, max, count, err);
  return code;
}
