// SPDX-License-Identifier: Apache-2.0
// The table of people: rows with their identities and profile, and joins as aliases.
#include "store/people.h"
#include "base/buffer.h"
#include "store/keylist.h"
#include "store/lazy.h"
#include <string.h>

// An identity in the row's blob is a pair whose kind begins with 's' (strong) or 'w' (weak).
static void append_identity(md_buffer *out, md_identity identity) {
  md_buffer_putc(out, identity.strong ? 's' : 'w');
  md_buffer_append(out, identity.kind, strlen(identity.kind) + 1);
  md_buffer_append(out, identity.value, strlen(identity.value) + 1);
}

static bool same_identity(md_key stored, const char *kind, const char *value) {
  return strcmp(stored.kind + 1, kind) == 0 && strcmp(stored.value, value) == 0;
}

// Answers how many identities the blob holds, and whether this is one of them.
static int count_identities(const char *blob, size_t len, const char *kind, const char *value, bool *there) {
  size_t at = 0;
  int count = 0;
  md_key key;
  *there = false;
  while (md_keylist_next(blob, len, &at, &key)) {
    *there = *there || same_identity(key, kind, value);
    count++;
  }
  return count;
}

static const char insert_person[] = "INSERT INTO people(id, created_at, alias_of, alias_because, alias_at, identities,"
                                    " profile) VALUES(?1, ?2, 0, 0, 0, ?3, '{}')";

static int insert_row(md_store *store, const md_identity *identities, int count, md_micros at, int64_t id,
                      md_error *err) {
  md_buffer blob;
  md_buffer_init(&blob);
  for (int i = 0; i < count; i++)
    append_identity(&blob, identities[i]);
  int code = md_buffer_ok(&blob)
                 ? md_statement_run(store, err, insert_person, "iib", id, at, (const void *)blob.data, blob.len)
                 : md_error_set(err, MD_ENOMEM, "out of memory while storing a person");
  md_buffer_deinit(&blob);
  return code;
}

int md_people_insert(md_store *store, const md_identity *identities, int count, md_micros at, int64_t *id,
                     md_error *err) {
  if (count > MD_IDENTITIES_MAX)
    return md_error_set(err, MD_ETOOBIG, "a person has at most %d identities", MD_IDENTITIES_MAX);
  int64_t row = md_store_next_id(store, MD_SOURCE_PEOPLE);
  int code = insert_row(store, identities, count, at, row, err);
  for (int i = 0; i < count && !code; i++)
    code = md_index_add(store, md_hash_of_identity(identities[i].kind, identities[i].value), row, err);
  if (!code) *id = row;
  return code;
}

static const char select_identities[] = "SELECT identities FROM people WHERE id = ?1";

// 1 when the row holds this identity, 0 when it does not or is gone.
static int match_identity(md_store *store, int64_t id, const char *kind, const char *value, md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, select_identities, "i", id);
  if (code) return code;
  code = md_statement_step(store, row.stmt, err);
  if (code == 1) {
    size_t len;
    bool there;
    const char *blob = md_row_blob(&row, 0, &len);
    count_identities(blob, len, kind, value, &there);
    code = row.failed ? md_row_result(&row, err) : there;
  }
  md_statement_close(row.stmt);
  return code;
}

int md_people_find(md_store *store, const char *kind, const char *value, int64_t *id, md_error *err) {
  uint64_t hash = md_hash_of_identity(kind, value);
  int64_t row = 0;
  for (;;) {
    int code = md_index_next(store, hash, row, &row, err);
    if (code) return code;
    if (!row) return md_error_set(err, MD_ENOTFOUND, "nobody is known by this identity");
    code = match_identity(store, row, kind, value, err);
    if (code < 0) return code;
    if (code == 0) continue;
    *id = row;
    return 0;
  }
}

static const char select_person[] = "SELECT id, alias_of, created_at, profile, identities, alias_because,"
                                    " alias_at FROM people WHERE id = ?1";

