// SPDX-License-Identifier: Apache-2.0
// The table of events: storing, and finding by id, key and person.
#include "store/events.h"
#include "base/alloc.h"
#include "store/keylist.h"
#include "store/lazy.h"
#include <stdlib.h>
#include <string.h>

#define COLUMNS                                                                                                        \
  "seq, received_at, time, flags, person, depth, emitter_run, type, source, id, digest, keys, subject, extensions, "   \
  "data, sealed"

static const char insert_event[] =
    "INSERT INTO events(" COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";

enum { KEYS_INLINE = 1024 };

static int insert_row(md_store *store, const md_event *event, const void *keys, size_t keys_len, md_error *err) {
  return md_statement_run(store, err, insert_event, "iiiiiditttbbtttb", event->seq, event->received_at, event->time,
                          (int64_t)event->flags, event->person, event->depth, event->emitter_run, event->type,
                          event->source, event->id, event->digest, sizeof event->digest, keys, keys_len, event->subject,
                          event->extensions, event->data_text, event->sealed, event->sealed_len);
}

static int insert_with_keys(md_store *store, const md_event *event, md_error *err) {
  char inline_keys[KEYS_INLINE];
  size_t len = md_keylist_size(event->keys, event->key_count);
  char *keys = len <= sizeof inline_keys ? inline_keys : md_alloc(len);
  if (!keys) return md_error_set(err, MD_ENOMEM, "out of memory while storing an event");
  md_keylist_write(event->keys, event->key_count, keys);
  int code = insert_row(store, event, len ? keys : NULL, len, err);
  if (keys != inline_keys) md_free(keys);
  return code;
}

int md_events_insert(md_store *store, md_event *event, md_error *err) {
  uint64_t hashes[MD_HASHES_MAX];
  event->seq = md_store_next_id(store, MD_SOURCE_EVENTS);
  int code = insert_with_keys(store, event, err);
  if (code) return code;
  int count = md_hashes_of_event(event->source, event->id, event->person, event->keys, event->key_count, hashes);
  return md_index_add_all(store, hashes, count, event->seq, err);
}

static const char update_keys[] = "UPDATE events SET keys = ?2, person = ?3 WHERE seq = ?1";

int md_events_relate(md_store *store, const md_event *event, md_error *err) {
  uint64_t hashes[MD_HASHES_MAX];
  size_t len = md_keylist_size(event->keys, event->key_count);
  char *keys = md_alloc(len + 1);
  if (!keys) return md_error_set(err, MD_ENOMEM, "out of memory while storing an event");
  md_keylist_write(event->keys, event->key_count, keys);
  int code = md_statement_run(store, err, update_keys, "ibi", event->seq, len ? keys : NULL, len, event->person);
  md_free(keys);
  int count = md_hashes_of_event(event->source, event->id, event->person, event->keys, event->key_count, hashes);
  for (int i = 0; i < count && !code; i++)
    code = md_index_add_late(store, hashes[i], event->seq, err);
  return code;
}

static int read_event(md_row *row, md_event *out, md_error *err) {
  size_t len;
  memset(out, 0, offsetof(md_event, keys));
  out->seq = md_row_int(row, 0);
  out->received_at = md_row_int(row, 1);
  out->time = md_row_int(row, 2);
  out->flags = (unsigned)md_row_int(row, 3);
  out->person = md_row_int(row, 4);
  out->depth = (int)md_row_int(row, 5);
  out->emitter_run = md_row_int(row, 6);
  out->type = md_row_text(row, 7);
  out->source = md_row_text(row, 8);
  out->id = md_row_text(row, 9);
  const void *digest = sqlite3_column_blob(row->stmt, 10);
  if (digest && sqlite3_column_bytes(row->stmt, 10) == MD_EVENT_DIGEST_SIZE)
    memcpy(out->digest, digest, MD_EVENT_DIGEST_SIZE);
  const char *keys = md_row_blob(row, 11, &len);
  out->key_count = md_keylist_read(keys, len, out->keys, MD_KEYS_MAX);
  out->subject = md_row_text(row, 12);
  out->extensions = md_row_text(row, 13);
  out->data_text = md_row_text(row, 14);
  out->sealed = md_row_blob(row, 15, &out->sealed_len);
  return md_row_result(row, err);
}

