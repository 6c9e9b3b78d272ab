// SPDX-License-Identifier: Apache-2.0
// Outgoing calls and the files of runs.
#include "store/calls.h"
#include "store/internal.h"

#define COLUMNS                                                                                                        \
  "id, state, run, step, attempts, attempts_max, status, created_at, due_at, final_at, moment, connection, method, "   \
  "path, query, key, body, save, answer, detail, secret, sealed"

static const char insert_call[] = "INSERT INTO calls(" COLUMNS ") VALUES(NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
                                  " ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, NULL)";

int md_calls_insert(md_store *store, md_call *call, md_error *err) {
  const md_call *c = call;
  int code =
      md_statement_run(store, err, insert_call, "diddddiiittttttttttt", (int)c->state, c->run, c->step, c->attempts,
                       c->attempts_max, c->status, c->created_at, c->due_at, c->final_at, c->moment, c->connection,
                       c->method, c->path, c->query, c->key, c->body, c->save, c->answer, c->detail, c->secret);
  if (!code) call->id = sqlite3_last_insert_rowid(store->db);
  return code;
}

static const char update_call[] = "UPDATE calls SET state = ?2, attempts = ?3, status = ?4, due_at = ?5, final_at = ?6,"
                                  " answer = ?7, detail = ?8, sealed = ?9 WHERE id = ?1";

int md_calls_update(md_store *store, const md_call *call, md_error *err) {
  return md_statement_run(store, err, update_call, "idddiittb", call->id, (int)call->state, call->attempts,
                          call->status, call->due_at, call->final_at, call->answer, call->detail, call->sealed,
                          call->sealed_len);
}

static int read_call(md_row *row, md_call *out, md_error *err) {
  *out = (md_call){.id = md_row_int(row, 0),
                   .state = (md_call_state)md_row_int(row, 1),
                   .run = md_row_int(row, 2),
                   .step = (int)md_row_int(row, 3),
                   .attempts = (int)md_row_int(row, 4),
                   .attempts_max = (int)md_row_int(row, 5),
                   .status = (int)md_row_int(row, 6),
                   .created_at = md_row_int(row, 7),
                   .due_at = md_row_int(row, 8),
                   .final_at = md_row_int(row, 9)};
  const char **texts[] = {&out->moment, &out->connection, &out->method, &out->path,   &out->query, &out->key,
                          &out->body,   &out->save,       &out->answer, &out->detail, &out->secret};
  for (int i = 0; i < (int)(sizeof texts / sizeof texts[0]); i++)
    *texts[i] = md_row_text(row, 10 + i);
  out->sealed = md_row_blob(row, 21, &out->sealed_len);
  return md_row_result(row, err);
}

// The first row of an opened statement, which is closed.
static int read_only_row(md_store *store, md_row *row, md_call *out, md_error *err) {
  int code = md_statement_step(store, row->stmt, err);
  if (code == 1)
    code = read_call(row, out, err);
  else if (code == 0)
    code = md_error_set(err, MD_ENOTFOUND, "there is no such call");
  md_statement_close(row->stmt);
  return code;
}

static const char select_call[] = "SELECT " COLUMNS " FROM calls WHERE id = ?1";

int md_calls_get(md_store *store, int64_t id, md_arena *arena, md_call *out, md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, select_call, "i", id);
  return code ? code : read_only_row(store, &row, out, err);
}

static const char select_of_step[] = "SELECT " COLUMNS " FROM calls WHERE run = ?1 AND step = ?2";

int md_calls_of_step(md_store *store, int64_t run, int step, md_arena *arena, md_call *out, md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, select_of_step, "id", run, step);
  return code ? code : read_only_row(store, &row, out, err);
}

// 1 is MD_CALL_QUEUED, written out as in the index calls_queued.
static const char select_due[] =
    "SELECT " COLUMNS " FROM calls WHERE state = 1 AND due_at <= ?1 ORDER BY due_at, id LIMIT 1";

int md_calls_next_due(md_store *store, md_micros now, md_arena *arena, md_call *out, md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, select_due, "i", now);
  return code ? code : read_only_row(store, &row, out, err);
}

static const char select_due_at[] = "SELECT due_at FROM calls WHERE state = 1 AND due_at >= 0 ORDER BY due_at LIMIT 1";

md_micros md_calls_due_at(md_store *store) {
  int64_t due = 0;
  return md_statement_number(store, &due, NULL, select_due_at, "") ? 0 : due;
}

static const char requeue_calls[] = "UPDATE calls SET state = 1, due_at = ?1 WHERE state = 2";

int md_calls_requeue(md_store *store, md_micros now, md_error *err) {
  return md_statement_run(store, err, requeue_calls, "i", now);
}

static const char withdraw_calls[] = "UPDATE calls SET state = 5, final_at = ?2 WHERE run = ?1 AND state IN (1, 2)";

int md_calls_withdraw(md_store *store, int64_t run, md_micros at, md_error *err) {
  return md_statement_run(store, err, withdraw_calls, "ii", run, at);
}

static const char put_file[] = "INSERT INTO run_files(run, name, type, created_at, data) VALUES(?1, ?2, ?3, ?4, ?5)"
                               " ON CONFLICT(run, name) DO UPDATE SET type = excluded.type,"
                               " created_at = excluded.created_at, data = excluded.data";

int md_run_files_put(md_store *store, int64_t run, const md_run_file *file, md_micros at, md_error *err) {
  return md_statement_run(store, err, put_file, "ittib", run, file->name, file->type, at, file->data, file->len);
}

static const char get_file[] = "SELECT type, data FROM run_files WHERE run = ?1 AND name = ?2";

int md_run_files_get(md_store *store, int64_t run, const char *name, md_arena *arena, md_run_file *out, md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, get_file, "it", run, name);
  if (code) return code;
  code = md_statement_step(store, row.stmt, err);
  if (code == 1) {
    *out = (md_run_file){.name = name, .type = md_row_text(&row, 0)};
    out->data = md_row_blob(&row, 1, &out->len);
    code = md_row_result(&row, err);
  } else if (code == 0) {
    code = md_error_set(err, MD_ENOTFOUND, "run %lld has no file %s", (long long)run, name);
  }
  md_statement_close(row.stmt);
  return code;
}
