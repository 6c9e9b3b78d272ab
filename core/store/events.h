// SPDX-License-Identifier: Apache-2.0
// The table of events: what came in, never changed. One thread a store.
#pragma once
#include "base/json.h"
#include "store/store.h"

enum { MD_KEYS_MAX = 16, MD_KEY_VALUE_MAX = 256, MD_EVENT_DIGEST_SIZE = 16 };

// A thing or person that something is about. kind "person" has the decimal id of a row of people as value.
typedef struct md_key {
  const char *kind;
  const char *value;
} md_key;

typedef enum md_event_flag {
  MD_EVENT_HISTORY = 1, // stored by ingest --history: starts nothing, answers no wait (W6)
  MD_EVENT_PENDING = 2, // emitted, to be processed by a later batch (T4)
  MD_EVENT_HAS_TIME = 4,
  MD_EVENT_CONFLICT = 8, // identity_conflict was recorded for it (P2, P6)
} md_event_flag;

// Borrowed strings live as long as the arena that the event was made or read with.
typedef struct md_event {
  int64_t seq; // 0 until stored
  md_micros received_at;
  md_micros time; // of the event itself; received_at where it had none or a later one
  const char *id;
  const char *source;
  const char *type;
  const char *subject;    // or NULL
  const char *extensions; // other CloudEvents attributes as a canonical JSON object, or NULL
  const char *data_text;  // canonical JSON, or NULL when there is no data
  json_t *data;           // the same, parsed, or NULL when it was not parsed yet
  const void *sealed;     // its data with the secrets (store/vault.h), or NULL where it has none
  size_t sealed_len;
  uint8_t digest[MD_EVENT_DIGEST_SIZE];
  int64_t person;           // row of people it was written under, or 0
  md_key keys[MD_KEYS_MAX]; // things it is about, nearest first, without the person
  int key_count;
  int depth;           // T4
  int64_t emitter_run; // the run that emitted it, or 0
  unsigned flags;
} md_event;

// Stores; fills `event->seq`. Indexed by id, keys and person (as kind "person").
int md_events_insert(md_store *store, md_event *event, md_error *err);
// Writes keys and person of an event that were not known when it came (P4), and files it under them.
int md_events_relate(md_store *store, const md_event *event, md_error *err);
// By id (T5): MD_ENOTFOUND or 0. Only seq and digest need be filled.
int md_events_find_id(md_store *store, const char *source, const char *id, int64_t *seq,
                      uint8_t digest[static MD_EVENT_DIGEST_SIZE], md_error *err);
// Reads one row, strings and keys into `arena`; data is not parsed.
int md_events_get(md_store *store, int64_t seq, md_arena *arena, md_event *out, md_error *err);
// The first event with seq > `after` about `key` (person keys too), or MD_ENOTFOUND. Verified against the row.
int md_events_next_about(md_store *store, md_key key, int64_t after, md_arena *arena, md_event *out, md_error *err);
// The newest about `key` with seq < before, or MD_ENOTFOUND.
int md_events_last_about(md_store *store, md_key key, int64_t before, md_arena *arena, md_event *out, md_error *err);
// The newest one received by `at`, or a number before the next; 0 when there is none.
int md_events_last_by(md_store *store, md_micros at, int64_t *seq, md_error *err);
// Emitted events not yet processed, oldest first; partial index. MD_ENOTFOUND when none with seq > after.
int md_events_next_pending(md_store *store, int64_t after, md_arena *arena, md_event *out, md_error *err);
int md_events_mark_processed(md_store *store, int64_t seq, md_error *err);
int md_events_mark_conflict(md_store *store, int64_t seq, md_error *err);
// For listings: the newest `limit` with seq < before (0: no bound), newest first; `each` non-zero stops.
int md_events_list(md_store *store, const char *type, int64_t before, int limit,
                   int (*each)(void *context, const md_event *event), void *context, md_error *err);
// The first `limit` with seq > after, oldest first.
int md_events_after(md_store *store, int64_t after, int limit, int (*each)(void *context, const md_event *event),
                    void *context, md_error *err);
int64_t md_events_last_seq(md_store *store);

// A trigger that started nothing (T1): reason is max_age about where again depth rate error paused; detail may be NULL.
int md_unmatched_insert(md_store *store, int64_t seq, const char *moment, const char *reason, const char *detail,
                        md_micros at, md_error *err);
typedef struct md_unmatched {
  int64_t id, event_seq;
  md_micros at;
  const char *event_id, *type, *moment, *reason, *detail;
} md_unmatched;
int md_unmatched_list(md_store *store, int64_t event_seq, int limit,
                      int (*each)(void *context, const md_unmatched *row), void *context, md_error *err);

// The first `limit` with id > after, oldest first.
int md_unmatched_after(md_store *store, int64_t after, int limit, int (*each)(void *context, const md_unmatched *row),
                       void *context, md_error *err);

// Things that want a person's eye: identity_conflict, thing_conflict, drift, clock … `event_seq` and `run` may be 0.
int md_incidents_insert(md_store *store, const char *kind, int64_t event_seq, int64_t run, const char *detail,
                        md_micros at, md_error *err);
typedef struct md_incident {
  int64_t id, event_seq, run;
  md_micros at;
  const char *kind, *detail;
} md_incident;
int md_incidents_list(md_store *store, int limit, int (*each)(void *context, const md_incident *row), void *context,
                      md_error *err);
// How many there are of each kind, by name.
int md_incidents_count(md_store *store, int (*each)(void *context, const char *kind, int64_t count), void *context,
                       md_error *err);
