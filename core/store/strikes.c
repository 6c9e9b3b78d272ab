// SPDX-License-Identifier: Apache-2.0
// The table of strikes: an hour of it, a few rows a version.
#include "store/strikes.h"
#include "store/internal.h"

static const char put_row[] = "INSERT OR REPLACE INTO strikes(slice, key, version, touched, parked)"
                              " VALUES(?1, ?2, ?3, ?4, ?5)";

int md_strikes_put(md_store *store, const md_strike_row *row, md_error *err) {
  return md_statement_run(store, err, put_row, "iiiii", row->slice, row->key, row->version, row->touched, row->parked);
}

static const char list_rows[] = "SELECT slice, key, version, touched, parked FROM strikes";

int md_strikes_list(md_store *store, int (*each)(void *context, const md_strike_row *row), void *context,
                    md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, list_rows, "");
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1) {
    const md_strike_row out = {md_row_int(&row, 0), md_row_int(&row, 1), md_row_int(&row, 2), md_row_int(&row, 3),
                               md_row_int(&row, 4)};
    if ((code = each(context, &out)) != 0) break;
  }
  md_statement_close(row.stmt);
  return code;
}

static const char forget_rows[] = "DELETE FROM strikes WHERE slice NOT BETWEEN ?1 AND ?2";

int md_strikes_forget(md_store *store, int64_t first, int64_t last, md_error *err) {
  return md_statement_run(store, err, forget_rows, "ii", first, last);
}

static const char forget_version[] = "DELETE FROM strikes WHERE version = ?1";

int md_strikes_forget_version(md_store *store, int64_t version, md_error *err) {
  return md_statement_run(store, err, forget_version, "i", version);
}
