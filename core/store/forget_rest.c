// SPDX-License-Identifier: Apache-2.0
// The deleting of what is beside events and runs: triggers that started nothing, incidents, what was held back, values
// that expired, days of metrics.
#include "store/forget.h"
#include "store/internal.h"

static const char oldest_unmatched[] = "SELECT id, at FROM unmatched WHERE id > 0 ORDER BY id LIMIT 1";
static const char delete_unmatched[] = "DELETE FROM unmatched WHERE id = ?1 AND id < (SELECT max(id) FROM unmatched)";
static const char oldest_incident[] = "SELECT id, at FROM incidents WHERE id > 0 ORDER BY id LIMIT 1";
static const char delete_incident[] = "DELETE FROM incidents WHERE id = ?1 AND id < (SELECT max(id) FROM incidents)";

// The newest row stays, or its number would be given twice.
static int forget_oldest(md_store *store, const char *find, const char *remove, md_micros since, md_error *err) {
  sqlite3_stmt *stmt;
  int64_t id = 0;
  int code = md_statement_open(store, &stmt, err, find, "");
  if (code) return code;
  code = md_statement_step(store, stmt, err);
  if (code == 1 && sqlite3_column_int64(stmt, 1) < since) id = sqlite3_column_int64(stmt, 0);
  md_statement_close(stmt);
  if (code < 0) return code;
  if (id) code = md_statement_run(store, err, remove, "i", id);
  if (id && code) return code;
  return id && sqlite3_changes(store->db) ? 0 : md_error_set(err, MD_ENOTFOUND, "there is nothing so old");
}

int md_forget_unmatched(md_store *store, md_micros since, md_error *err) {
  return forget_oldest(store, oldest_unmatched, delete_unmatched, since, err);
}

int md_forget_incident(md_store *store, md_micros since, md_error *err) {
  return forget_oldest(store, oldest_incident, delete_incident, since, err);
}

static const char delete_held[] =
    "DELETE FROM quarantine WHERE at < ?1 AND (kind = 1 OR version NOT IN (SELECT live FROM moments))";

int md_forget_held(md_store *store, md_micros since, md_error *err) {
  return md_statement_run(store, err, delete_held, "i", since);
}

static const char select_quarantined[] = "SELECT version FROM quarantine";

int md_forget_quarantined(md_store *store, md_idset *versions, md_error *err) {
  sqlite3_stmt *stmt;
  int code = md_statement_open(store, &stmt, err, select_quarantined, "");
  if (code) return code;
  while ((code = md_statement_step(store, stmt, err)) == 1)
    if (md_idset_add(versions, sqlite3_column_int64(stmt, 0))) {
      code = md_error_set(err, MD_ENOMEM, "out of memory while the quarantine was read");
      break;
    }
  md_statement_close(stmt);
  return code;
}

static const char delete_value[] = "DELETE FROM stored_values WHERE (person, moment, shape, key) = (SELECT person, "
                                   "moment, shape, key FROM stored_values"
                                   " WHERE expires_at > 0 AND expires_at <= ?1 ORDER BY expires_at LIMIT 1)";

int md_forget_value(md_store *store, md_micros now, md_error *err) {
  int code = md_statement_run(store, err, delete_value, "i", now);
  if (code || sqlite3_changes(store->db)) return code;
  return md_error_set(err, MD_ENOTFOUND, "no value has expired");
}

static const char next_series[] = "SELECT id FROM series WHERE id > ?1 ORDER BY id LIMIT 1";
static const char delete_points[] = "DELETE FROM points WHERE series = ?1 AND day < ?2";

int md_forget_points(md_store *store, int64_t *series, int64_t day, md_error *err) {
  int code = md_statement_number(store, series, err, next_series, "i", *series);
  return code ? code : md_statement_run(store, err, delete_points, "ii", *series, day);
}
