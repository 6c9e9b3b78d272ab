// SPDX-License-Identifier: Apache-2.0
// The lazy index from inside: its memory, what transactions do to it, and how it is made again from the rows. Used by
// store.c and the files of the tables; the lookups are in index.h.
#pragma once
#include "store/events.h"
#include "store/filter.h"
#include "store/index.h"
#include "store/internal.h"
#include "store/stripes.h"

typedef struct md_index_undo {
  enum { MD_UNDO_ADD, MD_UNDO_TAKE, MD_UNDO_DROP, MD_UNDO_UNDROP } act;
  uint64_t hash;
  int64_t row;
} md_index_undo;

// The sorting of one stripe into the table, a slice a commit, so that no commit has to wait for a whole one. Until it
// is done the entries stay in memory too, which does no harm: an answer from both sides is the same one.
typedef struct md_index_pass {
  bool running;
  unsigned stripe;
  int64_t last[MD_SOURCES]; // rows up to here are in the table when it is done
  uint32_t entries;         // when it began
  uint32_t share;           // the changes spent on it so far: as a part of all it costs, so much of it is written
  uint32_t written;
  md_stripe_entry newest; // the last one that was written, if one was
} md_index_pass;

// A stripe whose sorting ends with the commit under way.
typedef struct md_index_sorted {
  uint16_t stripe;
  int64_t last[MD_SOURCES];
} md_index_sorted;

struct md_index {
  md_stripes adds;                            // not in the table yet
  md_stripes drops;                           // in the table, but not any more to be found
  md_filter filters[MD_STRIPES];              // what the table may hold: made when a stripe is sorted
  int64_t watermarks[MD_STRIPES][MD_SOURCES]; // entries of rows up to here are in the table
  md_index_undo *undo;                        // what the open transaction did to adds and drops
  size_t undo_count, undo_capacity;
  uint16_t crowded[MD_STRIPES]; // stripes to be sorted out of turn
  int crowded_count;
  md_index_sorted sorted[2 * MD_STRIPES]; // by the transaction being committed
  int sorted_count;
  md_index_pass pass, next_pass; // as of the last commit; after the one under way
  unsigned cursor, next_cursor;  // the stripe whose turn it is; likewise
  int64_t seen[MD_SOURCES];      // a reader's: the newest row it has taken in
  bool loaded;                   // a reader's: watermarks are read
};

// The table of rows that a hash names.
md_source_table md_index_source(uint64_t hash);

// Opens the index of a writer: watermarks, row ids, and the rows past the watermarks. A reader does that at its first
// lookup.
int md_index_open(md_store *store, md_error *err);
void md_index_close(md_store *store);
// A reader's: takes in the rows that came since. A writer has them.
int md_index_refresh(md_store *store, md_source_table source, md_error *err);

// Leaves out of memory what lies in the table by the stripe's watermark.
void md_index_prune(md_index *index, unsigned number);
// Undoes all that came after `mark` (a value of undo_count).
void md_index_rewind(md_store *store, size_t mark);
// Inside the transaction, right before COMMIT: sorts stripes into the table.
int md_index_flush(md_store *store, md_error *err);
// After COMMIT: forgets what was sorted. After a failed one: keeps it.
void md_index_committed(md_store *store);
void md_index_not_committed(md_store *store);

// Whether hashes of this space are in the filters: those that are looked up when a customer's first event comes.
bool md_index_is_filtered(uint64_t hash);

// Adds a pair for a row that was stored before: into the table as well, because readers have seen the row already.
int md_index_add_late(md_store *store, uint64_t hash, int64_t row, md_error *err);
// Takes a pair out if it is still in memory: free of cost. What is in the table is dropped when it is met.
void md_index_forget(md_store *store, uint64_t hash, int64_t row);

// What a row is filed under. They answer the number of hashes.
enum { MD_HASHES_MAX = MD_KEYS_MAX + 2 };
int md_hashes_of_event(const char *source, const char *id, int64_t person, const md_key *keys, int count,
                       uint64_t out[static MD_HASHES_MAX]);
int md_hashes_of_run(int64_t person, const md_key *keys, int count, uint64_t out[static MD_HASHES_MAX]);
uint64_t md_hash_of_person(md_index_space space, int64_t person);
int md_index_add_all(md_store *store, const uint64_t *hashes, int count, int64_t row, md_error *err);

// An identity in a row of people: a pair whose kind begins with 's' (strong) or 'w' (weak).
uint64_t md_hash_of_identity(const char *kind, const char *value);
