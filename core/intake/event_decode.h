// SPDX-License-Identifier: Apache-2.0
// CloudEvents 1.0 as they come over HTTP or in a file → md_event, with canonical data and digest. Pure; any thread.
//
// What becomes of the attributes: id, source, type, subject and time have their fields. All others are kept in
// `extensions`: extension attributes (strings, integers, booleans), dataschema, datacontenttype (left out where it is
// plain application/json, which is the default) and data_base64 (binary data as its base64 text; `data` is NULL then).
// null and an empty subject mean absent, as CloudEvents' JSON format says of null.
//
// The digest is over the canonical JSON of the whole event, so that the same event sent in another mode, with other
// white space, another order of members or its time in another offset is the same event (T5).
#pragma once
#include "store/events.h"

enum { MD_EVENT_BODY_MAX = 256 * 1024, MD_BATCH_BODY_MAX = 4 * 1024 * 1024 }; // E2

// A request header, for the binary mode. Values are the raw bytes that came: percent-encoded, UTF-8 or Latin-1.
typedef struct md_event_header {
  const char *name;
  const char *value;
  size_t value_len;
} md_event_header;

// What one element of a batch became: an event, or the reason why it is none.
typedef struct md_batch_item {
  md_event *event;   // NULL: refused
  const char *id;    // as far as it could be read, or NULL
  const char *error; // when refused
} md_batch_item;

// All three decode into `arena`; `forced_source` (or NULL) takes the place of the event's own source (A1). They return
// 0, MD_ESYNTAX (malformed JSON, with its position), MD_EINVAL (attributes: all missing ones, or the first bad one, by
// name), MD_ETOOBIG or MD_ENOMEM. Of `out`, seq, received_at, person, keys, depth and emitter_run are left 0.

// One event as a JSON object (structured mode, a line of NDJSON).
int md_event_decode(md_arena *arena, const char *text, size_t len, const char *forced_source, md_event *out,
                    md_error *err);

// A JSON array of events. An element that is no event does not fail the batch. `*items` has `*count` entries.
int md_event_decode_batch(md_arena *arena, const char *text, size_t len, const char *forced_source,
                          md_batch_item **items, size_t *count, md_error *err);

// Binary mode: attributes from the ce- headers among `headers`, data from the body by its `content_type` (NULL: JSON):
// JSON is parsed, text becomes a string, anything else data_base64. An empty body is no data.
int md_event_decode_binary(md_arena *arena, const md_event_header *headers, size_t header_count,
                           const char *content_type, const char *body, size_t len, const char *forced_source,
                           md_event *out, md_error *err);
