// SPDX-License-Identifier: Apache-2.0
// Transactions and savepoints of the store, and what the lazy index does at their ends.
#include "base/assert.h"
#include "base/log.h"
#include "store/internal.h"
#include "store/lazy.h"
#include <string.h>

static const char begin_writing[] = "BEGIN IMMEDIATE";
static const char begin_reading[] = "BEGIN";
static const char commit_all[] = "COMMIT";
static const char roll_all_back[] = "ROLLBACK";
static const char begin_turn[] = "SAVEPOINT turn";
static const char release_turn[] = "RELEASE turn";
static const char roll_turn_back[] = "ROLLBACK TO turn";

const char *const md_store_last_names[MD_SOURCES] = {"last_event", "last_run", "last_person", "last_thing"};

// Row ids are never given twice, so the newest ones outlive their rows.
static int keep_last_ids(md_store *store, md_error *err) {
  int code = 0;
  for (int source = 0; source < MD_SOURCES && !code; source++)
    if (store->last[source] != store->marks[0].last[source])
      code = md_settings_set_int(store, md_store_last_names[source], store->last[source], err);
  return code;
}

int64_t md_store_next_id(md_store *store, md_source_table table) {
  return ++store->last[table];
}

static void set_mark(md_store *store) {
  md_store_mark *mark = &store->marks[store->mark_count++];
  memcpy(mark->last, store->last, sizeof mark->last);
  mark->undo = store->index->undo_count;
}

bool md_store_in_transaction(const md_store *store) {
  return store->in_transaction;
}

int md_store_begin(md_store *store, md_error *err) {
  md_require(!store->in_transaction);
  int code = md_statement_run(store, err, store->read_only ? begin_reading : begin_writing, "");
  if (code) return code;
  store->in_transaction = true;
  set_mark(store);
  return 0;
}

static void leave_transaction(md_store *store) {
  store->in_transaction = false;
  store->failed = 0;
  store->mark_count = 0;
}

void md_store_rollback(md_store *store) {
  if (!store->in_transaction) return;
  md_error err;
  store->failed = 0;
  memcpy(store->last, store->marks[0].last, sizeof store->last);
  md_index_not_committed(store);
  md_vault_rollback(store->vault);
  // SQLite has rolled back by itself after some failures.
  int code = sqlite3_get_autocommit(store->db) ? 0 : md_statement_run(store, &err, roll_all_back, "");
  leave_transaction(store);
  if (code) md_log(MD_LOG_WARN, "store", "rollback failed", "error", err.text, NULL);
  md_require(sqlite3_get_autocommit(store->db));
}

static int run_commit(md_store *store, md_error *err) {
  sqlite3_stmt *stmt;
  int code = md_statement_open(store, &stmt, err, commit_all, "");
  if (code) return code;
  int rc = sqlite3_step(stmt);
  if (rc != SQLITE_DONE) {
    md_sqlite_require_synced(sqlite3_extended_errcode(store->db), store->path);
    code = md_store_error(store, rc, err);
  }
  md_statement_close(stmt);
  return code;
}

int md_store_commit(md_store *store, md_error *err) {
  md_require(store->in_transaction);
  int code = store->read_only ? 0 : md_index_flush(store, err);
  if (!code && !store->read_only) code = keep_last_ids(store, err);
  if (!code) code = md_vault_commit(store->vault, err);
  if (!code) code = run_commit(store, err);
  if (code) {
    md_store_rollback(store);
    return code;
  }
  if (!store->read_only) md_index_committed(store);
  leave_transaction(store);
  return 0;
}

int md_store_savepoint(md_store *store, md_error *err) {
  md_require(store->in_transaction && store->mark_count <= MD_SAVEPOINTS_MAX);
  int code = md_statement_run(store, err, begin_turn, "");
  if (!code) set_mark(store);
  return code;
}

int md_store_release(md_store *store, md_error *err) {
  md_require(store->mark_count > 1);
  int code = md_statement_run(store, err, release_turn, "");
  if (!code) store->mark_count--;
  return code;
}

int md_store_rollback_to(md_store *store, md_error *err) {
  md_require(store->mark_count > 1);
  const md_store_mark *mark = &store->marks[store->mark_count - 1];
  int code = md_statement_run(store, err, roll_turn_back, "");
  if (code) return code;
  memcpy(store->last, mark->last, sizeof store->last);
  md_index_rewind(store, mark->undo);
  return md_store_release(store, err);
}

static const char write_probe[] =
    "INSERT OR REPLACE INTO settings(name, value) VALUES('probe', hex(randomblob(32768)))";
static const char clear_probe[] = "DELETE FROM settings WHERE name = 'probe'";

// Large enough that a disk with a few bytes left does not pass.
int md_store_probe(md_store *store, md_error *err) {
  static const char *const steps[] = {write_probe, clear_probe};
  for (int i = 0; i < 2; i++) {
    int code = md_store_begin(store, err);
    if (code) return code;
    code = md_statement_run(store, err, steps[i], "");
    if (!code) code = md_store_commit(store, err);
    if (code) {
      md_store_rollback(store);
      return code;
    }
  }
  return 0;
}
