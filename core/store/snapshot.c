// SPDX-License-Identifier: Apache-2.0
// Copies a database by SQLite's backup, within one reading transaction.
#include "store/snapshot.h"
#include "store/internal.h"
#include "store/schema.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int open_source(const char *path, sqlite3 **db, int *version, md_error *err) {
  if (access(path, R_OK) != 0)
    return md_error_set(err, errno == ENOENT ? MD_ENOTFOUND : MD_EDENIED, "%s cannot be read: %s", path,
                        strerror(errno));
  md_sqlite_setup();
  int rc = sqlite3_open_v2(path, db, SQLITE_OPEN_READONLY, NULL);
  return rc == SQLITE_OK ? md_schema_check(*db, path, false, version, err) : md_sqlite_error(*db, path, rc, err);
}

int md_snapshot_schema(const char *path, int *version, md_error *err) {
  sqlite3 *db = NULL;
  int code = open_source(path, &db, version, err);
  sqlite3_close(db);
  return code;
}

// Made by ourselves, so that nobody else can read it for a moment either.
static int make_file(const char *to, md_error *err) {
  int fd = open(to, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) return md_error_set(err, MD_EIO, "%s cannot be written: %s", to, strerror(errno));
  close(fd);
  return 0;
}

static int copy(sqlite3 *from, const char *to, md_error *err) {
  sqlite3 *db = NULL;
  int rc = sqlite3_open_v2(to, &db, SQLITE_OPEN_READWRITE, NULL);
  sqlite3_backup *backup = rc == SQLITE_OK ? sqlite3_backup_init(db, "main", from, "main") : NULL;
  if (backup) sqlite3_backup_step(backup, -1);
  rc = backup ? sqlite3_backup_finish(backup) : rc ? rc : sqlite3_errcode(db);
  int code = rc == SQLITE_OK ? 0 : md_sqlite_error(db, to, rc, err);
  sqlite3_close(db);
  return code;
}

int md_snapshot_write(const char *path, const char *to, md_error *err) {
  sqlite3 *db = NULL;
  int version = 0;
  int code = open_source(path, &db, &version, err);
  if (!code && !(code = make_file(to, err)) && (code = copy(db, to, err)) != 0) unlink(to);
  sqlite3_close(db);
  return code;
}