static int get_one(md_store *store, const char *sql, int64_t bound, md_arena *arena, md_event *out, md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, sql, "i", bound);
  if (code) return code;
  code = md_statement_step(store, row.stmt, err);
  if (code == 1) {
    code = read_event(&row, out, err);
  } else if (code == 0) {
    code = md_error_set(err, MD_ENOTFOUND, "there is no such event");
  }
  md_statement_close(row.stmt);
  return code;
}

static const char select_event[] = "SELECT " COLUMNS " FROM events WHERE seq = ?1";

int md_events_get(md_store *store, int64_t seq, md_arena *arena, md_event *out, md_error *err) {
  return get_one(store, select_event, seq, arena, out, err);
}

static const char select_identity[] = "SELECT source, id, digest FROM events WHERE seq = ?1";

// 1 when the row is this event, and its digest is copied; 0 when it is another or gone.
static int match_id(md_store *store, int64_t seq, const char *source, const char *id, uint8_t *digest, md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, select_identity, "i", seq);
  if (code) return code;
  code = md_statement_step(store, row.stmt, err);
  if (code == 1) {
    const char *row_source = md_row_text(&row, 0), *row_id = md_row_text(&row, 1);
    size_t len;
    const void *row_digest = md_row_blob(&row, 2, &len);
    code = !row.failed && strcmp(row_source, source) == 0 && strcmp(row_id, id) == 0 && len == MD_EVENT_DIGEST_SIZE;
    if (code) memcpy(digest, row_digest, MD_EVENT_DIGEST_SIZE);
    if (row.failed) code = md_row_result(&row, err);
  }
  md_statement_close(row.stmt);
  return code;
}

int md_events_find_id(md_store *store, const char *source, const char *id, int64_t *seq,
                      uint8_t digest[static MD_EVENT_DIGEST_SIZE], md_error *err) {
  uint64_t hash = md_index_hash(MD_INDEX_EVENT_ID, source, id);
  int64_t row = 0;
  for (;;) {
    int code = md_index_next(store, hash, row, &row, err);
    if (code) return code;
    if (!row) return md_error_set(err, MD_ENOTFOUND, "there is no such event");
    code = match_id(store, row, source, id, digest, err);
    if (code < 0) return code;
    if (code == 0) continue;
    *seq = row;
    return 0;
  }
}

static bool is_about(const md_event *event, md_key key) {
  if (strcmp(key.kind, "person") == 0) return event->person && event->person == strtoll(key.value, NULL, 10);
  for (int i = 0; i < event->key_count; i++)
    if (strcmp(event->keys[i].kind, key.kind) == 0 && strcmp(event->keys[i].value, key.value) == 0) return true;
  return false;
}

// One candidate of the index: 0 when it is about the key, MD_ENOTFOUND when it is not or is gone.
static int get_about(md_store *store, int64_t seq, md_key key, md_arena *arena, md_event *out, md_error *err) {
  int code = md_events_get(store, seq, arena, out, err);
  if (code) return code;
  return is_about(out, key) ? 0 : md_error_set(err, MD_ENOTFOUND, "there is no such event");
}

int md_events_next_about(md_store *store, md_key key, int64_t after, md_arena *arena, md_event *out, md_error *err) {
  uint64_t hash = md_index_hash(MD_INDEX_EVENT_KEY, key.kind, key.value);
  for (;;) {
    int code = md_index_next(store, hash, after, &after, err);
    if (code) return code;
    if (!after) return md_error_set(err, MD_ENOTFOUND, "there is no such event");
    code = get_about(store, after, key, arena, out, err);
    if (code != MD_ENOTFOUND) return code;
  }
}

