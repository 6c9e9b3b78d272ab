// SPDX-License-Identifier: Apache-2.0
// The table of runs: storing, and finding by key and by timer.
#include "store/runs.h"
#include "base/alloc.h"
#include "store/forget.h"
#include "store/keylist.h"
#include "store/lazy.h"
#include <stdlib.h>
#include <string.h>

#define COLUMNS                                                                                                        \
  "id, state, version, person, due_at, started_at, turn_at, ended_at, trigger, depth, steps, moment, keys, outcome, "  \
  "reason, wait, journal"

const char *md_run_state_name(md_run_state state) {
  static const char *const names[] = {"none", "waiting", "queued", "done", "parked", "cancelled"};
  return (unsigned)state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}

static bool is_live(md_run_state state) {
  return state == MD_RUN_WAITING || state == MD_RUN_QUEUED || state == MD_RUN_PARKED;
}

// What the row's blob of keys holds: about first, then its ancestors.
static int all_keys(const md_run *run, md_key keys[static MD_KEYS_MAX + 1]) {
  int count = 0;
  if (run->about.kind) keys[count++] = run->about;
  memcpy(keys + count, run->keys, (size_t)run->key_count * sizeof *keys);
  return count + run->key_count;
}

static int hashes_of(const md_run *run, uint64_t hashes[static MD_HASHES_MAX]) {
  md_key keys[MD_KEYS_MAX + 1];
  return md_hashes_of_run(run->person, keys, all_keys(run, keys), hashes);
}

static const char insert_run[] = "INSERT INTO runs(" COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
                                 " ?12, ?13, ?14, ?15, ?16, ?17)";

static int insert_row(md_store *store, const md_run *run, const void *keys, size_t keys_len, md_error *err) {
  return md_statement_run(store, err, insert_run, "idiiiiiiiddtbttbb", run->id, (int)run->state, run->version,
                          run->person, run->due_at, run->started_at, run->turn_at, run->ended_at, run->trigger_seq,
                          run->depth, run->steps, run->moment, keys, keys_len, run->outcome, run->reason, run->wait,
                          run->wait_len, run->journal, run->journal_len);
}

enum { KEYS_INLINE = 1024 };

static int insert_with_keys(md_store *store, const md_run *run, md_error *err) {
  md_key all[MD_KEYS_MAX + 1];
  char inline_keys[KEYS_INLINE];
  int count = all_keys(run, all);
  size_t len = md_keylist_size(all, count);
  char *keys = len <= sizeof inline_keys ? inline_keys : md_alloc(len);
  if (!keys) return md_error_set(err, MD_ENOMEM, "out of memory while storing a run");
  md_keylist_write(all, count, keys);
  int code = insert_row(store, run, len ? keys : NULL, len, err);
  if (keys != inline_keys) md_free(keys);
  return code;
}

int64_t md_runs_last_id(md_store *store) {
  return store->last[MD_SOURCE_RUNS];
}

int md_runs_insert(md_store *store, md_run *run, md_error *err) {
  uint64_t hashes[MD_HASHES_MAX];
  run->id = md_store_next_id(store, MD_SOURCE_RUNS);
  int code = insert_with_keys(store, run, err);
  if (code || !is_live(run->state)) return code;
  return md_index_add_all(store, hashes, hashes_of(run, hashes), run->id, err);
}

static const char update_run[] =
    "UPDATE runs SET state = ?3, version = ?4, due_at = ?5, turn_at = ?6, ended_at = ?7, depth = ?8, steps = ?9,"
    " outcome = ?10, reason = ?11, wait = ?12, journal = ?13, started_at = ?14 WHERE id = ?1 AND person = ?2";

static const char update_person[] = "UPDATE runs SET person = ?2 WHERE id = ?1";

static int update_row(md_store *store, const md_run *run, md_error *err) {
  return md_statement_run(store, err, update_run, "iidiiiiddttbbi", run->id, run->person, (int)run->state, run->version,
                          run->due_at, run->turn_at, run->ended_at, run->depth, run->steps, run->outcome, run->reason,
                          run->wait, run->wait_len, run->journal, run->journal_len, run->started_at);
}

// Rare: the run's person became known, so the row is filed under them too.
static int change_person(md_store *store, const md_run *run, md_error *err) {
  int code = md_statement_run(store, err, update_person, "ii", run->id, run->person);
  if (code) return code;
  if (!sqlite3_changes(store->db)) return md_error_set(err, MD_ENOTFOUND, "there is no run %lld", (long long)run->id);
  if (run->person) code = md_index_add_late(store, md_hash_of_person(MD_INDEX_RUN_KEY, run->person), run->id, err);
  return code ? code : update_row(store, run, err);
}