static int read_identities(const char *blob, size_t len, md_identity *out) {
  size_t at = 0;
  int count = 0;
  md_key key;
  while (count < MD_IDENTITIES_MAX && md_keylist_next(blob, len, &at, &key))
    out[count++] = (md_identity){key.kind + 1, key.value, key.kind[0] == 's'};
  return count;
}

static int read_person(md_row *row, md_person *out, md_error *err) {
  size_t len;
  out->id = md_row_int(row, 0);
  out->alias_of = md_row_int(row, 1);
  out->created_at = md_row_int(row, 2);
  out->profile = md_row_text(row, 3);
  out->alias_because = md_row_int(row, 5);
  out->alias_at = md_row_int(row, 6);
  const char *blob = md_row_blob(row, 4, &len);
  out->identity_count = read_identities(blob, len, out->identities);
  return md_row_result(row, err);
}

static int no_person(int64_t id, md_error *err) {
  return md_error_set(err, MD_ENOTFOUND, "there is no person %lld", (long long)id);
}

int md_people_get(md_store *store, int64_t id, md_arena *arena, md_person *out, md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, select_person, "i", id);
  if (code) return code;
  code = md_statement_step(store, row.stmt, err);
  if (code == 1) {
    code = read_person(&row, out, err);
  } else if (code == 0) {
    code = no_person(id, err);
  }
  md_statement_close(row.stmt);
  return code;
}

int md_people_identities(md_store *store, int64_t id, md_arena *arena, md_identity *out, int *count, md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, select_identities, "i", id);
  if (code) return code;
  code = md_statement_step(store, row.stmt, err);
  if (code == 1) {
    size_t len;
    const char *blob = md_row_blob(&row, 0, &len);
    *count = read_identities(blob, len, out);
    code = md_row_result(&row, err);
  } else if (code == 0) {
    code = no_person(id, err);
  }
  md_statement_close(row.stmt);
  return code;
}

static const char update_identities[] = "UPDATE people SET identities = ?2 WHERE id = ?1";

// Reads the row's blob into `blob` and appends the identity.
static int extend_identities(md_store *store, int64_t id, md_identity identity, md_buffer *blob, md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, select_identities, "i", id);
  if (code) return code;
  code = md_statement_step(store, row.stmt, err);
  size_t len = 0;
  const char *old = code == 1 ? md_row_blob(&row, 0, &len) : NULL;
  bool there;
  int count = count_identities(old, len, identity.kind, identity.value, &there);
  if (old) md_buffer_append(blob, old, len);
  md_statement_close(row.stmt);
  if (code != 1) return code ? code : no_person(id, err);
  if (there) return md_error_set(err, MD_EEXISTS, "person %lld is known by this identity already", (long long)id);
  if (count >= MD_IDENTITIES_MAX)
    return md_error_set(err, MD_ETOOBIG, "person %lld has %d identities already", (long long)id, count);
  append_identity(blob, identity);
  return md_buffer_ok(blob) ? 0 : md_error_set(err, MD_ENOMEM, "out of memory while storing an identity");
}

int md_people_add_identity(md_store *store, int64_t id, md_identity identity, md_error *err) {
  md_buffer blob;
  md_buffer_init(&blob);
  int code = extend_identities(store, id, identity, &blob, err);
  if (!code) code = md_statement_run(store, err, update_identities, "ib", id, (const void *)blob.data, blob.len);
  if (!code) code = md_index_add_late(store, md_hash_of_identity(identity.kind, identity.value), id, err);
  md_buffer_deinit(&blob);
  return code;
}

static const char update_profile[] = "UPDATE people SET profile = ?2 WHERE id = ?1";

int md_people_set_profile(md_store *store, int64_t id, const char *profile_json, md_error *err) {
  int code = md_statement_run(store, err, update_profile, "it", id, profile_json);
  return code || sqlite3_changes(store->db) ? code : no_person(id, err);
}
