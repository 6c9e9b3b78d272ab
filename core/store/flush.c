// SPDX-License-Identifier: Apache-2.0
// Sorting stripes of the lazy index into their table, some entries at each commit, with their watermarks.
#include "base/alloc.h"
#include "store/lazy.h"
#include <string.h>

// A stripe is sorted for each so many changes, so that one lies in memory for at most a round of a million changes,
// half a million of which are in the table already. Each commit does its part of that, so that none is slow; a small
// one does a little more, so that the tail in memory grows short when little comes.
enum { CHANGES_A_STRIPE = 1024, CHANGES_MIN = 32, AT_ONCE = 8, UNDO_KEPT = 16384 };

#define FOUR "(?, ?), (?, ?), (?, ?), (?, ?)"
static const char insert_eight[] = "INSERT OR IGNORE INTO lazy_index(hash, row) VALUES" FOUR ", " FOUR;
static const char insert_entry[] = "INSERT OR IGNORE INTO lazy_index(hash, row) VALUES(?1, ?2)";
static const char delete_entry[] = "DELETE FROM lazy_index WHERE hash = ?1 AND row = ?2";
static const char update_watermark[] =
    "UPDATE stripes SET events = ?2, runs = ?3, people = ?4, things = ?5 WHERE stripe = ?1";

// Writes entries from `*from` up to `to`, `at_once` of them a step, while there are so many; answers where it ended.
static int write_entries(md_store *store, const char *sql, unsigned stripe, const md_stripe *entries, uint32_t at_once,
                         uint32_t *from, uint32_t to, md_error *err) {
  sqlite3_stmt *stmt;
  if (to - *from < at_once) return 0;
  int code = md_statement_prepare(store, &stmt, err, sql);
  while (!code && to - *from >= at_once) {
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

static int write_adds(md_store *store, unsigned stripe, uint32_t from, uint32_t to, md_error *err) {
  const md_stripe *adds = &store->index->adds.stripes[stripe];
  int code = write_entries(store, insert_eight, stripe, adds, AT_ONCE, &from, to, err);
  return code ? code : write_entries(store, insert_entry, stripe, adds, 1, &from, to, err);
}

static int write_drops(md_store *store, unsigned stripe, md_error *err) {
  const md_stripe *drops = &store->index->drops.stripes[stripe];
  uint32_t from = 0;
  return write_entries(store, delete_entry, stripe, drops, 1, &from, drops->count, err);
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

// The stripe's entries are in the table: its drops, its filter and its watermark follow.
static int finish_stripe(md_store *store, unsigned stripe, const int64_t last[static MD_SOURCES], md_error *err) {
  md_index *index = store->index;
  md_index_sorted *sorted = &index->sorted[index->sorted_count++];
  sorted->stripe = (uint16_t)stripe;
  memcpy(sorted->last, last, sizeof sorted->last);
  int code = write_drops(store, stripe, err);
  if (!code) code = extend_filter(store, stripe, err);
  if (!code)
    code = md_statement_run(store, err, update_watermark, "diiii", (int)stripe, last[MD_SOURCE_EVENTS],
                            last[MD_SOURCE_RUNS], last[MD_SOURCE_PEOPLE], last[MD_SOURCE_THINGS]);
  return code;
}

// Crowded stripes are sorted whole, at once.
static int flush_crowded(md_store *store, md_error *err) {
  md_index *index = store->index;
  int code = 0;
  for (int i = 0; i < index->crowded_count && !code; i++) {
    unsigned stripe = index->crowded[i];
    if (index->next_pass.stripe == stripe) index->next_pass.running = false;
    if (is_quiet(store, stripe)) continue;
    code = write_adds(store, stripe, 0, index->adds.stripes[stripe].count, err);
    if (!code) code = finish_stripe(store, stripe, store->last, err);
  }
  return code;
}

static void begin_pass(const md_store *store, md_index_pass *pass, unsigned stripe) {
  *pass = (md_index_pass){.running = true, .stripe = stripe, .entries = store->index->adds.stripes[stripe].count};
  memcpy(pass->last, store->last, sizeof pass->last);
}

// Writes the pass on to its share, or to its end. What came since it began may be written too.
static int go_on(md_store *store, md_index_pass *pass, md_error *err) {
  const md_stripe *adds = &store->index->adds.stripes[pass->stripe];
  uint32_t from = pass->written ? md_stripes_after(adds, pass->newest) : 0, to = adds->count;
  uint32_t due = (uint32_t)((uint64_t)pass->entries * pass->share / CHANGES_A_STRIPE);
  bool last = pass->share >= CHANGES_A_STRIPE;
  if (!last && due < pass->written + AT_ONCE) return 0;
  uint32_t part = (due - pass->written) / AT_ONCE * AT_ONCE;
  if (!last && part < to - from) to = from + part;
  int code = write_adds(store, pass->stripe, from, to, err);
  if (code) return code;
  if (to > from) pass->newest = adds->entries[to - 1];
  pass->written += to - from;
  pass->running = !last;
  return last ? finish_stripe(store, pass->stripe, pass->last, err) : 0;
}

// Spends the commit's changes on the stripe whose turn it is, and on those after it.
static int flush_in_turn(md_store *store, size_t changes, md_error *err) {
  md_index *index = store->index;
  md_index_pass *pass = &index->next_pass;
  int code = 0;
  for (unsigned turns = 0; changes && turns < MD_STRIPES && !code; turns++) {
    if (!pass->running) begin_pass(store, pass, index->next_cursor);
    size_t share = CHANGES_A_STRIPE - pass->share < changes ? CHANGES_A_STRIPE - pass->share : changes;
    changes -= share;
    pass->share += (uint32_t)share;
    bool last = pass->share == CHANGES_A_STRIPE;
    if (is_quiet(store, pass->stripe))
      pass->running = !last;
    else
      code = go_on(store, pass, err);
    if (last) index->next_cursor = (pass->stripe + 1) % MD_STRIPES;
  }
  return code;
}

int md_index_flush(md_store *store, md_error *err) {
  md_index *index = store->index;
  index->next_pass = index->pass;
  index->next_cursor = index->cursor;
  if (!index->undo_count) return 0;
  int code = flush_crowded(store, err);
  return code ? code : flush_in_turn(store, index->undo_count < CHANGES_MIN ? CHANGES_MIN : index->undo_count, err);
}

void md_index_committed(md_store *store) {
  md_index *index = store->index;
  for (int i = 0; i < index->sorted_count; i++) {
    const md_index_sorted *sorted = &index->sorted[i];
    memcpy(index->watermarks[sorted->stripe], sorted->last, sizeof sorted->last);
    md_index_prune(index, sorted->stripe);
    md_stripes_clear(&index->drops, sorted->stripe);
  }
  index->pass = index->next_pass;
  index->cursor = index->next_cursor;
  index->crowded_count = index->sorted_count = 0;
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
  for (int i = 0; i < index->sorted_count; i++)
    md_filter_deinit(&index->filters[index->sorted[i].stripe]);
  index->sorted_count = 0;
  md_index_rewind(store, 0);
}
