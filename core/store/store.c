// SPDX-License-Identifier: Apache-2.0
// Opening and closing the database.
#include "base/alloc.h"
#include "store/internal.h"
#include "store/lazy.h"
#include "store/lock.h"
#include "store/schema.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_MS = 2000, WRITER_CACHE_KIB = 3072, READER_CACHE_KIB = 2048 };

static int configure(md_store *store, const char *sql, md_error *err) {
  int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
  return rc == SQLITE_OK ? 0 : md_store_error(store, rc, err);
}

static int set_cache(md_store *store, int kib, md_error *err) {
  char sql[64];
  if (kib <= 0) kib = store->read_only ? READER_CACHE_KIB : WRITER_CACHE_KIB;
  snprintf(sql, sizeof sql, "PRAGMA cache_size = %d; PRAGMA temp_store = MEMORY", -kib);
  return configure(store, sql, err);
}

// The lock and the WAL stand beside a name: a writer under another name would see neither.
static int require_one_name(int fd, const char *path, md_error *err) {
  struct stat about;
  if (fstat(fd, &about)) return md_error_set(err, MD_EIO, "%s: cannot be looked at: %s", path, strerror(errno));
  if (about.st_nlink <= 1) return 0;
  return md_error_set(
      err, MD_EDENIED,
      "%s is one of %lu names (hard links) of the same file, and two writers under different names would "
      "destroy it: keep one name, which `find / -xdev -inum %llu` helps with",
      path, (unsigned long)about.st_nlink, (unsigned long long)about.st_ino);
}

// SQLite gives the WAL the mode of the file, so the file is made here, before SQLite sees it.
static int make_file(const char *path, md_error *err) {
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return md_error_set(err, MD_EIO, "%s: cannot be opened for writing: %s", path, strerror(errno));
  int code = require_one_name(fd, path, err);
  close(fd);
  return code;
}

static int require_file(const char *path, md_error *err) {
  if (access(path, R_OK) == 0) return 0;
  int code = errno == ENOENT ? MD_ENOTFOUND : errno == EACCES ? MD_EDENIED : MD_EIO;
  return md_error_set(err, code, "%s: cannot be opened for reading: %s", path, strerror(errno));
}

static int prepare_file(md_store *store, const char *path, md_error *err) {
  if (!path) return 0;
  if (store->read_only) return require_file(path, err);
  int code = make_file(path, err); // first: only a file that is there has a real path
  return code ? code : md_lock_take(path, &store->lock_fd, err);
}

static int connect_file(md_store *store, const char *path, md_error *err) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= store->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  bool gathers = path && !store->read_only && !store->unsynced;
  int rc = gathers ? md_wal_vfs_register(&store->wal_vfs) : SQLITE_OK;
  if (rc == SQLITE_OK)
    rc = sqlite3_open_v2(path ? path : ":memory:", &store->db, flags, gathers ? store->wal_vfs.name : NULL);
  if (rc != SQLITE_OK) return md_sqlite_error(store->db, store->path, rc, err);
  sqlite3_busy_timeout(store->db, BUSY_MS);
  sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  return 0;
}

static const char writer_settings[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                      "PRAGMA wal_autocheckpoint = 0";
static const char unsynced_settings[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;"
                                        "PRAGMA wal_autocheckpoint = 0";
static const char memory_settings[] = "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF";

// Until the schema is known to be ours, closing must not even move the WAL into the file.
static int prepare_schema(md_store *store, const md_store_options *options, md_error *err) {
  const char *settings = !options->path ? memory_settings : options->unsynced ? unsynced_settings : writer_settings;
  int version = 0;
  sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  int code = md_schema_check(store->db, store->path, store->read_only, &version, err);
  if (code || store->read_only) return code;
  sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
  code = configure(store, settings, err);
  return code ? code : md_schema_migrate(store->db, store->path, md_schema_newest(), err);
}

static int open_store(md_store *store, const md_store_options *options, md_error *err) {
  int code = prepare_file(store, options->path, err);
  if (!code) code = connect_file(store, options->path, err);
  if (!code) code = set_cache(store, options->cache_kib, err);
  if (!code) code = prepare_schema(store, options, err);
  if (!code) code = md_index_open(store, err);
  return code;
}

int md_store_open(md_store **out, const md_store_options *options, md_error *err) {
  *out = NULL;
  if (options->read_only && !options->path)
    return md_error_set(err, MD_EINVAL, "a database in memory cannot be opened for reading only");
  md_sqlite_setup();
  md_store *store = md_alloc_zero(sizeof *store);
  if (store) store->path = md_strdup(options->path ? options->path : "memory");
  if (!store || !store->path) {
    md_free(store);
    return md_error_set(err, MD_ENOMEM, "out of memory while opening the database");
  }
  store->lock_fd = -1;
  store->read_only = options->read_only;
  store->in_memory = options->path == NULL;
  store->unsynced = options->unsynced;
  int code = open_store(store, options, err);
  if (code) {
    md_store_close(store);
    return code;
  }
  *out = store;
  return 0;
}

int md_store_schema(void) {
  return md_schema_newest();
}

void md_store_close(md_store *store) {
  if (!store) return;
  if (store->in_transaction) md_store_rollback(store);
  md_vault_free(store->vault);
  md_index_close(store);
  md_statements_deinit(&store->statements);
  sqlite3_close(store->db);
  md_wal_vfs_unregister(&store->wal_vfs);
  md_lock_release(store->lock_fd);
  md_free(store->path);
  md_free(store);
}

static const char count_statements[][48] = {
    "SELECT count(*) FROM api_keys", "SELECT count(*) FROM consents",  "SELECT count(*) FROM events",
    "SELECT count(*) FROM files",    "SELECT count(*) FROM incidents", "SELECT count(*) FROM lazy_index",
    "SELECT count(*) FROM messages", "SELECT count(*) FROM moments",   "SELECT count(*) FROM people",
    "SELECT count(*) FROM runs",     "SELECT count(*) FROM settings",  "SELECT count(*) FROM stored_values",
    "SELECT count(*) FROM things",   "SELECT count(*) FROM unmatched", "SELECT count(*) FROM versions",
};

int64_t md_store_count(md_store *store, const char *table, md_error *err) {
  int64_t count = 0;
  for (size_t i = 0; i < sizeof count_statements / sizeof count_statements[0]; i++) {
    if (strcmp(count_statements[i] + strlen("SELECT count(*) FROM "), table) != 0) continue;
    int code = md_statement_number(store, &count, err, count_statements[i], "");
    return code ? code : count;
  }
  return md_error_set(err, MD_EINVAL, "there is no table %s", table);
}
