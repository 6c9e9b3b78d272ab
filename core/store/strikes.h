// SPDX-License-Identifier: Apache-2.0
// The table of what an event type did to the runs of a version, in slices of time: a restart forgets none of it (S6).
#pragma once
#include "store/store.h"

typedef struct md_strike_row {
  int64_t slice, key; // of time; of version and event type
  int64_t version;
  int64_t touched, parked; // runs
} md_strike_row;

int md_strikes_put(md_store *store, const md_strike_row *row, md_error *err);
int md_strikes_list(md_store *store, int (*each)(void *context, const md_strike_row *row), void *context,
                    md_error *err);
// All that is not in the slices from `first` to `last`.
int md_strikes_forget(md_store *store, int64_t first, int64_t last, md_error *err);
int md_strikes_forget_version(md_store *store, int64_t version, md_error *err);
