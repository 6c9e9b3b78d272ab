// SPDX-License-Identifier: Apache-2.0
// Prepared statements: kept a store, found by the address of their text, bound by a format. Used inside store/ only.
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct md_store;

enum { MD_STATEMENT_SLOTS = 512 };

typedef struct md_statements {
  struct {
    const char *sql;
    sqlite3_stmt *stmt;
  } slots[MD_STATEMENT_SLOTS];
  int count;
} md_statements;

void md_statements_deinit(md_statements *statements);

// Prepares `sql` (a constant: its address is its name) on first use and binds its parameters by `types`, one letter
// each: i int64_t, d int, t const char * (may be NULL), b const void * and size_t (NULL binds NULL). What is bound must
// live until md_statement_close. A statement cannot be opened again inside its own rows (MD_EBUSY).
int md_statement_open(struct md_store *store, sqlite3_stmt **out, md_error *err, const char *sql, const char *types,
                      ...);
// Prepares alone: the caller binds.
int md_statement_prepare(struct md_store *store, sqlite3_stmt **out, md_error *err, const char *sql);
// 1: a row; 0: no more; else the code of a failure.
int md_statement_step(struct md_store *store, sqlite3_stmt *stmt, md_error *err);
void md_statement_close(sqlite3_stmt *stmt);
// Opens, runs to the end and closes a statement that answers no rows.
int md_statement_run(struct md_store *store, md_error *err, const char *sql, const char *types, ...);
// The first column of the first row; MD_ENOTFOUND when there is none or it is NULL.
int md_statement_number(struct md_store *store, int64_t *out, md_error *err, const char *sql, const char *types, ...);

// One row being read. With an arena, strings and blobs are copied into it (`failed` when it is out of memory); without
// one they are SQLite's and live until the next step.
typedef struct md_row {
  sqlite3_stmt *stmt;
  md_arena *arena;
  bool failed;
} md_row;

int64_t md_row_int(const md_row *row, int column);
const char *md_row_text(md_row *row, int column);              // NULL for NULL
const void *md_row_blob(md_row *row, int column, size_t *len); // NULL for NULL
int md_row_result(const md_row *row, md_error *err);           // MD_OK, or MD_ENOMEM when something did not fit
