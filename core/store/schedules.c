// SPDX-License-Identifier: Apache-2.0
// The table of schedules.
#include "store/schedules.h"
#include "store/internal.h"

static const char insert_schedule[] =
    "INSERT OR IGNORE INTO schedules(moment, expression, zone, due_at) VALUES(?1, ?2, ?3, ?4)";
static const char update_due[] = "UPDATE schedules SET due_at = ?4 WHERE moment = ?1 AND expression = ?2 AND zone = ?3";
static const char delete_schedule[] = "DELETE FROM schedules WHERE moment = ?1 AND expression = ?2 AND zone = ?3";

int md_schedules_add(md_store *store, const md_schedule_row *row, md_error *err) {
  return md_statement_run(store, err, insert_schedule, "ttti", row->moment, row->expression, row->zone, row->due_at);
}

int md_schedules_set_due(md_store *store, const md_schedule_row *row, md_error *err) {
  return md_statement_run(store, err, update_due, "ttti", row->moment, row->expression, row->zone, row->due_at);
}

int md_schedules_remove(md_store *store, const md_schedule_row *row, md_error *err) {
  return md_statement_run(store, err, delete_schedule, "ttt", row->moment, row->expression, row->zone);
}

static int read_schedule(md_row *row, md_schedule_row *out, md_error *err) {
  out->moment = md_row_text(row, 0);
  out->expression = md_row_text(row, 1);
  out->zone = md_row_text(row, 2);
  out->due_at = md_row_int(row, 3);
  return md_row_result(row, err);
}

static const char select_due[] = "SELECT moment, expression, zone, due_at FROM schedules WHERE due_at <= ?1"
                                 " ORDER BY due_at, moment LIMIT 1";

int md_schedules_next_due(md_store *store, md_micros until, md_arena *arena, md_schedule_row *out, md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, select_due, "i", until);
  if (code) return code;
  code = md_statement_step(store, row.stmt, err);
  if (code == 1)
    code = read_schedule(&row, out, err);
  else if (code == 0)
    code = MD_ENOTFOUND;
  md_statement_close(row.stmt);
  return code;
}

static const char select_due_at[] = "SELECT due_at FROM schedules WHERE due_at > 0 ORDER BY due_at LIMIT 1";

md_micros md_schedules_due_at(md_store *store) {
  int64_t due = 0;
  md_statement_number(store, &due, NULL, select_due_at, "");
  return due;
}

static const char list_schedules[] = "SELECT moment, expression, zone, due_at FROM schedules"
                                     " WHERE ?1 IS NULL OR moment = ?1 ORDER BY moment, expression, zone";

int md_schedules_list(md_store *store, const char *moment, int (*each)(void *context, const md_schedule_row *row),
                      void *context, md_error *err) {
  md_row row = {0};
  md_schedule_row schedule;
  int code = md_statement_open(store, &row.stmt, err, list_schedules, "t", moment);
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1) {
    code = read_schedule(&row, &schedule, err);
    if (code || (code = each(context, &schedule))) break;
  }
  md_statement_close(row.stmt);
  return code;
}