static void forget_ended(md_store *store, const md_run *run) {
  uint64_t hashes[MD_HASHES_MAX];
  int count = hashes_of(run, hashes);
  for (int i = 0; i < count; i++)
    md_index_forget(store, hashes[i], run->id);
}

int md_runs_update(md_store *store, const md_run *run, md_error *err) {
  int code = update_row(store, run, err);
  if (!code && !sqlite3_changes(store->db)) code = change_person(store, run, err);
  if (!code && !is_live(run->state)) forget_ended(store, run);
  return code;
}

static const char update_keys[] = "UPDATE runs SET keys = ?2, person = ?3 WHERE id = ?1";

int md_runs_relate(md_store *store, const md_run *run, md_error *err) {
  md_key all[MD_KEYS_MAX + 1];
  uint64_t hashes[MD_HASHES_MAX];
  int count = all_keys(run, all);
  size_t len = md_keylist_size(all, count);
  char *keys = md_alloc(len + 1);
  if (!keys) return md_error_set(err, MD_ENOMEM, "out of memory while storing a run");
  md_keylist_write(all, count, keys);
  int code = md_statement_run(store, err, update_keys, "ibi", run->id, len ? keys : NULL, len, run->person);
  md_free(keys);
  count = hashes_of(run, hashes);
  for (int i = 0; i < count && !code; i++)
    code = md_index_add_late(store, hashes[i], run->id, err);
  return code;
}

static int read_run(md_row *row, md_run *out, md_error *err) {
  md_key keys[MD_KEYS_MAX + 1];
  size_t len;
  *out = (md_run){.id = md_row_int(row, 0),
                  .state = (md_run_state)md_row_int(row, 1),
                  .version = md_row_int(row, 2),
                  .person = md_row_int(row, 3),
                  .due_at = md_row_int(row, 4),
                  .started_at = md_row_int(row, 5),
                  .turn_at = md_row_int(row, 6),
                  .ended_at = md_row_int(row, 7),
                  .trigger_seq = md_row_int(row, 8),
                  .depth = (int)md_row_int(row, 9),
                  .steps = (int)md_row_int(row, 10)};
  out->moment = md_row_text(row, 11);
  const char *blob = md_row_blob(row, 12, &len);
  int count = md_keylist_read(blob, len, keys, MD_KEYS_MAX + 1);
  if (count) out->about = keys[0];
  out->key_count = count > 1 ? count - 1 : 0;
  memcpy(out->keys, keys + 1, (size_t)out->key_count * sizeof *keys);
  out->outcome = md_row_text(row, 13);
  out->reason = md_row_text(row, 14);
  out->wait = md_row_blob(row, 15, &out->wait_len);
  out->journal = md_row_blob(row, 16, &out->journal_len);
  return md_row_result(row, err);
}

// The first row of an opened statement, which is closed.
static int read_only_row(md_store *store, md_row *row, md_run *out, md_error *err) {
  int code = md_statement_step(store, row->stmt, err);
  if (code == 1) {
    code = read_run(row, out, err);
  } else if (code == 0) {
    code = md_error_set(err, MD_ENOTFOUND, "there is no such run");
  }
  md_statement_close(row->stmt);
  return code;
}

static int get_one(md_store *store, const char *sql, int64_t bound, md_arena *arena, md_run *out, md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, sql, "i", bound);
  code = code ? code : read_only_row(store, &row, out, err);
  return code == MD_ENOTFOUND ? md_error_set(err, code, "there is no run %lld in this database", (long long)bound)
                              : code;
}

static const char select_run[] = "SELECT " COLUMNS " FROM runs WHERE id = ?1";

int md_runs_get(md_store *store, int64_t id, md_arena *arena, md_run *out, md_error *err) {
  return get_one(store, select_run, id, arena, out, err);
}

static bool is_filed_under(const md_run *run, md_key key) {
  md_key keys[MD_KEYS_MAX + 1];
  int count = all_keys(run, keys);
  for (int i = 0; i < count; i++)
    if (strcmp(keys[i].kind, key.kind) == 0 && strcmp(keys[i].value, key.value) == 0) return true;
  return strcmp(key.kind, "person") == 0 && run->person && run->person == strtoll(key.value, NULL, 10);
}

static const char select_live[] = "SELECT " COLUMNS " FROM runs WHERE id = ?1 AND state IN (1, 2, 4)";

int md_runs_next_live(md_store *store, md_key key, int64_t after, int64_t before, md_arena *arena, md_run *out,
                      md_error *err) {
  uint64_t hash = md_index_hash(MD_INDEX_RUN_KEY, key.kind, key.value);
  for (;;) {
    int code = md_index_next(store, hash, after, &after, err);
    if (code) return code;
    if (!after || after >= before) return md_error_set(err, MD_ENOTFOUND, "there is no such run");
    code = get_one(store, select_live, after, arena, out, err);
    if (code == MD_ENOTFOUND)
      code = md_index_drop(store, hash, after, err);
    else if (code || is_filed_under(out, key))
      return code;
    if (code) return code;
  }
}

