// SPDX-License-Identifier: Apache-2.0
// The table of exposures: who met which arm of an experiment, the first time. One thread a store.
#pragma once
#include "store/events.h"

typedef struct md_exposure {
  const char *experiment, *arm, *moment;
  int64_t person, version, run;
  md_micros at;
} md_exposure;

// Nothing happens when this person has one for the experiment already.
int md_exposures_insert(md_store *store, const md_exposure *exposure, md_error *err);
int md_exposures_get(md_store *store, const char *experiment, int64_t person, md_arena *arena, md_exposure *out,
                     md_error *err); // MD_ENOTFOUND
// Counts by experiment and arm, in their order.
int md_exposures_counts(md_store *store,
                        int (*each)(void *context, const char *experiment, const char *arm, int64_t count),
                        void *context, md_error *err);
