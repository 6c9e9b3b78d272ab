// SPDX-License-Identifier: Apache-2.0
// What the runs of versions came to, for people who compare them: whole passes over tables, for read-only connections.
// One thread a store.
#pragma once
#include "store/messages.h"
#include "store/runs.h"

// Runs of one version in one state with one end: the outcome of those that are done, the reason of those that were
// cancelled; NULL: none.
typedef struct md_version_end {
  int64_t version;
  md_run_state state;
  const char *end;
  int64_t count;
} md_version_end;

// Of a moment, the most frequent first.
int md_version_ends(md_store *store, const char *moment, int (*each)(void *context, const md_version_end *row),
                    void *context, md_error *err);

typedef struct md_version_sent {
  md_message_state state;
  const char *reason; // or NULL
  int64_t count;
} md_version_sent;

// The messages of one version, the most frequent first.
int md_version_messages(md_store *store, int64_t version, int (*each)(void *context, const md_version_sent *row),
                        void *context, md_error *err);

// A run of somebody, and from when on it may have had an effect.
typedef struct md_version_run {
  int64_t run, person, trigger_seq;
  md_micros triggered_at; // the trigger's own time
  md_micros sent_at;      // when the first message to the person went out; 0: none did
} md_version_run;

int md_version_runs(md_store *store, int64_t version, int (*each)(void *context, const md_version_run *row),
                    void *context, md_error *err);
