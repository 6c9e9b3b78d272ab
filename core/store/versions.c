// SPDX-License-Identifier: Apache-2.0
// The tables of moments, versions and their files; a content that several versions share is stored once.
#include "store/versions.h"
#include "base/digest.h"
#include "store/internal.h"
#include <string.h>

static const char find_version[] = "SELECT id FROM versions WHERE moment = ?1 AND digest = ?2";
static const char insert_version[] =
    "INSERT INTO versions(moment, digest, created_at, note, author, door) VALUES(?1, ?2, ?3, ?4, ?5, ?6)";
static const char find_file[] = "SELECT id FROM files WHERE digest = ?1";
static const char insert_file[] = "INSERT INTO files(digest, data) VALUES(?1, coalesce(?2, x''))";
static const char insert_version_file[] = "INSERT INTO version_files(version, path, file) VALUES(?1, ?2, ?3)";

// The row of a content, stored when it is new.
static int put_content(md_store *store, const md_version_file *file, int64_t *id, md_error *err) {
  uint8_t digest[MD_SHA256_SIZE];
  md_sha256(file->data, file->len, digest);
  int code = md_statement_number(store, id, err, find_file, "b", (const void *)digest, sizeof digest);
  if (code != MD_ENOTFOUND) return code;
  code = md_statement_run(store, err, insert_file, "bb", (const void *)digest, sizeof digest, file->data, file->len);
  if (!code) *id = sqlite3_last_insert_rowid(store->db);
  return code;
}

static int put_files(md_store *store, int64_t version, const md_version_file *files, int count, md_error *err) {
  int code = 0;
  for (int i = 0; i < count && !code; i++) {
    int64_t content = 0;
    code = put_content(store, &files[i], &content, err);
    if (!code) code = md_statement_run(store, err, insert_version_file, "iti", version, files[i].path, content);
  }
  return code;
}

static const char has_files[] = "SELECT 1 FROM version_files WHERE version = ?1 LIMIT 1";

// A version whose files were forgotten (R7) has come again.
static int put_files_again(md_store *store, int64_t version, const md_version_file *files, int count, md_error *err) {
  int64_t one = 0;
  int code = md_statement_number(store, &one, err, has_files, "i", version);
  return code == MD_ENOTFOUND ? put_files(store, version, files, count, err) : code;
}

int md_versions_put(md_store *store, const char *moment, const char *digest, const md_version_file *files, int count,
                    const md_version_origin *origin, md_micros at, int64_t *id, md_error *err) {
  static const md_version_origin unknown = {0};
  const md_version_origin *of = origin ? origin : &unknown;
  int code = md_statement_number(store, id, err, find_version, "tt", moment, digest);
  if (code == 0) return put_files_again(store, *id, files, count, err);
  if (code != MD_ENOTFOUND) return code;
  code = md_statement_run(store, err, insert_version, "ttittt", moment, digest, at, of->note, of->author, of->door);
  if (code) return code;
  *id = sqlite3_last_insert_rowid(store->db);
  return put_files(store, *id, files, count, err);
}

int md_versions_find(md_store *store, const char *moment, const char *digest, int64_t *id, md_error *err) {
  return md_statement_number(store, id, err, find_version, "tt", moment, digest);
}

static int read_version(md_row *row, md_version *out, md_error *err) {
  const char *digest = (const char *)sqlite3_column_text(row->stmt, 2);
  *out = (md_version){.id = md_row_int(row, 0), .moment = md_row_text(row, 1), .created_at = md_row_int(row, 3)};
  if (digest) strncpy(out->digest, digest, sizeof out->digest - 1);
  out->note = md_row_text(row, 4);
  out->author = md_row_text(row, 5);
  out->door = md_row_text(row, 6);
  out->live_at = md_row_int(row, 7);
  return md_row_result(row, err);
}

static const char select_version[] =
    "SELECT id, moment, digest, created_at, note, author, door, live_at FROM versions WHERE id = ?1";

int md_versions_get(md_store *store, int64_t id, md_arena *arena, md_version *out, md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, select_version, "i", id);
  if (code) return code;
  code = md_statement_step(store, row.stmt, err);
  if (code == 1) {
    code = read_version(&row, out, err);
  } else if (code == 0) {
    code = md_error_set(err, MD_ENOTFOUND, "there is no version %lld", (long long)id);
  }
  md_statement_close(row.stmt);
  return code;
}

static const char count_files[] = "SELECT count(*) FROM version_files WHERE version = ?1";
static const char select_files[] = "SELECT v.path, f.data FROM version_files v JOIN files f ON f.id = v.file"
                                   " WHERE v.version = ?1 ORDER BY v.path";

static int read_files(md_store *store, md_row *row, md_version_file *files, int max, md_error *err) {
  int code, n = 0;
  while (n < max && (code = md_statement_step(store, row->stmt, err)) == 1) {
    md_version_file *file = &files[n++];
    file->path = md_row_text(row, 0);
    file->data = md_row_blob(row, 1, &file->len);
  }
  if (n < max && code < 0) return code;
  return md_row_result(row, err);
}

