// SPDX-License-Identifier: Apache-2.0
// The database of keys. Its columns say event for what has become an owner: files in use have them. It is written
// seldom: a statement is prepared when it is used.
#include "store/keyring.h"
#include "base/alloc.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct md_keyring {
  sqlite3 *db;
  char *path; // as in messages
  int64_t count;
  int64_t put; // in the open transaction
};

// No WAL: it would keep what was deleted. A rollback journal is gone after each transaction (not with an exclusive
// lock: it would only lose its header then); the first database's lock keeps others away.
static const char schema[] =
    "CREATE TABLE IF NOT EXISTS master(id INTEGER PRIMARY KEY CHECK(id = 1), mark BLOB NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS event_keys(event INTEGER PRIMARY KEY, made_at INTEGER NOT NULL, wrapped BLOB NOT NULL)"
    " STRICT;"
    "CREATE INDEX IF NOT EXISTS event_keys_made ON event_keys(made_at)";
static const char settings[] = "PRAGMA secure_delete = ON; PRAGMA journal_mode = DELETE; PRAGMA temp_store = MEMORY;"
                               "PRAGMA cache_size = -256";
static const char synced[] = "PRAGMA synchronous = EXTRA";
static const char unsynced_setting[] = "PRAGMA synchronous = OFF";

static int failed(md_keyring *keyring, int rc, md_error *err) {
  md_sqlite_require_synced(sqlite3_extended_errcode(keyring->db), keyring->path);
  return md_sqlite_error(keyring->db, keyring->path, rc, err);
}

static int run(md_keyring *keyring, const char *sql, md_error *err) {
  int rc = sqlite3_exec(keyring->db, sql, NULL, NULL, NULL);
  return rc == SQLITE_OK ? 0 : failed(keyring, rc, err);
}

static int prepare(md_keyring *keyring, const char *sql, sqlite3_stmt **out, md_error *err) {
  int rc = sqlite3_prepare_v2(keyring->db, sql, -1, out, NULL);
  return rc == SQLITE_OK ? 0 : failed(keyring, rc, err);
}

// Steps a statement that answers one row or none, which stays open: 1, 0, or a code.
static int step(md_keyring *keyring, sqlite3_stmt *stmt, md_error *err) {
  int rc = sqlite3_step(stmt);
  return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : failed(keyring, rc, err);
}

static const char select_mark[] = "SELECT mark FROM master WHERE id = 1";
static const char insert_mark[] = "INSERT INTO master(id, mark) VALUES(1, ?1)";

static int check_mark(md_keyring *keyring, const uint8_t *mark, bool *there, md_error *err) {
  sqlite3_stmt *stmt = NULL;
  int code = prepare(keyring, select_mark, &stmt, err);
  if (!code) code = step(keyring, stmt, err);
  *there = code == 1;
  bool same = *there && sqlite3_column_bytes(stmt, 0) == MD_KEYRING_MARK &&
              memcmp(sqlite3_column_blob(stmt, 0), mark, MD_KEYRING_MARK) == 0;
  sqlite3_finalize(stmt);
  if (code < 0 || !*there || same) return code < 0 ? code : 0;
  return md_error_set(err, MD_EDENIED,
                      "%s was made with another master key: restore that key, or remove this file (secrets of events "
                      "that are not sent yet are lost then)",
                      keyring->path);
}

static int set_mark(md_keyring *keyring, const uint8_t *mark, md_error *err) {
  sqlite3_stmt *stmt = NULL;
  int code = prepare(keyring, insert_mark, &stmt, err);
  if (!code) sqlite3_bind_blob(stmt, 1, mark, MD_KEYRING_MARK, SQLITE_STATIC);
  if (!code) code = step(keyring, stmt, err);
  sqlite3_finalize(stmt);
  return code;
}

static const char count_keys[] = "SELECT count(*) FROM event_keys";
static const char oldest_key[] = "SELECT made_at FROM event_keys ORDER BY made_at LIMIT 1";

static int number(md_keyring *keyring, const char *sql, int64_t *out, md_error *err) {
  sqlite3_stmt *stmt = NULL;
  int code = prepare(keyring, sql, &stmt, err);
  if (!code) code = step(keyring, stmt, err);
  *out = code == 1 ? sqlite3_column_int64(stmt, 0) : 0;
  sqlite3_finalize(stmt);
  return code < 0 ? code : 0;
}

