// SPDX-License-Identifier: Apache-2.0
// The table of values that scripts store, per person, moment and key.
#include "store/internal.h"
#include "store/runs.h"

static const char select_value[] = "SELECT json, expires_at, written_at FROM stored_values WHERE person = ?1 AND "
                                   "moment = ?2 AND key = ?3 AND shape = ?4";

int md_values_get(md_store *store, const char *moment, int shape, int64_t person, const char *key, md_arena *arena,
                  md_value *out, md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, select_value, "ittd", person, moment, key, shape);
  if (code) return code;
  code = md_statement_step(store, row.stmt, err);
  if (code == 1) *out = (md_value){md_row_text(&row, 0), md_row_int(&row, 1), md_row_int(&row, 2)};
  md_statement_close(row.stmt);
  if (code == 1) return md_row_result(&row, err);
  return code ? code : md_error_set(err, MD_ENOTFOUND, "nothing is stored under %s", key);
}

static const char replace_value[] =
    "INSERT INTO stored_values(person, moment, key, json, expires_at, written_at, shape)"
    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(person, moment, shape, key) DO UPDATE SET json = excluded.json, "
    "expires_at = excluded.expires_at,"
    " written_at = excluded.written_at";
static const char delete_value[] =
    "DELETE FROM stored_values WHERE person = ?1 AND moment = ?2 AND key = ?3 AND shape = ?4";

int md_values_set(md_store *store, const char *moment, int shape, int64_t person, const char *key,
                  const md_value *value, md_error *err) {
  if (!value) return md_statement_run(store, err, delete_value, "ittd", person, moment, key, shape);
  return md_statement_run(store, err, replace_value, "itttiid", person, moment, key, value->json, value->expires_at,
                          value->written_at, shape);
}

static const char select_other[] =
    "SELECT key, json, expires_at, written_at FROM stored_values WHERE person = ?1 AND moment = ?2 AND shape ="
    " (SELECT max(shape) FROM stored_values WHERE person = ?1 AND moment = ?2 AND shape <> ?3)";

int md_values_of_other_shape(md_store *store, const char *moment, int shape, int64_t person,
                             int (*each)(void *context, const char *key, const md_value *value), void *context,
                             md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, select_other, "itd", person, moment, shape);
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1) {
    md_value value = {md_row_text(&row, 1), md_row_int(&row, 2), md_row_int(&row, 3)};
    code = each(context, md_row_text(&row, 0), &value);
    if (code) break;
  }
  md_statement_close(row.stmt);
  return code;
}
