// SPDX-License-Identifier: Apache-2.0
// The database: one SQLite file, its schema, transactions and the lazy index. One thread a store: the engine's owns the
// writing one, readers open their own read-only ones. Every statement is prepared once and closed with the store.
#pragma once
#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct md_store md_store;

typedef struct md_store_options {
  const char *path; // the file; NULL: a database in memory
  bool read_only;   // opens an existing file for reading, changes nothing, needs no daemon
  bool unsynced;    // commits do not wait for the disk: for what can be made again (virtual time)
  int cache_kib;    // SQLite's page cache; 0: 3 MiB for a writer, 2 MiB for a reader
} md_store_options;

// Opens, migrates to the newest schema, and rebuilds the lazy index from the rows past its watermarks. A database from
// a newer schema is refused with both numbers, untouched. Returns owned. A second writer is refused (MD_EBUSY).
int md_store_open(md_store **out, const md_store_options *options, md_error *err);
void md_store_close(md_store *store); // NULL is allowed
int md_store_schema(void);            // the number of the newest schema, which every open writer has

// The codes of storage failures that callers tell apart: MD_EFULL (disk or quota), MD_EBUSY (locked by another
// process), MD_EIO, MD_ENOMEM, MD_ECORRUPT. After one inside a transaction the whole batch must be rolled back (B1).

// BEGIN IMMEDIATE. A lock held elsewhere is waited for at most two seconds (the checkpointer holds it
// while the disk syncs).
int md_store_begin(md_store *store, md_error *err);
// Sorts stripes of the lazy index into their table, then COMMIT with fsync. On failure the transaction is rolled back.
// A commit of uncertain result (a failed fsync) ends the process (B1).
int md_store_commit(md_store *store, md_error *err);
// ROLLBACK, and the lazy index forgets what the batch added.
void md_store_rollback(md_store *store);
bool md_store_in_transaction(const md_store *store);

// A SAVEPOINT inside the transaction, for one turn (B1): rolled back alone, with what the lazy index learnt since. Up
// to four nest; each is ended by one of the two.
int md_store_savepoint(md_store *store, md_error *err);
int md_store_release(md_store *store, md_error *err);
// On failure the whole transaction must be rolled back.
int md_store_rollback_to(md_store *store, md_error *err);

// A write that proves the database takes writes again (used while readyz is red).
int md_store_probe(md_store *store, md_error *err);

// Small named values: "engine_time", "installation_id" …
int md_settings_get(md_store *store, const char *name, md_arena *arena, const char **out,
                    md_error *err); // MD_ENOTFOUND
int md_settings_set(md_store *store, const char *name, const char *value, md_error *err);
int md_settings_get_int(md_store *store, const char *name, int64_t *out, md_error *err); // MD_ENOTFOUND
int md_settings_delete(md_store *store, const char *name, md_error *err);                // none is success
int md_settings_set_int(md_store *store, const char *name, int64_t value, md_error *err);

// Counts for status and ingest: rows of a table of the schema ("events", "runs" …), by a walk of its primary key.
int64_t md_store_count(md_store *store, const char *table, md_error *err);
