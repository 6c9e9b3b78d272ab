// SPDX-License-Identifier: Apache-2.0
// The striped lazy index: adding, dropping and looking up. Entries in memory belong to rows past their stripe's
// watermark, entries in the table to rows up to it (late ones to any): so one side often answers alone.
#include "store/index.h"
#include "base/alloc.h"
#include "base/assert.h"
#include "base/digest.h"
#include "store/lazy.h"
#include <string.h>

enum { SPACE_BITS = 3, CROWDED = 4096 };

// The space lies in the low bits, so that a hash tells which table's watermark it is under.
uint64_t md_index_hash(md_index_space space, const char *a, const char *b) {
  uint64_t hash = md_hash64(md_hash64(space, a, strlen(a) + 1), b, strlen(b));
  return hash >> (64 - MD_HASH_BITS + SPACE_BITS) << SPACE_BITS | (uint64_t)space;
}

md_source_table md_index_source(uint64_t hash) {
  static const md_source_table sources[1 << SPACE_BITS] = {
      [MD_INDEX_EVENT_ID] = MD_SOURCE_EVENTS, [MD_INDEX_EVENT_KEY] = MD_SOURCE_EVENTS,
      [MD_INDEX_RUN_KEY] = MD_SOURCE_RUNS,    [MD_INDEX_IDENTITY] = MD_SOURCE_PEOPLE,
      [MD_INDEX_THING] = MD_SOURCE_THINGS,
  };
  return sources[hash & ((1 << SPACE_BITS) - 1)];
}

bool md_index_is_filtered(uint64_t hash) {
  return (hash & ((1 << SPACE_BITS) - 1)) != MD_INDEX_EVENT_KEY;
}

static int64_t watermark(const md_store *store, uint64_t hash) {
  return store->index->watermarks[md_stripe_of(hash)][md_index_source(hash)];
}

static bool reserve_undo(md_index *index) {
  if (index->undo_count < index->undo_capacity) return true;
  size_t capacity = index->undo_capacity ? 2 * index->undo_capacity : 256;
  md_index_undo *undo = md_realloc(index->undo, capacity * sizeof *undo);
  if (!undo) return false;
  index->undo = undo;
  index->undo_capacity = capacity;
  return true;
}

static void note(md_store *store, int act, uint64_t hash, int64_t row) {
  if (!store->in_transaction) return;
  store->index->undo[store->index->undo_count++] = (md_index_undo){act, hash, row};
}

static int out_of_memory(md_store *store, md_error *err) {
  if (store->in_transaction) store->failed = MD_ENOMEM;
  return md_error_set(err, MD_ENOMEM, "out of memory in the index of %s", store->path);
}

static void note_crowded(md_index *index, unsigned stripe) {
  if (index->adds.stripes[stripe].count != CROWDED || index->crowded_count == MD_STRIPES) return;
  index->crowded[index->crowded_count++] = (uint16_t)stripe;
}

static int add_in_memory(md_store *store, uint64_t hash, int64_t row, md_error *err) {
  md_index *index = store->index;
  if (!reserve_undo(index)) return out_of_memory(store, err);
  if (md_stripes_take(&index->drops, hash, row)) note(store, MD_UNDO_UNDROP, hash, row);
  if (row <= watermark(store, hash)) return 0;
  if (!reserve_undo(index)) return out_of_memory(store, err);
  int code = md_stripes_put(&index->adds, hash, row);
  if (code == MD_ENOMEM) return out_of_memory(store, err);
  if (code) return 0;
  note(store, MD_UNDO_ADD, hash, row);
  note_crowded(index, md_stripe_of(hash));
  return 0;
}

int md_index_add(md_store *store, uint64_t hash, int64_t row, md_error *err) {
  md_require(store->in_transaction && !store->read_only);
  if (row <= watermark(store, hash)) return md_index_add_late(store, hash, row, err);
  return add_in_memory(store, hash, row, err);
}

static const char insert_entry[] = "INSERT OR IGNORE INTO lazy_index(hash, row) VALUES(?1, ?2)";

int md_index_add_late(md_store *store, uint64_t hash, int64_t row, md_error *err) {
  md_require(store->in_transaction && !store->read_only);
  int code = md_statement_run(store, err, insert_entry, "ii", (int64_t)hash, row);
  if (code) return code;
  md_filter_add(&store->index->filters[md_stripe_of(hash)], hash);
  return add_in_memory(store, hash, row, err);
}

