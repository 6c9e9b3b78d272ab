// SPDX-License-Identifier: Apache-2.0
// Whether something has happened lately that a run may see: what a send's `unless` asks (M5, W6).
#include "engine/sight.h"

// An event's own time is never later than when it was received: what came before `since` happened before it.
int md_engine_seen_since(md_engine *engine, const md_run *run, const char *type, md_micros since, bool *seen,
                         md_error *err) {
  md_sight sight;
  md_event event = {.seq = INT64_MAX};
  *seen = false;
  md_sight_init(&sight, engine, run, NULL, NULL);
  int rc = md_sight_open(&sight, err);
  while (rc == 0 && !*seen) {
    rc = md_sight_last(&sight, event.seq, &event, err);
    if (rc == 0 && event.received_at < since) return 0;
    if (rc == 0) *seen = event.seq != run->trigger_seq && event.time >= since && md_type_matches(type, event.type);
  }
  return rc == MD_ENOTFOUND ? 0 : rc;
}
