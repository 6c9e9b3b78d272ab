// SPDX-License-Identifier: Apache-2.0
// The files of versions that nothing needs any more: they go, and the version's row stays for those who look back. A
// content goes with the last version that has it.
#include "store/forget.h"
#include "store/internal.h"

static const char next_version[] =
    "SELECT v.id, v.retired_at, coalesce(m.live = v.id, 0), coalesce(m.rolled_back_from = v.digest, 0) FROM versions v"
    " LEFT JOIN moments m ON m.name = v.moment"
    " WHERE v.id = (SELECT version FROM version_files WHERE version > ?1 ORDER BY version LIMIT 1)";

int md_forget_next_version(md_store *store, int64_t after, md_forget_version *out, md_error *err) {
  sqlite3_stmt *stmt;
  int code = md_statement_open(store, &stmt, err, next_version, "i", after);
  if (code) return code;
  code = md_statement_step(store, stmt, err);
  if (code == 1)
    *out = (md_forget_version){.id = sqlite3_column_int64(stmt, 0),
                               .retired_at = sqlite3_column_int64(stmt, 1),
                               .live = sqlite3_column_int(stmt, 2),
                               .marked = sqlite3_column_int(stmt, 3)};
  md_statement_close(stmt);
  if (code == 1) return 0;
  return code ? code : md_error_set(err, MD_ENOTFOUND, "there is no such version");
}

static const char retire_version[] = "UPDATE versions SET retired_at = ?2 WHERE id = ?1 AND retired_at = 0";

int md_forget_retire(md_store *store, int64_t id, md_micros at, md_error *err) {
  return md_statement_run(store, err, retire_version, "ii", id, at);
}

static const char only_files[] =
    "DELETE FROM files WHERE id IN (SELECT v.file FROM version_files v WHERE v.version = ?1 AND NOT EXISTS"
    " (SELECT 1 FROM version_files o WHERE o.file = v.file AND o.version <> ?1))";
static const char delete_paths[] = "DELETE FROM version_files WHERE version = ?1";

int md_forget_files(md_store *store, int64_t id, md_error *err) {
  int code = md_statement_run(store, err, only_files, "i", id);
  return code ? code : md_statement_run(store, err, delete_paths, "i", id);
}