static int connect(md_keyring *keyring, bool in_memory, md_error *err) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  if (!in_memory) { // SQLite gives the journal the mode of the file, so the file is made here
    int fd = open(keyring->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
      return md_error_set(err, MD_EIO, "%s: cannot be opened for writing: %s", keyring->path, strerrordesc_np(errno));
    close(fd);
  }
  int rc = sqlite3_open_v2(in_memory ? ":memory:" : keyring->path, &keyring->db, flags, NULL);
  if (rc != SQLITE_OK) return md_sqlite_error(keyring->db, keyring->path, rc, err);
  sqlite3_db_config(keyring->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  return 0;
}

static int set_up(md_keyring *keyring, bool unsynced, const md_master_key *key, const uint8_t *mark, md_error *err) {
  bool there = false;
  int code = run(keyring, settings, err);
  if (!code) code = run(keyring, unsynced ? unsynced_setting : synced, err);
  if (!code) code = run(keyring, schema, err);
  if (!code) code = check_mark(keyring, mark, &there, err);
  if (!code && !there) code = md_master_key_keep(key, err);
  if (!code && !there) code = set_mark(keyring, mark, err);
  return code ? code : number(keyring, count_keys, &keyring->count, err);
}

int md_keyring_open(md_keyring **out, const char *path, bool unsynced, const md_master_key *key,
                    const uint8_t mark[static MD_KEYRING_MARK], md_error *err) {
  size_t len = (path ? strlen(path) : 0) + sizeof ".keys";
  md_keyring *keyring = md_alloc_zero(sizeof *keyring);
  *out = NULL;
  if (keyring) keyring->path = md_alloc(len);
  int code = keyring && keyring->path ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
  if (!code) snprintf(keyring->path, len, "%s.keys", path ? path : "");
  if (!code) code = connect(keyring, path == NULL, err);
  if (!code) code = set_up(keyring, unsynced, key, mark, err);
  if (code)
    md_keyring_close(keyring);
  else
    *out = keyring;
  return code;
}

void md_keyring_close(md_keyring *keyring) {
  if (!keyring) return;
  sqlite3_close(keyring->db); // rolls back what is open
  md_free(keyring->path);
  md_free(keyring);
}

static const char put_key[] = "INSERT OR REPLACE INTO event_keys(event, made_at, wrapped) VALUES(?1, ?2, ?3)";

int md_keyring_put(md_keyring *keyring, const md_keyring_key *key, md_error *err) {
  sqlite3_stmt *stmt = NULL;
  int code = sqlite3_get_autocommit(keyring->db) ? run(keyring, "BEGIN IMMEDIATE", err) : 0;
  if (!code) code = prepare(keyring, put_key, &stmt, err);
  if (code) return code;
  sqlite3_bind_int64(stmt, 1, key->owner);
  sqlite3_bind_int64(stmt, 2, key->made_at);
  sqlite3_bind_blob(stmt, 3, key->wrapped, MD_KEYRING_WRAPPED, SQLITE_STATIC);
  code = step(keyring, stmt, err);
  sqlite3_finalize(stmt);
  if (!code) keyring->put++;
  return code;
}

int md_keyring_commit(md_keyring *keyring, md_error *err) {
  if (sqlite3_get_autocommit(keyring->db)) return 0;
  int code = run(keyring, "COMMIT", err);
  if (code) return code;
  keyring->count += keyring->put; // one that replaced another is counted twice: it is looked at once more in vain
  keyring->put = 0;
  return 0;
}

void md_keyring_rollback(md_keyring *keyring) {
  keyring->put = 0;
  if (!sqlite3_get_autocommit(keyring->db)) run(keyring, "ROLLBACK", NULL);
}

static int read_key(md_keyring *keyring, sqlite3_stmt *stmt, bool whole, md_keyring_key *out, md_error *err) {
  int code = step(keyring, stmt, err);
  if (code == 0) return md_error_set(err, MD_ENOTFOUND, "there is no such key");
  if (code < 0) return code;
  out->owner = sqlite3_column_int64(stmt, 0);
  out->made_at = sqlite3_column_int64(stmt, 1);
  if (!whole) return 0;
  if (sqlite3_column_bytes(stmt, 2) != MD_KEYRING_WRAPPED)
    return md_error_set(err, MD_ECORRUPT, "%s: a key has a wrong length", keyring->path);
  memcpy(out->wrapped, sqlite3_column_blob(stmt, 2), MD_KEYRING_WRAPPED);
  return 0;
}

static const char select_key[] = "SELECT event, made_at, wrapped FROM event_keys WHERE event = ?1";
static const char next_key[] = "SELECT event, made_at FROM event_keys WHERE event > ?1 ORDER BY event LIMIT 1";

static int find_key(md_keyring *keyring, const char *sql, int64_t owner, bool whole, md_keyring_key *out,
                    md_error *err) {
  sqlite3_stmt *stmt = NULL;
  int code = prepare(keyring, sql, &stmt, err);
  if (!code) sqlite3_bind_int64(stmt, 1, owner);
  if (!code) code = read_key(keyring, stmt, whole, out, err);
  sqlite3_finalize(stmt);
  return code;
}

int md_keyring_get(md_keyring *keyring, int64_t owner, md_keyring_key *out, md_error *err) {
  return find_key(keyring, select_key, owner, true, out, err);
}

int md_keyring_next(md_keyring *keyring, int64_t after, md_keyring_key *out, md_error *err) {
  return find_key(keyring, next_key, after, false, out, err);
}

static const char delete_key[] = "DELETE FROM event_keys WHERE event = ?1";

static int delete_all(md_keyring *keyring, const int64_t *owners, int count, md_error *err) {
  sqlite3_stmt *stmt = NULL;
  int code = prepare(keyring, delete_key, &stmt, err);
  for (int i = 0; i < count && !code; i++) {
    sqlite3_bind_int64(stmt, 1, owners[i]);
    code = step(keyring, stmt, err);
    sqlite3_reset(stmt);
  }
  sqlite3_finalize(stmt);
  return code;
}

int md_keyring_forget(md_keyring *keyring, const int64_t *owners, int count, md_error *err) {
  int code = run(keyring, "BEGIN IMMEDIATE", err);
  if (!code) code = delete_all(keyring, owners, count, err);
  if (!code) code = run(keyring, "COMMIT", err);
  if (code)
    md_keyring_rollback(keyring);
  else
    code = number(keyring, count_keys, &keyring->count, err);
  return code;
}

int64_t md_keyring_count(const md_keyring *keyring) {
  return keyring->count + keyring->put;
}

md_micros md_keyring_oldest(md_keyring *keyring) {
  int64_t oldest = 0;
  if (keyring->count) number(keyring, oldest_key, &oldest, NULL);
  return oldest;
}
