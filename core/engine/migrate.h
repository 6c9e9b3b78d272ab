// SPDX-License-Identifier: Apache-2.0
// R4: runs in flight are tried on another version of their moment, and those that fit are moved to it; a few at a time,
// inside acts of ordinary batches, so that nothing waits for it. The engine's thread.
#pragma once
#include "store/runs.h"

struct md_engine;

typedef enum md_fit {
  MD_FIT_FITS,
  MD_FIT_DIVERGES, // the new code takes another step than the journal has
  MD_FIT_ERRORS,
  MD_FIT_ACTS, // it ends, or does something, before it waits
  MD_FIT_BUSY, // the run waits for its turn in a later batch: it is not tried
} md_fit;
// "fits" "diverges" "errors" "would act at once" "busy"
const char *md_fit_name(md_fit fit);

// What became of one run. Texts live until the end of the act.
typedef struct md_rehearsal {
  int64_t run, from; // `from`: the version it is on
  md_fit fit;
  int step; // counted from 1: the first that does not fit, or the open wait's
  // "send(reminder) at cart/moment.lua:12"; `recorded` is the journal's or the open wait's, NULL where it has none;
  // `attempted` the new code's, "the end of run", or an error.
  const char *recorded, *attempted;
  bool answered; // a run that fits would be answered at once, by an event that is there
  bool due;      // or comes due at once
  int64_t drift; // how many steps have other arguments than recorded
} md_rehearsal;

typedef struct md_migration {
  const char *moment;
  int64_t from; // a version, or 0: every other than `to`
  int64_t to;
  int64_t after; // runs up to this id were looked at; moved on by each call
  bool dry;
  int limit;      // runs at most in one call
  md_micros span; // real time at most, looked at after each run
  int (*each)(void *context, const md_rehearsal *run);
  void *context;
  bool done; // there are no more
} md_migration;

// Inside an act: tries the next runs and, unless `dry`, moves those that fit. MD_ENOTFOUND when `to` is no version of
// the moment; the code and text of its script where it cannot be built.
int md_engine_migrate(struct md_engine *engine, md_migration *migration, md_error *err);
