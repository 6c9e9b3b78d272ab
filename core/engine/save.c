// SPDX-License-Identifier: Apache-2.0
// Writes runs. A new run is written once, after its first turn; its number is known before (emitted events bear it).
#include "base/assert.h"
#include "engine/state.h"

int md_save_run(md_engine *engine, md_run *run, md_error *err) {
  if (engine->rehearsing) return 0;
  int kept = md_retention_keep(engine, run, err);
  if (kept) return kept;
  if (run->id <= md_runs_last_id(engine->store)) return md_runs_update(engine->store, run, err);
  int64_t expected = run->id;
  int rc = md_runs_insert(engine->store, run, err);
  md_require(rc || run->id == expected);
  return rc;
}
