// SPDX-License-Identifier: Apache-2.0
// Whether runs in flight go on with this program: each is replayed on its own version, without effects, up to the wait
// that it is in. For a database that another momentd wrote; nothing of it is changed. The engine's thread.
#pragma once
#include "engine/migrate.h"

typedef enum md_recheck_kind {
  MD_RECHECK_FITS,
  MD_RECHECK_UNFIT,  // `found` says where
  MD_RECHECK_PARKED, // it stands still already, and was not tried
} md_recheck_kind;

typedef struct md_recheck {
  int64_t after; // runs up to this id were looked at; moved on by each call
  bool done;     // there was no further run: what follows is not set
  md_recheck_kind kind;
  const char *moment;
  md_rehearsal found; // of a run that is not parked
} md_recheck;

// The next run that is waiting, queued or parked. Texts live until the next call.
int md_engine_recheck(struct md_engine *engine, md_recheck *at, md_error *err);
