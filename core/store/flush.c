// SPDX-License-Identifier: Apache-2.0
// Sorting stripes of the lazy index into their table at each commit, with their watermarks.
#include "base/alloc.h"
#include "store/lazy.h"

// A stripe is sorted for each so many changes, so that one lies in memory for at most a round of a million changes,
// half a million of which are in the table already. Of commits with few changes every 32nd sorts one anyway: when
// little comes, the tail in memory stays short; each of them would write 25 pages for an event.
enum { CHANGES_A_STRIPE = 1024, FEW_CHANGES = 64, FEW_A_STRIPE = 32, UNDO_KEPT = 16384 };

#define FOUR "(?, ?), (?, ?), (?, ?), (?, ?)"
static const char insert_eight[] = "INSERT OR IGNORE INTO lazy_index(hash, row) VALUES" FOUR ", " FOUR;
static const char insert_entry[] = "INSERT OR IGNORE INTO lazy_index(hash, row) VALUES(?1, ?2)";
static const char delete_entry[] = "DELETE FROM lazy_index WHERE hash = ?1 AND row = ?2";
static const char update_watermark[] =
    "UPDATE stripes SET events = ?2, runs = ?3, people = ?4, things = ?5 WHERE stripe = ?1";

// Writes entries from `from` on, `at_once` of them a step, while there are so many; answers where it ended.
static int write_entries(md_store *store, const char *sql, unsigned stripe, const md_stripe *entries, uint32_t at_once,
                         uint32_t *from, md_error *err) {
  sqlite3_stmt *stmt;
  if (entries->count - *from < at_once) return 0;
  int code = md_statement_prepare(store, &stmt, err, sql);
  while (!code && entries->count - *from >= at_once) {
    for (int n = 1; n <= 2 * (int)at_once; n += 2) {
      md_stripe_entry entry = entries->entries[(*from)++];
      sqlite3_bind_int64(stmt, n, (int64_t)md_stripe_hash(stripe, entry));
      sqlite3_bind_int64(stmt, n + 1, md_stripe_row(entry));
    }
    code = md_statement_step(store, stmt, err);
    md_statement_close(stmt);
  }
  return code;
}

static int write_stripe(md_store *store, unsigned stripe, md_error *err) {
  const md_stripe *adds = &store->index->adds.stripes[stripe], *drops = &store->index->drops.stripes[stripe];
  uint32_t added = 0, dropped = 0;
  int code = write_entries(store, insert_eight, stripe, adds, 8, &added, err);
  if (!code) code = write_entries(store, insert_entry, stripe, adds, 1, &added, err);
  return code ? code : write_entries(store, delete_entry, stripe, drops, 1, &dropped, err);
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
  index->flushing[index->flushing_count++] = (uint16_t)stripe;
  int code = write_stripe(store, stripe, err);
  if (!code) code = extend_filter(store, stripe, err);
  if (!code)
    code = md_statement_run(store, err, update_watermark, "diiii", (int)stripe, store->last[MD_SOURCE_EVENTS],
                            store->last[MD_SOURCE_RUNS], store->last[MD_SOURCE_PEOPLE], store->last[MD_SOURCE_THINGS]);
  return code;
}

static int flush_crowded(md_store *store, md_error *err) {
  int code = 0;
  for (int i = 0; i < store->index->crowded_count && !code; i++)
    code = flush_stripe(store, store->index->crowded[i], err);
  return code;
}

// How many stripes the commit sorts by turn.
static unsigned turns_of(const md_index *index) {
  size_t turns = (index->changes + index->undo_count) / CHANGES_A_STRIPE;
  if (!turns && index->undo_count < FEW_CHANGES && index->small_commits + 1 >= FEW_A_STRIPE) turns = 1;
  return turns < MD_STRIPES ? (unsigned)turns : MD_STRIPES;
}

int md_index_flush(md_store *store, md_error *err) {
  md_index *index = store->index;
  unsigned turns = turns_of(index);
  int code = flush_crowded(store, err);
  for (unsigned i = 0; i < turns && !code; i++)
    code = flush_stripe(store, (index->cursor + i) % MD_STRIPES, err);
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
  index->cursor = (index->cursor + turns_of(index)) % MD_STRIPES;
  if (index->undo_count < FEW_CHANGES) index->small_commits = (index->small_commits + 1) % FEW_A_STRIPE;
  index->changes = (index->changes + index->undo_count) % CHANGES_A_STRIPE;
  index->crowded_count = index->flushing_count = 0;
  index->undo_count = 0;
  if (index->undo_capacity > UNDO_KEPT) {
    md_free(index->undo);
    index->undo = NULL;
    index->undo_capacity = 0;
  }
}

// A filter made in this transaction does not know of what the transaction had taken out of the table.
void md_index_not_committed(md_store *store) {
  md_index *index = store->index;
  for (int i = 0; i < index->flushing_count; i++)
    md_filter_deinit(&index->filters[index->flushing[i]]);
  index->flushing_count = 0;
  md_index_rewind(store, 0);
}
