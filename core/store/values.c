// SPDX-License-Identifier: Apache-2.0
// The table of values that scripts store, per person, moment and key.
#include "store/internal.h"
#include "store/runs.h"

static const char select_value[] =
    "SELECT json, expires_at, written_at FROM stored_values WHERE person = ?1 AND moment = ?2 AND key = ?3";

int md_values_get(md_store *store, const char *moment, int64_t person, const char *key, md_arena *arena, md_value *out,
                  md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, select_value, "itt", person, moment, key);
  if (code) return code;
  code = md_statement_step(store, row.stmt, err);
  if (code == 1) *out = (md_value){md_row_text(&row, 0), md_row_int(&row, 1), md_row_int(&row, 2)};
  md_statement_close(row.stmt);
  if (code == 1) return md_row_result(&row, err);
  return code ? code : md_error_set(err, MD_ENOTFOUND, "nothing is stored under %s", key);
}

static const char replace_value[] =
    "INSERT INTO stored_values(person, moment, key, json, expires_at, written_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
    " ON CONFLICT(person, moment, key) DO UPDATE SET json = excluded.json, expires_at = excluded.expires_at,"
    " written_at = excluded.written_at";
static const char delete_value[] = "DELETE FROM stored_values WHERE person = ?1 AND moment = ?2 AND key = ?3";

int md_values_set(md_store *store, const char *moment, int64_t person, const char *key, const md_value *value,
                  md_error *err) {
  if (!value) return md_statement_run(store, err, delete_value, "itt", person, moment, key);
  return md_statement_run(store, err, replace_value, "itttii", person, moment, key, value->json, value->expires_at,
                          value->written_at);
}
