// SPDX-License-Identifier: Apache-2.0
// Series and their days.
#include "store/metrics.h"
#include "store/internal.h"

static const char find_series[] = "SELECT id FROM series WHERE metric = ?1 AND labels = ?2";

int md_series_find(md_store *store, const char *metric, const char *labels, int64_t *id, md_error *err) {
  return md_statement_number(store, id, err, find_series, "tt", metric, labels);
}

static const char insert_series[] = "INSERT INTO series(metric, labels) VALUES(?1, ?2)";

int md_series_insert(md_store *store, const char *metric, const char *labels, int64_t *id, md_error *err) {
  int code = md_statement_run(store, err, insert_series, "tt", metric, labels);
  if (!code) *id = sqlite3_last_insert_rowid(store->db);
  return code;
}

static const char count_series[] = "SELECT count(*) FROM series WHERE metric = ?1";

int md_series_count(md_store *store, const char *metric, int64_t *count, md_error *err) {
  return md_statement_number(store, count, err, count_series, "t", metric);
}

static const char select_point[] = "SELECT sum, count, sketch FROM points WHERE series = ?1 AND day = ?2";

int md_points_get(md_store *store, int64_t series, int64_t day, md_arena *arena, md_point *out, md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, select_point, "ii", series, day);
  if (code) return code;
  code = md_statement_step(store, row.stmt, err);
  if (code == 1) {
    *out = (md_point){
        .series = series, .day = day, .sum = sqlite3_column_double(row.stmt, 0), .count = md_row_int(&row, 1)};
    out->sketch = md_row_blob(&row, 2, &out->sketch_len);
    code = md_row_result(&row, err);
  } else if (code == 0) {
    code = md_error_set(err, MD_ENOTFOUND, "there is no such day");
  }
  md_statement_close(row.stmt);
  return code;
}

static const char put_point[] = "INSERT INTO points(series, day, sum, count, sketch) VALUES(?1, ?2, ?3, ?4, ?5)"
                                " ON CONFLICT(series, day) DO UPDATE SET sum = excluded.sum, count = excluded.count,"
                                " sketch = excluded.sketch";

int md_points_put(md_store *store, const md_point *point, md_error *err) {
  sqlite3_stmt *stmt;
  int code = md_statement_prepare(store, &stmt, err, put_point);
  if (code) return code;
  sqlite3_bind_int64(stmt, 1, point->series);
  sqlite3_bind_int64(stmt, 2, point->day);
  sqlite3_bind_double(stmt, 3, point->sum);
  sqlite3_bind_int64(stmt, 4, point->count);
  int rc = point->sketch ? sqlite3_bind_blob(stmt, 5, point->sketch, (int)point->sketch_len, SQLITE_STATIC)
                         : sqlite3_bind_null(stmt, 5);
  code = rc == SQLITE_OK ? md_statement_step(store, stmt, err) : md_error_set(err, MD_ENOMEM, "out of memory");
  md_statement_close(stmt);
  return code;
}

static const char select_since[] = "SELECT s.labels, p.series, p.day, p.sum, p.count, p.sketch FROM series s"
                                   " JOIN points p ON p.series = s.id WHERE s.metric = ?1 AND p.day >= ?2";

int md_points_since(md_store *store, const char *metric, int64_t day,
                    int (*each)(void *context, const char *labels, const md_point *point), void *context,
                    md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, select_since, "ti", metric, day);
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1) {
    md_point point = {.series = md_row_int(&row, 1),
                      .day = md_row_int(&row, 2),
                      .sum = sqlite3_column_double(row.stmt, 3),
                      .count = md_row_int(&row, 4)};
    point.sketch = md_row_blob(&row, 5, &point.sketch_len);
    code = each(context, md_row_text(&row, 0), &point);
    if (code) break;
  }
  md_statement_close(row.stmt);
  return code;
}

static const char list_series[] = "SELECT metric, labels FROM series ORDER BY metric, labels";

int md_metrics_list(md_store *store, int (*each)(void *context, const char *metric, const char *labels), void *context,
                    md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, list_series, "");
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1) {
    code = each(context, md_row_text(&row, 0), md_row_text(&row, 1));
    if (code) break;
  }
  md_statement_close(row.stmt);
  return code;
}
