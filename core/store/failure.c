// SPDX-License-Identifier: Apache-2.0
// What SQLite's failures mean here, and SQLite's process-wide settings.
#include "base/log.h"
#include "store/internal.h"
#include <pthread.h>
#include <stdlib.h>

int md_sqlite_code(int rc) {
  if (rc == SQLITE_IOERR_NOMEM) return MD_ENOMEM; // a failed allocation on the way of a read or write
  switch (rc & 0xff) {
  case SQLITE_OK:
  case SQLITE_ROW:
  case SQLITE_DONE:
    return 0;
  case SQLITE_FULL:
    return MD_EFULL;
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return MD_EBUSY;
  case SQLITE_NOMEM:
    return MD_ENOMEM;
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    return MD_ECORRUPT;
  case SQLITE_CONSTRAINT:
    return rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ? MD_EEXISTS : MD_EINVAL;
  case SQLITE_TOOBIG:
    return MD_ETOOBIG;
  case SQLITE_READONLY:
  case SQLITE_PERM:
  case SQLITE_AUTH:
    return MD_EDENIED;
  case SQLITE_ERROR:
  case SQLITE_MISUSE:
  case SQLITE_RANGE:
  case SQLITE_MISMATCH:
    return MD_EINVAL;
  default:
    return MD_EIO;
  }
}

int md_sqlite_error(sqlite3 *db, const char *path, int rc, md_error *err) {
  int extended = db ? sqlite3_extended_errcode(db) : rc;
  if ((extended & 0xff) != (rc & 0xff)) extended = rc;
  int code = md_sqlite_code(extended);
  if (code == MD_EFULL) return md_error_set(err, code, "the disk or quota that holds %s is full", path);
  if (code == MD_EBUSY) return md_error_set(err, code, "%s is locked by another process", path);
  return md_error_set(err, code, "database %s: %s (SQLite code %d)", path, db ? sqlite3_errmsg(db) : sqlite3_errstr(rc),
                      extended);
}

static bool harms_transaction(int code) {
  return code == MD_EFULL || code == MD_EIO || code == MD_ENOMEM || code == MD_ECORRUPT;
}

int md_store_error(md_store *store, int rc, md_error *err) {
  int code = md_sqlite_error(store->db, store->path, rc, err);
  bool rolled_back = sqlite3_get_autocommit(store->db) != 0;
  if (store->in_transaction && (rolled_back || harms_transaction(code))) store->failed = code;
  return code;
}

void md_sqlite_require_synced(int rc, const char *path) {
  if (rc != SQLITE_IOERR_FSYNC && rc != SQLITE_IOERR_DIR_FSYNC) return;
  md_log(MD_LOG_ERROR, "store", "fsync failed: what is on the disk is not known, ending", "file", path, NULL);
  abort();
}

static void setup(void) {
  // Counting every allocation costs a global lock. Fails harmlessly when something has used SQLite before.
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

void md_sqlite_setup(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, setup);
}
