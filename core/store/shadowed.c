// SPDX-License-Identifier: Apache-2.0
// The table of shadowed files.
#include "store/shadowed.h"
#include "store/internal.h"

static const char put_shadowed[] = "INSERT INTO shadowed(path, below, above) VALUES(?1, ?2, ?3)"
                                   " ON CONFLICT(path) DO UPDATE SET below = excluded.below, above = excluded.above";

int md_shadowed_put(md_store *store, const md_shadowed *row, md_error *err) {
  return md_statement_run(store, err, put_shadowed, "ttt", row->path, row->below, row->above);
}

static const char delete_shadowed[] = "DELETE FROM shadowed WHERE path = ?1";

int md_shadowed_delete(md_store *store, const char *path, md_error *err) {
  return md_statement_run(store, err, delete_shadowed, "t", path);
}

static const char list_shadowed[] = "SELECT path, below, above FROM shadowed ORDER BY path";

int md_shadowed_list(md_store *store, int (*each)(void *context, const md_shadowed *row), void *context,
                     md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, list_shadowed, "");
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1) {
    md_shadowed at = {md_row_text(&row, 0), md_row_text(&row, 1), md_row_text(&row, 2)};
    code = md_row_result(&row, err);
    if (code || (code = each(context, &at))) break;
  }
  md_statement_close(row.stmt);
  return code;
}