int md_index_add_all(md_store *store, const uint64_t *hashes, int count, int64_t row, md_error *err) {
  int code = 0;
  for (int i = 0; i < count && !code; i++)
    code = md_index_add(store, hashes[i], row, err);
  return code;
}

int md_index_drop(md_store *store, uint64_t hash, int64_t row, md_error *err) {
  md_index *index = store->index;
  if (store->read_only) return 0;
  if (!reserve_undo(index)) return out_of_memory(store, err);
  if (md_stripes_take(&index->adds, hash, row)) note(store, MD_UNDO_TAKE, hash, row);
  int code = md_stripes_put(&index->drops, hash, row);
  if (code == MD_ENOMEM) return out_of_memory(store, err);
  if (!reserve_undo(index)) return out_of_memory(store, err);
  if (!code) note(store, MD_UNDO_DROP, hash, row);
  return 0;
}

void md_index_forget(md_store *store, uint64_t hash, int64_t row) {
  if (store->read_only || !reserve_undo(store->index)) return;
  if (md_stripes_take(&store->index->adds, hash, row)) note(store, MD_UNDO_TAKE, hash, row);
}

static void undo_one(md_index *index, md_index_undo undo) {
  int code = 0;
  switch (undo.act) {
  case MD_UNDO_ADD:
    md_stripes_take(&index->adds, undo.hash, undo.row);
    break;
  case MD_UNDO_TAKE:
    code = md_stripes_put(&index->adds, undo.hash, undo.row);
    break;
  case MD_UNDO_DROP:
    md_stripes_take(&index->drops, undo.hash, undo.row);
    break;
  case MD_UNDO_UNDROP:
    code = md_stripes_put(&index->drops, undo.hash, undo.row);
    break;
  }
  md_require(code == 0); // going backwards, each stripe has the room that it had
}

void md_index_rewind(md_store *store, size_t mark) {
  md_index *index = store->index;
  while (index->undo_count > mark)
    undo_one(index, index->undo[--index->undo_count]);
}

static int look_up(md_store *store, const char *sql, uint64_t hash, int64_t bound, int64_t *row, md_error *err) {
  sqlite3_stmt *stmt;
  *row = 0;
  int code = md_statement_open(store, &stmt, err, sql, "ii", (int64_t)hash, bound);
  if (code) return code;
  while ((code = md_statement_step(store, stmt, err)) == 1) {
    *row = sqlite3_column_int64(stmt, 0);
    if (!store->index->drops.count || !md_stripes_has(&store->index->drops, hash, *row)) break;
    *row = 0;
  }
  md_statement_close(stmt);
  return code < 0 ? code : 0;
}

static const char next_entry[] = "SELECT row FROM lazy_index WHERE hash = ?1 AND row > ?2 ORDER BY row";
static const char last_entry[] = "SELECT row FROM lazy_index WHERE hash = ?1 AND row < ?2 ORDER BY row DESC";

// A writer skips the table where nothing past the bound can lie in it. A reader's watermarks are older than its view.
static bool may_be_in_table(const md_store *store, uint64_t hash, int64_t after) {
  if (store->read_only) return true;
  if (after >= watermark(store, hash)) return false;
  return !md_index_is_filtered(hash) || md_filter_may_have(&store->index->filters[md_stripe_of(hash)], hash);
}

int md_index_next(md_store *store, uint64_t hash, int64_t after, int64_t *row, md_error *err) {
  *row = 0;
  int code = md_index_refresh(store, md_index_source(hash), err);
  if (!code && may_be_in_table(store, hash, after)) code = look_up(store, next_entry, hash, after, row, err);
  if (code) return code;
  int64_t in_memory = md_stripes_next(&store->index->adds, hash, after);
  if (in_memory && (!*row || in_memory < *row)) *row = in_memory;
  return 0;
}

int md_index_last(md_store *store, uint64_t hash, int64_t before, int64_t *row, md_error *err) {
  *row = 0;
  int code = md_index_refresh(store, md_index_source(hash), err);
  if (code) return code;
  int64_t in_memory = md_stripes_last(&store->index->adds, hash, before);
  if (may_be_in_table(store, hash, in_memory)) code = look_up(store, last_entry, hash, before, row, err);
  if (in_memory > *row) *row = in_memory;
  return code;
}
