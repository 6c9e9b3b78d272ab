// SPDX-License-Identifier: Apache-2.0
// Sorting stripes of the lazy index into their table at each commit, with their watermarks.
#include "base/alloc.h"
#include "store/lazy.h"

// One stripe is sorted a commit, and one more for each so many changes: between two turns of a stripe lie at most 1,024
// commits, and no more than about this many entries of it: half a million in all, as the older half is sorted already.
enum { CHANGES_A_STRIPE = 1024, UNDO_KEPT = 16384 };

static const char insert_entry[] = "INSERT OR IGNORE INTO lazy_index(hash, row) VALUES(?1, ?2)";
static const char delete_entry[] = "DELETE FROM lazy_index WHERE hash = ?1 AND row = ?2";
static const char update_watermark[] =
    "UPDATE stripes SET events = ?2, runs = ?3, people = ?4, things = ?5 WHERE stripe = ?1";

static int write_entries(md_store *store, const md_stripes *set, unsigned number, const char *sql, md_error *err) {
  const md_stripe *stripe = &set->stripes[number];
  sqlite3_stmt *stmt;
  int code = stripe->count ? md_statement_open(store, &stmt, err, sql, "ii", (int64_t)0, (int64_t)0) : 0;
  for (uint32_t i = 0; i < stripe->count && !code; i++) {
    sqlite3_bind_int64(stmt, 1, (int64_t)md_stripe_hash(number, stripe->entries[i]));
    sqlite3_bind_int64(stmt, 2, md_stripe_row(stripe->entries[i]));
    code = md_statement_step(store, stmt, err);
    md_statement_close(stmt);
  }
  return code;
}

static const char count_entries[] = "SELECT count(*) FROM lazy_index WHERE hash BETWEEN ?1 AND ?2";
static const char select_hashes[] = "SELECT hash FROM lazy_index WHERE hash BETWEEN ?1 AND ?2";

// Makes a stripe's filter from the table, which holds the stripe whole at this moment.
static int make_filter(md_store *store, unsigned stripe, md_error *err) {
  md_filter *filter = &store->index->filters[stripe];
  int64_t first = (int64_t)stripe << MD_STRIPE_HASH_BITS, last = first + ((int64_t)1 << MD_STRIPE_HASH_BITS) - 1;
  int64_t count = 0;
  sqlite3_stmt *stmt;
  md_filter_deinit(filter);
  int code = md_statement_number(store, &count, err, count_entries, "ii", first, last);
  if (code || !md_filter_init(filter, (size_t)count)) return code;
  code = md_statement_open(store, &stmt, err, select_hashes, "ii", first, last);
  while (!code && (code = md_statement_step(store, stmt, err)) == 1) {
    uint64_t hash = (uint64_t)sqlite3_column_int64(stmt, 0);
    if (md_index_is_filtered(hash)) md_filter_add(filter, hash);
    code = 0;
  }
  if (code)
    md_filter_deinit(filter); // half of one would deny what is there
  else
    md_statement_close(stmt);
  return code;
}

// A filter may know of more than is there (after a rollback, a drop), never of less.
static int extend_filter(md_store *store, unsigned stripe, md_error *err) {
  md_filter *filter = &store->index->filters[stripe];
  const md_stripe *adds = &store->index->adds.stripes[stripe];
  if (md_filter_is_full(filter)) return make_filter(store, stripe, err);
  for (uint32_t i = 0; i < adds->count; i++) {
    uint64_t hash = md_stripe_hash(stripe, adds->entries[i]);
    if (md_index_is_filtered(hash)) md_filter_add(filter, hash);
  }
  return 0;
}

static bool is_quiet(const md_store *store, unsigned stripe) {
  const md_index *index = store->index;
  bool same = !index->adds.stripes[stripe].count && !index->drops.stripes[stripe].count;
  for (int i = 0; i < MD_SOURCES; i++)
    same = same && index->watermarks[stripe][i] == store->last[i];
  return same;
}

static int flush_stripe(md_store *store, unsigned stripe, md_error *err) {
  md_index *index = store->index;
  if (is_quiet(store, stripe)) return 0;
  int code = write_entries(store, &index->adds, stripe, insert_entry, err);
  if (!code) code = write_entries(store, &index->drops, stripe, delete_entry, err);
  if (!code) code = extend_filter(store, stripe, err);
  if (!code)
    code = md_statement_run(store, err, update_watermark, "diiii", (int)stripe, store->last[MD_SOURCE_EVENTS],
                            store->last[MD_SOURCE_RUNS], store->last[MD_SOURCE_PEOPLE], store->last[MD_SOURCE_THINGS]);
  if (!code) index->flushing[index->flushing_count++] = (uint16_t)stripe;
  return code;
}

static int flush_crowded(md_store *store, md_error *err) {
  int code = 0;
  for (int i = 0; i < store->index->crowded_count && !code; i++)
    code = flush_stripe(store, store->index->crowded[i], err);
  return code;
}

int md_index_flush(md_store *store, md_error *err) {
  md_index *index = store->index;
  size_t turns = 1 + index->undo_count / CHANGES_A_STRIPE;
  int code = flush_crowded(store, err);
  for (size_t i = 0; i < turns && i < MD_STRIPES && !code; i++)
    code = flush_stripe(store, (index->cursor + (unsigned)i) % MD_STRIPES, err);
  return code;
}

void md_index_committed(md_store *store) {
  md_index *index = store->index;
  for (int i = 0; i < index->flushing_count; i++) {
    unsigned stripe = index->flushing[i];
    md_stripes_clear(&index->adds, stripe);
    md_stripes_clear(&index->drops, stripe);
    for (int source = 0; source < MD_SOURCES; source++)
      index->watermarks[stripe][source] = store->last[source];
  }
  index->cursor = (index->cursor + 1 + (unsigned)(index->undo_count / CHANGES_A_STRIPE)) % MD_STRIPES;
  index->crowded_count = index->flushing_count = 0;
  index->undo_count = 0;
  if (index->undo_capacity > UNDO_KEPT) {
    md_free(index->undo);
    index->undo = NULL;
    index->undo_capacity = 0;
  }
}

void md_index_not_committed(md_store *store) {
  store->index->flushing_count = 0;
  md_index_rewind(store, 0);
}