int md_events_last_about(md_store *store, md_key key, int64_t before, md_arena *arena, md_event *out, md_error *err) {
  uint64_t hash = md_index_hash(MD_INDEX_EVENT_KEY, key.kind, key.value);
  for (;;) {
    int code = md_index_last(store, hash, before, &before, err);
    if (code) return code;
    if (!before) return md_error_set(err, MD_ENOTFOUND, "there is no such event");
    code = get_about(store, before, key, arena, out, err);
    if (code != MD_ENOTFOUND) return code;
  }
}

// `flags & 2 <> 0` word for word as in the index events_pending, or the index is not used.
static const char select_pending[] =
    "SELECT " COLUMNS " FROM events WHERE flags & 2 <> 0 AND seq > ?1 ORDER BY seq LIMIT 1";

static const char received_by[] = "SELECT seq, received_at FROM events WHERE seq <= ?1 ORDER BY seq DESC LIMIT 1";

static int read_received(md_store *store, int64_t up_to, int64_t *seq, md_micros *at, md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, received_by, "i", up_to);
  if (code) return code;
  code = md_statement_step(store, row.stmt, err);
  *seq = code == 1 ? md_row_int(&row, 0) : 0;
  *at = code == 1 ? md_row_int(&row, 1) : 0;
  md_statement_close(row.stmt);
  return code < 0 ? code : 0;
}

// By halves: numbers and times grow together (B3).
int md_events_last_by(md_store *store, md_micros at, int64_t *seq, md_error *err) {
  int64_t low = 0, high = md_events_last_seq(store);
  while (low < high) {
    int64_t middle = low + (high - low + 1) / 2, found;
    md_micros received;
    int code = read_received(store, middle, &found, &received, err);
    if (code) return code;
    if (found <= low || received <= at)
      low = middle;
    else
      high = found - 1;
  }
  *seq = low;
  return 0;
}

int md_events_next_pending(md_store *store, int64_t after, md_arena *arena, md_event *out, md_error *err) {
  return get_one(store, select_pending, after, arena, out, err);
}

static const char clear_pending[] = "UPDATE events SET flags = flags & ~2 WHERE seq = ?1";

int md_events_mark_processed(md_store *store, int64_t seq, md_error *err) {
  return md_statement_run(store, err, clear_pending, "i", seq);
}

static const char set_conflict[] = "UPDATE events SET flags = flags | 8 WHERE seq = ?1";

int md_events_mark_conflict(md_store *store, int64_t seq, md_error *err) {
  return md_statement_run(store, err, set_conflict, "i", seq);
}

static const char list_events[] = "SELECT " COLUMNS " FROM events WHERE seq < ?1 AND (?2 IS NULL OR type = ?2)"
                                  " ORDER BY seq DESC LIMIT ?3";

static int read_all(md_store *store, md_row *row, int (*each)(void *context, const md_event *event), void *context,
                    md_error *err) {
  md_event event;
  int code;
  while ((code = md_statement_step(store, row->stmt, err)) == 1) {
    code = read_event(row, &event, err);
    if (code || (code = each(context, &event))) break;
  }
  md_statement_close(row->stmt);
  return code;
}

int md_events_list(md_store *store, const char *type, int64_t before, int limit,
                   int (*each)(void *context, const md_event *event), void *context, md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, list_events, "itd", before ? before : INT64_MAX, type,
                               limit > 0 ? limit : -1);
  return code ? code : read_all(store, &row, each, context, err);
}

static const char list_after[] = "SELECT " COLUMNS " FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2";

int md_events_after(md_store *store, int64_t after, int limit, int (*each)(void *context, const md_event *event),
                    void *context, md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, list_after, "id", after, limit);
  return code ? code : read_all(store, &row, each, context, err);
}

static const char last_seq[] = "SELECT max(seq) FROM events";

int64_t md_events_last_seq(md_store *store) {
  int64_t seq = 0;
  if (!store->read_only) return store->last[MD_SOURCE_EVENTS];
  md_statement_number(store, &seq, NULL, last_seq, "");
  return seq;
}
