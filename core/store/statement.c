// SPDX-License-Identifier: Apache-2.0
// Prepared statements of a store: preparing once, binding, stepping, reading columns.
#include "store/statement.h"
#include "base/assert.h"
#include "store/internal.h"
#include <stdarg.h>
#include <string.h>

void md_statements_deinit(md_statements *statements) {
  for (int i = 0; i < MD_STATEMENT_SLOTS; i++) {
    sqlite3_finalize(statements->slots[i].stmt);
  }
  *statements = (md_statements){0};
}

// Open addressing by address: a text is found in a few nanoseconds and needs no number of its own.
static int find_statement(md_store *store, const char *sql, sqlite3_stmt **out, md_error *err) {
  md_statements *all = &store->statements;
  size_t i = ((uintptr_t)sql * 0x9e3779b97f4a7c15u) >> 56;
  while (all->slots[i].sql && all->slots[i].sql != sql)
    i = (i + 1) % MD_STATEMENT_SLOTS;
  if (!all->slots[i].sql) {
    sqlite3_stmt *stmt = NULL;
    md_require(all->count < MD_STATEMENT_SLOTS / 2);
    int rc = sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
    if (rc != SQLITE_OK) return md_store_error(store, rc, err);
    all->slots[i].sql = sql;
    all->slots[i].stmt = stmt;
    all->count++;
  }
  *out = all->slots[i].stmt;
  return 0;
}

static int bind_one(sqlite3_stmt *stmt, int n, char type, va_list *args) {
  switch (type) {
  case 'i':
    return sqlite3_bind_int64(stmt, n, va_arg(*args, int64_t));
  case 'd':
    return sqlite3_bind_int(stmt, n, va_arg(*args, int));
  case 't':
    return sqlite3_bind_text(stmt, n, va_arg(*args, const char *), -1, SQLITE_STATIC);
  default: {
    const void *data = va_arg(*args, const void *);
    size_t len = va_arg(*args, size_t);
    return sqlite3_bind_blob64(stmt, n, data, len, SQLITE_STATIC);
  }
  }
}

int md_statement_prepare(md_store *store, sqlite3_stmt **out, md_error *err, const char *sql) {
  *out = NULL;
  if (store->failed) return md_error_set(err, store->failed, "the transaction failed before and must be rolled back");
  int code = find_statement(store, sql, out, err);
  if (code || !sqlite3_stmt_busy(*out)) return code;
  return md_error_set(err, MD_EBUSY, "a listing was asked for within itself: %s", sql);
}

static int open_with(md_store *store, sqlite3_stmt **out, md_error *err, const char *sql, const char *types,
                     va_list *args) {
  int code = md_statement_prepare(store, out, err, sql);
  if (code) return code;
  md_assume(sqlite3_bind_parameter_count(*out) == (int)strlen(types));
  int rc = SQLITE_OK;
  for (int n = 0; types[n] && rc == SQLITE_OK; n++)
    rc = bind_one(*out, n + 1, types[n], args);
  return rc == SQLITE_OK ? 0 : md_store_error(store, rc, err);
}

int md_statement_open(md_store *store, sqlite3_stmt **out, md_error *err, const char *sql, const char *types, ...) {
  va_list args;
  va_start(args, types);
  int code = open_with(store, out, err, sql, types, &args);
  va_end(args);
  return code;
}

int md_statement_step(md_store *store, sqlite3_stmt *stmt, md_error *err) {
  int rc = sqlite3_step(stmt);
  if (rc == SQLITE_ROW) return 1;
  if (rc == SQLITE_DONE) return 0;
  int code = md_store_error(store, rc, err);
  sqlite3_reset(stmt);
  return code;
}

void md_statement_close(sqlite3_stmt *stmt) {
  sqlite3_reset(stmt);
}

int md_statement_run(md_store *store, md_error *err, const char *sql, const char *types, ...) {
  sqlite3_stmt *stmt;
  va_list args;
  va_start(args, types);
  int code = open_with(store, &stmt, err, sql, types, &args);
  va_end(args);
  if (code) return code;
  code = md_statement_step(store, stmt, err);
  md_statement_close(stmt);
  return code < 0 ? code : 0;
}

int md_statement_number(md_store *store, int64_t *out, md_error *err, const char *sql, const char *types, ...) {
  sqlite3_stmt *stmt;
  va_list args;
  va_start(args, types);
  int code = open_with(store, &stmt, err, sql, types, &args);
  va_end(args);
  if (code) return code;
  code = md_statement_step(store, stmt, err);
  bool found = code == 1 && sqlite3_column_type(stmt, 0) != SQLITE_NULL;
  if (found) *out = sqlite3_column_int64(stmt, 0);
  md_statement_close(stmt);
  if (code < 0) return code;
  return found ? 0 : md_error_set(err, MD_ENOTFOUND, "there is no such row");
}

int64_t md_row_int(const md_row *row, int column) {
  return sqlite3_column_int64(row->stmt, column);
}

const char *md_row_text(md_row *row, int column) {
  if (sqlite3_column_type(row->stmt, column) == SQLITE_NULL) return NULL;
  const char *text = (const char *)sqlite3_column_text(row->stmt, column);
  if (text && row->arena) text = md_arena_strndup(row->arena, text, (size_t)sqlite3_column_bytes(row->stmt, column));
  if (!text) row->failed = true;
  return text;
}

const void *md_row_blob(md_row *row, int column, size_t *len) {
  *len = 0;
  if (sqlite3_column_type(row->stmt, column) == SQLITE_NULL) return NULL;
  size_t size = (size_t)sqlite3_column_bytes(row->stmt, column);
  const void *data = sqlite3_column_blob(row->stmt, column);
  if (!size) return "";
  if (data && row->arena) {
    void *copy = md_arena_alloc(row->arena, size);
    data = copy ? memcpy(copy, data, size) : NULL;
  }
  if (!data) row->failed = true;
  *len = data ? size : 0;
  return data;
}

int md_row_result(const md_row *row, md_error *err) {
  return row->failed ? md_error_set(err, MD_ENOMEM, "out of memory while reading a row") : 0;
}