// The timers' conditions word for word as in the index runs_due; 1 is MD_RUN_WAITING.
static const char select_due[] = "SELECT " COLUMNS " FROM runs WHERE state = 1 AND due_at > 0 AND due_at <= ?1"
                                 " ORDER BY due_at, id LIMIT 1";

int md_runs_next_due(md_store *store, md_micros until, md_arena *arena, md_run *out, md_error *err) {
  return get_one(store, select_due, until, arena, out, err);
}

static const char select_due_at[] = "SELECT due_at FROM runs WHERE state = 1 AND due_at > 0 ORDER BY due_at LIMIT 1";

md_micros md_runs_due_at(md_store *store) {
  int64_t due = 0;
  md_statement_number(store, &due, NULL, select_due_at, "");
  return due;
}

static const char select_queued[] = "SELECT " COLUMNS " FROM runs WHERE state = 2 AND id > ?1 ORDER BY id LIMIT 1";
static const char select_parked[] = "SELECT " COLUMNS " FROM runs WHERE state = 4 AND id > ?1 ORDER BY id LIMIT 1";

int md_runs_next_queued(md_store *store, int64_t after, md_arena *arena, md_run *out, md_error *err) {
  return get_one(store, select_queued, after, arena, out, err);
}

int md_runs_next_parked(md_store *store, int64_t after, md_arena *arena, md_run *out, md_error *err) {
  return get_one(store, select_parked, after, arena, out, err);
}

static const char select_unended[] =
    "SELECT " COLUMNS " FROM runs WHERE id > ?1 AND state IN (1, 2, 4) ORDER BY id LIMIT 1";

int md_runs_next_unended(md_store *store, int64_t after, md_arena *arena, md_run *out, md_error *err) {
  return get_one(store, select_unended, after, arena, out, err);
}

static const char select_after[] = "SELECT " COLUMNS " FROM runs WHERE id > ?1 ORDER BY id LIMIT 1";

int md_forget_next_run(md_store *store, int64_t after, md_arena *arena, md_run *out, md_error *err) {
  return get_one(store, select_after, after, arena, out, err);
}

static const char select_in_flight[] =
    "SELECT " COLUMNS " FROM runs WHERE id > ?1 AND id <= ?2 AND state IN (1, 2) AND version <> ?3"
    " AND (?4 = 0 OR version = ?4) AND moment = ?5 ORDER BY id LIMIT 1";

int md_runs_next_in_flight(md_store *store, const md_flight *flight, int64_t after, int64_t until, md_arena *arena,
                           md_run *out, md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, select_in_flight, "iiiit", after, until, flight->to, flight->from,
                               flight->moment);
  return code ? code : read_only_row(store, &row, out, err);
}

static const char select_last_live[] = "SELECT " COLUMNS " FROM runs WHERE id > ?1 AND id < ?2 AND state IN (1, 2, 4)"
                                       " AND moment = ?3 ORDER BY id DESC LIMIT 1";

int md_runs_last_live_of(md_store *store, const char *moment, int64_t from, int64_t before, md_arena *arena,
                         md_run *out, md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, select_last_live, "iit", from, before, moment);
  return code ? code : read_only_row(store, &row, out, err);
}

static const char list_runs[] = "SELECT " COLUMNS " FROM runs WHERE id < ?1 AND (?2 IS NULL OR moment = ?2)"
                                " AND (?3 = 0 OR state = ?3) AND (?4 = 0 OR person = ?4) ORDER BY id DESC LIMIT ?5";

int md_runs_list(md_store *store, const md_run_filter *filter, int (*each)(void *context, const md_run *run),
                 void *context, md_error *err) {
  md_row row = {0};
  md_run run;
  int code =
      md_statement_open(store, &row.stmt, err, list_runs, "itdid", filter->before ? filter->before : INT64_MAX,
                        filter->moment, (int)filter->state, filter->person, filter->limit > 0 ? filter->limit : -1);
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1) {
    code = read_run(&row, &run, err);
    if (code || (code = each(context, &run))) break;
  }
  md_statement_close(row.stmt);
  return code;
}

static const char count_runs[] = "SELECT moment, version, state, count(*) FROM runs GROUP BY moment, version, state";

int md_runs_counts(md_store *store, int (*each)(void *context, const md_run_count *row), void *context, md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, count_runs, "");
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1) {
    md_run_count count = {md_row_text(&row, 0), md_row_int(&row, 1), (md_run_state)md_row_int(&row, 2),
                          md_row_int(&row, 3)};
    code = md_row_result(&row, err);
    if (code || (code = each(context, &count))) break;
  }
  md_statement_close(row.stmt);
  return code;
}
