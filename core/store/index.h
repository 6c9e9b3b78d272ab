// SPDX-License-Identifier: Apache-2.0
// The striped lazy index: (64-bit hash → row id) pairs, kept in memory in 1,024 stripes by hash prefix; each commit
// sorts at least one stripe into the table `lazy_index` with a watermark, so random keys dirty few pages. A lookup asks
// the stripe, then the table; the caller verifies the row (hashes collide). Rebuilt at open from the rows past the
// watermarks. Used inside store/ only.
#pragma once
#include "base/error.h"
#include <stdint.h>

struct md_store;

// What a hash names; mixed into the hash, so that one table serves all.
typedef enum md_index_space {
  MD_INDEX_EVENT_ID = 1, // source, id → events.seq
  MD_INDEX_EVENT_KEY,    // kind, value → events.seq
  MD_INDEX_RUN_KEY,      // kind, value → runs.id
  MD_INDEX_IDENTITY,     // path kind, value → people.id
  MD_INDEX_THING,        // kind, value → things.id
} md_index_space;

uint64_t md_index_hash(md_index_space space, const char *a, const char *b);
// Adds within the open transaction.
int md_index_add(struct md_store *store, uint64_t hash, int64_t row, md_error *err);
// The smallest row > `after` filed under `hash`, or 0 in `*row` when there is none.
int md_index_next(struct md_store *store, uint64_t hash, int64_t after, int64_t *row, md_error *err);
// The largest row filed under `hash` that is < `before` (INT64_MAX: any), or 0.
int md_index_last(struct md_store *store, uint64_t hash, int64_t before, int64_t *row, md_error *err);
// Takes a pair out again (a run that ended, found while verifying). Lazy too: nothing breaks when it is lost in a
// crash.
int md_index_drop(struct md_store *store, uint64_t hash, int64_t row, md_error *err);
