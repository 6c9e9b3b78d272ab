// SPDX-License-Identifier: Apache-2.0
// The table of quarantined turns and stopped versions, and the triggers among `unmatched` that ended in an error.
#include "store/quarantine.h"
#include "store/internal.h"

const char *md_quarantine_kind_name(md_quarantine_kind kind) {
  return kind == MD_QUARANTINE_TURN ? "turn" : "version";
}

static const char insert_row[] = "INSERT INTO quarantine(kind, at, event, run, version, moment, event_id, detail)"
                                 " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

int md_quarantine_insert(md_store *store, md_quarantine *row, md_error *err) {
  int code = md_statement_run(store, err, insert_row, "diiiittt", (int)row->kind, row->at, row->event, row->run,
                              row->version, row->moment, row->event_id, row->detail);
  if (!code) row->id = sqlite3_last_insert_rowid(store->db);
  return code;
}

static const char delete_row[] = "DELETE FROM quarantine WHERE id = ?1";

int md_quarantine_delete(md_store *store, int64_t id, md_error *err) {
  return md_statement_run(store, err, delete_row, "i", id);
}

static const char list_rows[] =
    "SELECT id, kind, at, event, run, version, moment, event_id, detail FROM quarantine ORDER BY id";

int md_quarantine_list(md_store *store, int (*each)(void *context, const md_quarantine *row), void *context,
                       md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, list_rows, "");
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1) {
    const md_quarantine out = {.id = md_row_int(&row, 0),
                               .kind = (md_quarantine_kind)md_row_int(&row, 1),
                               .at = md_row_int(&row, 2),
                               .event = md_row_int(&row, 3),
                               .run = md_row_int(&row, 4),
                               .version = md_row_int(&row, 5),
                               .moment = md_row_text(&row, 6),
                               .event_id = md_row_text(&row, 7),
                               .detail = md_row_text(&row, 8)};
    if ((code = each(context, &out)) != 0) break;
  }
  md_statement_close(row.stmt);
  return code;
}

static const char failed_moments[] =
    "SELECT moment, count(*), max(at) FROM unmatched WHERE reason = 'error' GROUP BY moment ORDER BY moment";

int md_failed_triggers(md_store *store, int (*each)(void *context, const char *moment, int64_t count, md_micros last),
                       void *context, md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, failed_moments, "");
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1)
    if ((code = each(context, md_row_text(&row, 0), md_row_int(&row, 1), md_row_int(&row, 2))) != 0) break;
  md_statement_close(row.stmt);
  return code;
}

static const char next_failed[] =
    "SELECT id, event FROM unmatched WHERE reason = 'error' AND moment = ?1 AND id > ?2 ORDER BY id LIMIT 1";

int md_failed_trigger_next(md_store *store, const char *moment, int64_t after, int64_t *id, int64_t *event,
                           md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, next_failed, "ti", moment, after);
  if (code) return code;
  code = md_statement_step(store, row.stmt, err);
  if (code == 1) {
    *id = md_row_int(&row, 0);
    *event = md_row_int(&row, 1);
  }
  md_statement_close(row.stmt);
  return code == 1 ? 0 : code ? code : MD_ENOTFOUND;
}

static const char newest_failed[] = "SELECT max(id) FROM unmatched WHERE reason = 'error' AND moment = ?1";

int md_failed_trigger_newest(md_store *store, const char *moment, int64_t *id, md_error *err) {
  return md_statement_number(store, id, err, newest_failed, "t", moment);
}

static const char delete_failed[] = "DELETE FROM unmatched WHERE id = ?1";

int md_failed_trigger_delete(md_store *store, int64_t id, md_error *err) {
  return md_statement_run(store, err, delete_failed, "i", id);
}
