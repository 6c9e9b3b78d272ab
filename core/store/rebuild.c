// SPDX-License-Identifier: Apache-2.0
// Making the lazy index again from the rows past its watermarks: a writer's at open, a reader's as rows come.
#include "base/alloc.h"
#include "base/log.h"
#include "store/keylist.h"
#include "store/lazy.h"
#include "store/people.h"
#include "store/runs.h"
#include <string.h>

enum { READER_ENTRIES_MAX = 1 << 19 };

uint64_t md_hash_of_person(md_index_space space, int64_t person) {
  return md_index_hash(space, "person", md_log_int(person));
}

uint64_t md_hash_of_identity(const char *kind, const char *value) {
  return md_index_hash(MD_INDEX_IDENTITY, kind, value);
}

static int hash_keys(md_index_space space, int64_t person, const md_key *keys, int count, uint64_t *out) {
  int n = 0;
  for (int i = 0; i < count; i++)
    out[n++] = md_index_hash(space, keys[i].kind, keys[i].value);
  if (person) out[n++] = md_hash_of_person(space, person);
  return n;
}

int md_hashes_of_event(const char *source, const char *id, int64_t person, const md_key *keys, int count,
                       uint64_t out[static MD_HASHES_MAX]) {
  out[0] = md_index_hash(MD_INDEX_EVENT_ID, source, id);
  return 1 + hash_keys(MD_INDEX_EVENT_KEY, person, keys, count, out + 1);
}

int md_hashes_of_run(int64_t person, const md_key *keys, int count, uint64_t out[static MD_HASHES_MAX]) {
  return hash_keys(MD_INDEX_RUN_KEY, person, keys, count, out);
}

static int hash_event_row(md_row *row, uint64_t *out) {
  md_key keys[MD_KEYS_MAX];
  size_t len;
  const char *blob = md_row_blob(row, 4, &len);
  const char *source = md_row_text(row, 2), *id = md_row_text(row, 3);
  if (row->failed) return 0;
  return md_hashes_of_event(source, id, md_row_int(row, 1), keys, md_keylist_read(blob, len, keys, MD_KEYS_MAX), out);
}

// A run that has ended is not to be found any more.
static int hash_run_row(md_row *row, uint64_t *out) {
  md_key keys[MD_KEYS_MAX + 1];
  size_t len;
  const char *blob = md_row_blob(row, 3, &len);
  md_run_state state = (md_run_state)md_row_int(row, 2);
  if (state == MD_RUN_DONE || state == MD_RUN_CANCELLED) return 0;
  return md_hashes_of_run(md_row_int(row, 1), keys, md_keylist_read(blob, len, keys, MD_KEYS_MAX + 1), out);
}

static int hash_person_row(md_row *row, uint64_t *out) {
  size_t len, at = 0;
  const char *blob = md_row_blob(row, 1, &len);
  md_key key;
  int n = 0;
  while (n < MD_IDENTITIES_MAX && md_keylist_next(blob, len, &at, &key))
    out[n++] = md_hash_of_identity(key.kind + 1, key.value);
  return n;
}

static int hash_thing_row(md_row *row, uint64_t *out) {
  const char *kind = md_row_text(row, 1), *value = md_row_text(row, 2);
  if (row->failed) return 0;
  *out = md_index_hash(MD_INDEX_THING, kind, value);
  return 1;
}

static const char events_past[] = "SELECT seq, person, source, id, keys FROM events WHERE seq > ?1 ORDER BY seq";
static const char runs_past[] = "SELECT id, person, state, keys FROM runs WHERE id > ?1 ORDER BY id";
static const char people_past[] = "SELECT id, identities FROM people WHERE id > ?1 ORDER BY id";
static const char things_past[] = "SELECT id, kind, value FROM things WHERE id > ?1 ORDER BY id";

static const struct {
  const char *sql;
  int (*hash)(md_row *row, uint64_t *out);
} past[MD_SOURCES] = {
    [MD_SOURCE_EVENTS] = {events_past, hash_event_row},
    [MD_SOURCE_RUNS] = {runs_past, hash_run_row},
    [MD_SOURCE_PEOPLE] = {people_past, hash_person_row},
    [MD_SOURCE_THINGS] = {things_past, hash_thing_row},
};

static int put_all(md_store *store, md_source_table source, const uint64_t *hashes, int count, int64_t row) {
  md_index *index = store->index;
  int code = 0;
  for (int i = 0; i < count && code != MD_ENOMEM; i++)
    if (row > index->watermarks[md_stripe_of(hashes[i])][source]) code = md_stripes_put(&index->adds, hashes[i], row);
  return code == MD_ENOMEM ? code : 0;
}

static int take_in_row(md_store *store, md_source_table source, sqlite3_stmt *stmt, md_error *err) {
  uint64_t hashes[MD_IDENTITIES_MAX + MD_HASHES_MAX];
  md_row row = {.stmt = stmt};
  int count = past[source].hash(&row, hashes);
  int64_t id = md_row_int(&row, 0);
  int code = row.failed ? MD_ENOMEM : put_all(store, source, hashes, count, id);
  if (!code) store->index->seen[source] = id;
  return code ? md_error_set(err, code, "out of memory while reading the index of %s", store->path) : 0;
}

