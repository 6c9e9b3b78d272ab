// SPDX-License-Identifier: Apache-2.0
// The deleting of events, runs with their messages, and index entries, one at a time.
#include "store/forget.h"
#include "store/lazy.h"

static const char select_next[] = "SELECT seq, received_at FROM events WHERE seq >= ?1 ORDER BY seq LIMIT 1";

// 1 and the row, 0 when there is none.
static int next_event(md_store *store, int64_t from, int64_t *seq, md_micros *received_at, md_error *err) {
  sqlite3_stmt *stmt;
  int code = md_statement_open(store, &stmt, err, select_next, "i", from);
  if (code) return code;
  code = md_statement_step(store, stmt, err);
  if (code == 1) {
    *seq = sqlite3_column_int64(stmt, 0);
    *received_at = sqlite3_column_int64(stmt, 1);
  }
  md_statement_close(stmt);
  return code;
}

// Events are numbered in the order of their reception: a binary search over the numbers, of which some are gone.
int md_forget_first_since(md_store *store, md_micros since, int64_t *seq, md_error *err) {
  int64_t low = 1, high = md_events_last_seq(store) + 1;
  while (low < high) {
    int64_t middle = low + (high - low) / 2, found = high;
    md_micros received_at = since;
    int code = next_event(store, middle, &found, &received_at, err);
    if (code < 0) return code;
    if (code == 0 || received_at >= since)
      high = middle;
    else
      low = found + 1;
  }
  *seq = low;
  return 0;
}

int md_forget_next_event(md_store *store, int64_t from, int64_t *seq, md_error *err) {
  md_micros received_at;
  int code = next_event(store, from, seq, &received_at, err);
  if (code == 1) return 0;
  return code ? code : md_error_set(err, MD_ENOTFOUND, "there is no such event");
}

static const char delete_event[] = "DELETE FROM events WHERE seq = ?1";

int md_forget_event(md_store *store, int64_t seq, md_error *err) {
  return md_statement_run(store, err, delete_event, "i", seq);
}

// Message ids are given anew when the newest row is gone, so that one stays.
static const char needed_message[] = "SELECT id FROM messages WHERE run = ?1 AND (final_at = 0 OR final_at >= ?2"
                                     " OR id = (SELECT max(id) FROM messages)) LIMIT 1";
static const char delete_messages[] = "DELETE FROM messages WHERE run = ?1";
static const char delete_calls[] = "DELETE FROM calls WHERE run = ?1";
static const char delete_files[] = "DELETE FROM run_files WHERE run = ?1";
static const char delete_run[] = "DELETE FROM runs WHERE id = ?1";

int md_forget_run(md_store *store, const md_run *run, md_micros since, bool *gone, md_error *err) {
  int64_t message = 0;
  *gone = false;
  int code = md_statement_number(store, &message, err, needed_message, "ii", run->id, since);
  if (code != MD_ENOTFOUND) return code;
  code = md_statement_run(store, err, delete_messages, "i", run->id);
  if (!code) code = md_statement_run(store, err, delete_calls, "i", run->id);
  if (!code) code = md_statement_run(store, err, delete_files, "i", run->id);
  if (!code) code = md_statement_run(store, err, delete_run, "i", run->id);
  *gone = !code;
  return code;
}

static const char select_message[] = "SELECT id, version, final_at = 0 FROM messages WHERE id > ?1 ORDER BY id LIMIT 1";

int md_forget_next_message(md_store *store, int64_t *id, int64_t *version, bool *unsent, md_error *err) {
  sqlite3_stmt *stmt;
  int code = md_statement_open(store, &stmt, err, select_message, "i", *id);
  if (code) return code;
  code = md_statement_step(store, stmt, err);
  if (code == 1) {
    *id = sqlite3_column_int64(stmt, 0);
    *version = sqlite3_column_int64(stmt, 1);
    *unsent = sqlite3_column_int(stmt, 2);
  }
  md_statement_close(stmt);
  if (code == 1) return 0;
  return code ? code : md_error_set(err, MD_ENOTFOUND, "there is no such message");
}

static const char lowest_run[] = "SELECT min(id) FROM runs";

int md_forget_lowest_run(md_store *store, int64_t *id, md_error *err) {
  int code = md_statement_number(store, id, err, lowest_run, "");
  if (code != MD_ENOTFOUND) return code;
  *id = md_runs_last_id(store) + 1;
  return 0;
}

static const char next_entry[] =
    "SELECT hash, row FROM lazy_index WHERE (hash, row) > (?1, ?2) ORDER BY hash, row LIMIT 1";
static const char delete_entry[] = "DELETE FROM lazy_index WHERE hash = ?1 AND row = ?2";

int md_forget_next_entry(md_store *store, md_forget_place *place, int64_t ceiling, const md_idset *kept,
                         int64_t lowest_run_id, md_error *err) {
  sqlite3_stmt *stmt;
  int code = md_statement_open(store, &stmt, err, next_entry, "ii", place->hash, place->row);
  if (code) return code;
  code = md_statement_step(store, stmt, err);
  if (code == 1) *place = (md_forget_place){sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1)};
  md_statement_close(stmt);
  if (code != 1) return code ? code : md_error_set(err, MD_ENOTFOUND, "there is no such entry");
  md_source_table source = md_index_source((uint64_t)place->hash);
  bool gone = source == MD_SOURCE_EVENTS ? place->row < ceiling && !md_idset_has(kept, place->row)
                                         : source == MD_SOURCE_RUNS && place->row < lowest_run_id;
  return gone ? md_statement_run(store, err, delete_entry, "ii", place->hash, place->row) : 0;
}
