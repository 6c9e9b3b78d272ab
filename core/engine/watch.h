// SPDX-License-Identifier: Apache-2.0
// The watchdog (S5). Before each turn what is about to run is noted in a small mapped file beside the database; a
// thread of its own ends the process when one turn takes longer than allowed. What the note says at the next start is
// held back: at once when the watchdog ended the process, at the second death in the same turn otherwise (a `kill -9`
// may hit any turn). begin and end are a few stores, on the engine's thread.
#pragma once
#include "base/clock.h"
#include "base/error.h"
#include <stdint.h>

typedef struct md_watch md_watch;

enum { MD_WATCH_EXIT = 70 }; // the process's exit code when the watchdog ends it

typedef struct md_watch_note {
  uint64_t event; // hash of source and id; 0: a timer
  int64_t run;    // 0: a first turn
  int64_t version;
  char moment[64];
  char event_id[128];
} md_watch_note;

// Maps `<db>.turn`. `limit` 0: no thread. Returns owned.
int md_watch_open(md_watch **out, const char *db, md_micros limit, md_error *err);
void md_watch_close(md_watch *watch); // NULL is allowed; the process ends well
// The turn in which processes before this one ended, or NULL.
const md_watch_note *md_watch_before(const md_watch *watch);

// NULL is allowed in both. Texts are cut.
void md_watch_begin(md_watch *watch, uint64_t event, int64_t run, int64_t version, const char *moment,
                    const char *event_id);
void md_watch_end(md_watch *watch);