static int take_in(md_store *store, md_source_table source, md_error *err) {
  sqlite3_stmt *stmt;
  int code = md_statement_open(store, &stmt, err, past[source].sql, "i", store->index->seen[source]);
  if (code) return code;
  while ((code = md_statement_step(store, stmt, err)) == 1) {
    code = take_in_row(store, source, stmt, err);
    if (code) break;
  }
  md_statement_close(stmt);
  return code;
}

static const char all_watermarks[] = "SELECT stripe, events, runs, people, things FROM stripes";

static int read_watermarks(md_store *store, md_error *err) {
  sqlite3_stmt *stmt;
  int code = md_statement_open(store, &stmt, err, all_watermarks, "");
  if (code) return code;
  while ((code = md_statement_step(store, stmt, err)) == 1) {
    unsigned stripe = (unsigned)sqlite3_column_int(stmt, 0) % MD_STRIPES;
    for (int source = 0; source < MD_SOURCES; source++)
      store->index->watermarks[stripe][source] = sqlite3_column_int64(stmt, 1 + source);
  }
  md_statement_close(stmt);
  return code;
}

// Where reading begins, and which stripe waited longest for its turn.
static void start_at_smallest(md_index *index) {
  for (int source = 0; source < MD_SOURCES; source++) {
    index->seen[source] = INT64_MAX;
    for (unsigned stripe = 0; stripe < MD_STRIPES; stripe++) {
      int64_t mark = index->watermarks[stripe][source];
      if (mark >= index->seen[source]) continue;
      index->seen[source] = mark;
      if (source == MD_SOURCE_EVENTS) index->cursor = stripe;
    }
  }
}

static const char last_event[] = "SELECT max(seq) FROM events";
static const char last_run[] = "SELECT max(id) FROM runs";
static const char last_person[] = "SELECT max(id) FROM people";
static const char last_thing[] = "SELECT max(id) FROM things";

// A row id is never given twice, even when the newest rows were deleted: the setting is past them.
static int read_last(md_store *store, md_error *err) {
  static const char *const sql[MD_SOURCES] = {last_event, last_run, last_person, last_thing};
  for (int source = 0; source < MD_SOURCES; source++) {
    int code = md_statement_number(store, &store->last[source], err, sql[source], "");
    if (code && code != MD_ENOTFOUND) return code;
    int64_t given = 0;
    code = md_settings_get_int(store, md_store_last_names[source], &given, err);
    if (code && code != MD_ENOTFOUND) return code;
    if (given > store->last[source]) store->last[source] = given;
  }
  return 0;
}

static int load(md_store *store, md_error *err) {
  int code = read_watermarks(store, err);
  if (!code) start_at_smallest(store->index);
  if (!code) store->index->loaded = true;
  return code;
}

int md_index_open(md_store *store, md_error *err) {
  store->index = md_alloc_zero(sizeof *store->index);
  if (!store->index) return md_error_set(err, MD_ENOMEM, "out of memory while opening %s", store->path);
  if (store->read_only) return 0;
  int code = load(store, err);
  if (!code) code = read_last(store, err);
  for (int source = 0; source < MD_SOURCES && !code; source++)
    code = take_in(store, (md_source_table)source, err);
  return code;
}

void md_index_close(md_store *store) {
  if (!store->index) return;
  md_stripes_deinit(&store->index->adds);
  md_stripes_deinit(&store->index->drops);
  for (unsigned i = 0; i < MD_STRIPES; i++)
    md_filter_deinit(&store->index->filters[i]);
  md_free(store->index->undo);
  md_free(store->index);
}

void md_index_prune(md_index *index, unsigned number) {
  md_stripe *stripe = &index->adds.stripes[number];
  uint32_t kept = 0;
  for (uint32_t i = 0; i < stripe->count; i++) {
    md_source_table source = md_index_source(md_stripe_hash(number, stripe->entries[i]));
    if (md_stripe_row(stripe->entries[i]) > index->watermarks[number][source])
      stripe->entries[kept++] = stripe->entries[i];
  }
  md_stripes_cut(&index->adds, number, kept);
}

// Leaves out what the writer has put into the table meanwhile.
static int prune(md_store *store, md_error *err) {
  int code = read_watermarks(store, err);
  for (unsigned i = 0; i < MD_STRIPES && !code; i++)
    md_index_prune(store->index, i);
  return code;
}

int md_index_refresh(md_store *store, md_source_table source, md_error *err) {
  if (!store->read_only) return 0;
  int code = store->index->loaded ? 0 : load(store, err);
  if (!code) code = take_in(store, source, err);
  if (!code && store->index->adds.count > READER_ENTRIES_MAX) code = prune(store, err);
  return code;
}
