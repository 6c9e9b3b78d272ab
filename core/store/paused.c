// SPDX-License-Identifier: Apache-2.0
// Triggers that wait for their moment to be resumed.
#include "store/paused.h"
#include "store/internal.h"

// `reason = 'paused'` word for word as in the index unmatched_paused.
static const char next_paused[] =
    "SELECT id, event FROM unmatched WHERE reason = 'paused' AND moment = ?1 AND id > ?2 ORDER BY id LIMIT 1";

int md_paused_trigger_next(md_store *store, const char *moment, int64_t after, int64_t *id, int64_t *event,
                           md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, next_paused, "ti", moment, after);
  if (code) return code;
  code = md_statement_step(store, row.stmt, err);
  if (code == 1) {
    *id = md_row_int(&row, 0);
    *event = md_row_int(&row, 1);
  }
  md_statement_close(row.stmt);
  return code == 1 ? 0 : code ? code : MD_ENOTFOUND;
}

static const char delete_paused[] = "DELETE FROM unmatched WHERE id = ?1";

int md_paused_trigger_delete(md_store *store, int64_t id, md_error *err) {
  return md_statement_run(store, err, delete_paused, "i", id);
}

static const char forget_paused[] =
    "DELETE FROM unmatched WHERE reason = 'paused' AND moment = ?1 AND id > 0 AND detail = ?2";

int md_paused_trigger_forget(md_store *store, const char *moment, const char *detail, md_error *err) {
  return md_statement_run(store, err, forget_paused, "tt", moment, detail);
}
