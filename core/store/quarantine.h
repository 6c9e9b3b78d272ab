// SPDX-License-Identifier: Apache-2.0
// The table of what is held back: turns that ended the process (S5), and versions that park too much (S6). One thread a
// store.
#pragma once
#include "store/store.h"

typedef enum md_quarantine_kind { MD_QUARANTINE_TURN = 1, MD_QUARANTINE_VERSION } md_quarantine_kind;

typedef struct md_quarantine {
  int64_t id; // filled by md_quarantine_insert
  md_quarantine_kind kind;
  md_micros at;
  int64_t event; // hash of source and id (engine/quarantine.h); 0: a timer
  int64_t run;   // 0: the first turn of a run
  int64_t version;
  const char *moment;
  const char *event_id; // or NULL
  const char *detail;
} md_quarantine;

const char *md_quarantine_kind_name(md_quarantine_kind kind); // "turn", "version"
int md_quarantine_insert(md_store *store, md_quarantine *row, md_error *err);
int md_quarantine_delete(md_store *store, int64_t id, md_error *err);
int md_quarantine_list(md_store *store, int (*each)(void *context, const md_quarantine *row), void *context,
                       md_error *err); // oldest first

// Triggers that started nothing because of an error (T2): the moments that have such, and the rows of one, by id.
int md_failed_triggers(md_store *store, int (*each)(void *context, const char *moment, int64_t count, md_micros last),
                       void *context, md_error *err);
int md_failed_trigger_next(md_store *store, const char *moment, int64_t after, int64_t *id, int64_t *event,
                           md_error *err); // MD_ENOTFOUND when there is no more
int md_failed_trigger_newest(md_store *store, const char *moment, int64_t *id, md_error *err); // MD_ENOTFOUND
int md_failed_trigger_delete(md_store *store, int64_t id, md_error *err);
