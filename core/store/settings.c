// SPDX-License-Identifier: Apache-2.0
// The table of settings: small named values.
#include "store/internal.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char select_setting[] = "SELECT value FROM settings WHERE name = ?1";

int md_settings_get(md_store *store, const char *name, md_arena *arena, const char **out, md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, select_setting, "t", name);
  if (code) return code;
  code = md_statement_step(store, row.stmt, err);
  if (code == 1) *out = md_row_text(&row, 0);
  md_statement_close(row.stmt);
  if (code == 1) return md_row_result(&row, err);
  return code ? code : md_error_set(err, MD_ENOTFOUND, "there is no setting %s", name);
}

static const char replace_setting[] = "INSERT INTO settings(name, value) VALUES(?1, ?2)"
                                      " ON CONFLICT(name) DO UPDATE SET value = excluded.value";

int md_settings_set(md_store *store, const char *name, const char *value, md_error *err) {
  return md_statement_run(store, err, replace_setting, "tt", name, value);
}

int md_settings_get_int(md_store *store, const char *name, int64_t *out, md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, select_setting, "t", name);
  if (code) return code;
  code = md_statement_step(store, row.stmt, err);
  if (code == 1) *out = md_row_int(&row, 0);
  md_statement_close(row.stmt);
  if (code == 1) return 0;
  return code ? code : md_error_set(err, MD_ENOTFOUND, "there is no setting %s", name);
}

int md_settings_set_int(md_store *store, const char *name, int64_t value, md_error *err) {
  char text[24];
  snprintf(text, sizeof text, "%" PRId64, value);
  return md_settings_set(store, name, text, err);
}

static const char delete_setting[] = "DELETE FROM settings WHERE name = ?1";

int md_settings_delete(md_store *store, const char *name, md_error *err) {
  return md_statement_run(store, err, delete_setting, "t", name);
}