int md_versions_files(md_store *store, int64_t id, md_arena *arena, md_version_file **out, int *count, md_error *err) {
  md_row row = {.arena = arena};
  int64_t n = 0;
  int code = md_statement_number(store, &n, err, count_files, "i", id);
  if (code) return code;
  *out = md_arena_alloc_zero(arena, (size_t)(n + 1) * sizeof **out);
  if (!*out) return md_error_set(err, MD_ENOMEM, "out of memory while reading a version");
  *count = (int)n;
  code = md_statement_open(store, &row.stmt, err, select_files, "i", id);
  if (code) return code;
  code = read_files(store, &row, *out, *count, err);
  md_statement_close(row.stmt);
  return code;
}

static const char list_versions[] = "SELECT id, moment, digest, created_at, note, author, door, live_at FROM versions"
                                    " WHERE ?1 IS NULL OR moment = ?1 ORDER BY id DESC";

int md_versions_list(md_store *store, const char *moment, int (*each)(void *context, const md_version *row),
                     void *context, md_error *err) {
  md_row row = {0};
  md_version version;
  int code = md_statement_open(store, &row.stmt, err, list_versions, "t", moment);
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1) {
    code = read_version(&row, &version, err);
    if (code || (code = each(context, &version))) break;
  }
  md_statement_close(row.stmt);
  return code;
}

static const char retire_live[] =
    "UPDATE versions SET retired_at = ?3 WHERE id = (SELECT live FROM moments WHERE name = ?1) AND id <> ?2";
static const char replace_moment[] =
    "INSERT INTO moments(name, live) VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET live = excluded.live";
static const char set_live_at[] = "UPDATE versions SET live_at = ?2, retired_at = 0 WHERE id = ?1";

int md_moments_set_live(md_store *store, const char *moment, int64_t version, md_micros at, md_error *err) {
  int code = md_statement_run(store, err, retire_live, "tii", moment, version, at);
  if (!code) code = md_statement_run(store, err, replace_moment, "ti", moment, version);
  return code || !version ? code : md_statement_run(store, err, set_live_at, "ii", version, at);
}

static const char set_rolled_back[] = "UPDATE moments SET rolled_back_from = ?2 WHERE name = ?1";

int md_moments_set_rolled_back(md_store *store, const char *moment, const char *digest, md_error *err) {
  return md_statement_run(store, err, set_rolled_back, "tt", moment, digest);
}

static const char list_moments[] = "SELECT name, live, paused_at, rolled_back_from FROM moments ORDER BY name";

int md_moments_list(md_store *store, int (*each)(void *context, const md_moment_row *row), void *context,
                    md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, list_moments, "");
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1) {
    md_moment_row moment = {.name = md_row_text(&row, 0),
                            .live = md_row_int(&row, 1),
                            .paused_at = md_row_int(&row, 2),
                            .rolled_back_from = md_row_text(&row, 3)};
    code = md_row_result(&row, err);
    if (code || (code = each(context, &moment))) break;
  }
  md_statement_close(row.stmt);
  return code;
}

static const char roll_back[] = "UPDATE moments SET live = ?2, rolled_back_from = ?3 WHERE name = ?1";
static const char unretire[] = "UPDATE versions SET retired_at = 0 WHERE id = ?1";

int md_moments_roll_back(md_store *store, const char *moment, int64_t version, const char *passed, md_micros at,
                         md_error *err) {
  int code = md_statement_run(store, err, retire_live, "tii", moment, version, at);
  if (!code) code = md_statement_run(store, err, roll_back, "tit", moment, version, passed);
  return code ? code : md_statement_run(store, err, unretire, "i", version);
}

// A version whose files were forgotten (R7) cannot be gone back to.
static const char version_before[] =
    "SELECT id FROM versions v WHERE moment = ?1 AND live_at > 0 AND EXISTS (SELECT 1 FROM version_files WHERE version "
    "="
    " v.id) AND (?2 = 0 OR (live_at, id) < (SELECT live_at, id FROM versions WHERE id = ?2))"
    " ORDER BY live_at DESC, id DESC LIMIT 1";

int md_versions_before(md_store *store, const char *moment, int64_t version, int64_t *id, md_error *err) {
  return md_statement_number(store, id, err, version_before, "ti", moment, version);
}

static const char set_paused[] = "UPDATE moments SET paused_at = ?2 WHERE name = ?1";

int md_moments_set_paused(md_store *store, const char *moment, md_micros at, md_error *err) {
  return md_statement_run(store, err, set_paused, "ti", moment, at);
}

static const char select_paused[] = "SELECT paused_at FROM moments WHERE name = ?1";

int md_moments_paused_at(md_store *store, const char *moment, md_micros *at, md_error *err) {
  int code = md_statement_number(store, at, err, select_paused, "t", moment);
  if (code == MD_ENOTFOUND) *at = 0;
  return code == MD_ENOTFOUND ? 0 : code;
}

static const char select_moment[] = "SELECT name, live, paused_at, rolled_back_from FROM moments WHERE name = ?1";

int md_moments_get(md_store *store, const char *moment, md_arena *arena, md_moment_row *out, md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, select_moment, "t", moment);
  if (code) return code;
  code = md_statement_step(store, row.stmt, err);
  if (code == 1) {
    *out = (md_moment_row){md_row_text(&row, 0), md_row_int(&row, 1), md_row_int(&row, 2), md_row_text(&row, 3)};
    code = md_row_result(&row, err);
  } else if (code == 0) {
    code = md_error_set(err, MD_ENOTFOUND, "there is no moment %s", moment);
  }
  md_statement_close(row.stmt);
  return code;
}
