// SPDX-License-Identifier: Apache-2.0
// What the files of store/ share: the open database, row ids, the mapping of SQLite's failures. Not for other rooms.
#pragma once
#include "store/statement.h"
#include "store/store.h"
#include "store/vault_state.h"
#include "store/wal_vfs.h"

typedef struct md_index md_index;

// The tables whose rows the lazy index names; each has a watermark a stripe.
typedef enum md_source_table {
  MD_SOURCE_EVENTS,
  MD_SOURCE_RUNS,
  MD_SOURCE_PEOPLE,
  MD_SOURCE_THINGS,
  MD_SOURCES,
} md_source_table;

enum { MD_SAVEPOINTS_MAX = 4 };

// Where a transaction or savepoint began: what a rollback goes back to.
typedef struct md_store_mark {
  int64_t last[MD_SOURCES];
  size_t undo;
} md_store_mark;

struct md_store {
  sqlite3 *db;
  md_wal_vfs wal_vfs; // of a writer that syncs its commits
  char *path;         // as in messages: "memory" for a database in memory
  int lock_fd;        // the one writer's lock, or -1
  bool read_only, in_memory, unsynced;
  bool in_transaction;
  int failed; // a storage failure inside the open transaction: nothing but a rollback is allowed (B1)
  md_statements statements;
  md_index *index;
  md_vault *vault;          // NULL without a master key
  int64_t last[MD_SOURCES]; // the newest row id given out
  md_store_mark marks[1 + MD_SAVEPOINTS_MAX];
  int mark_count;
};

// Fills `err` from SQLite's last failure on this store and returns the code of ours.
int md_store_error(md_store *store, int rc, md_error *err);
// As md_store_error for a connection that is no store's; `path` is named in the text.
int md_sqlite_error(sqlite3 *db, const char *path, int rc, md_error *err);
// The mapping alone.
int md_sqlite_code(int rc);
// Ends the process if `rc` says that an fsync failed: what is on the disk is not known any more (B1).
void md_sqlite_require_synced(int rc, const char *path);
// Process-wide settings of SQLite; before the first connection.
void md_sqlite_setup(void);

// The setting that holds the newest row id ever given out for a table.
extern const char *const md_store_last_names[MD_SOURCES];

// The next row id of a table.
int64_t md_store_next_id(md_store *store, md_source_table table);
