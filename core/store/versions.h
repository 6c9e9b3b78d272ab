// SPDX-License-Identifier: Apache-2.0
// The tables of moments, versions and their files (R7): a run finishes on its version though the files changed. One
// thread a store.
#pragma once
#include "store/store.h"

typedef struct md_version_file {
  const char *path; // relative to the scripts' root: "order_confirmation/moment.lua", "shared/view.lua"
  const void *data;
  size_t len;
} md_version_file;

typedef struct md_version {
  int64_t id;
  const char *moment;
  char digest[65]; // SHA-256 over paths and contents, hex
  md_micros created_at;
  md_micros live_at;  // when it last became the one that new runs take
  const char *note;   // or NULL, as the next two
  const char *author; // who brought it
  const char *door;   // "start", "files", "reload" or "deploy": how it came
} md_version;

// What is said of a version when it is stored; any may be NULL.
typedef struct md_version_origin {
  const char *author, *note, *door;
} md_version_origin;

typedef struct md_moment_row {
  const char *name;
  int64_t live;        // the version that new runs take; 0: the moment was removed
  md_micros paused_at; // 0: it is not paused
  // The digest that the moment's files have and that is passed over until they change, after a rollback or a deploy;
  // "": there are no files of it, and that does not remove it. NULL: the files decide.
  const char *rolled_back_from;
} md_moment_row;

// Stores a version with its files unless one of this moment with this digest is there; answers its row id either way.
// The origin is that of the first time. One whose files were forgotten gets them again.
int md_versions_put(md_store *store, const char *moment, const char *digest, const md_version_file *files, int count,
                    const md_version_origin *origin, md_micros at, int64_t *id, md_error *err);
// The row of this moment's version with the whole digest. MD_ENOTFOUND, without a text.
int md_versions_find(md_store *store, const char *moment, const char *digest, int64_t *id, md_error *err);
int md_versions_get(md_store *store, int64_t id, md_arena *arena, md_version *out, md_error *err);
// All files of a version, sorted by path, into `arena`; none where they were forgotten (R7).
int md_versions_files(md_store *store, int64_t id, md_arena *arena, md_version_file **out, int *count, md_error *err);
int md_versions_list(md_store *store, const char *moment, int (*each)(void *context, const md_version *row),
                     void *context, md_error *err); // newest first; moment NULL: all
// The version that new runs of a moment take from `at` on; 0: the moment was removed.
int md_moments_set_live(md_store *store, const char *moment, int64_t version, md_micros at, md_error *err);
// The same for a version that was live before, which keeps its time. `passed` is what is passed over then, or NULL.
int md_moments_roll_back(md_store *store, const char *moment, int64_t version, const char *passed, md_micros at,
                         md_error *err);
// The version that was live before `version` was (0: the last one). MD_ENOTFOUND when none was.
int md_versions_before(md_store *store, const char *moment, int64_t version, int64_t *id, md_error *err);
int md_moments_set_paused(md_store *store, const char *moment, md_micros at, md_error *err); // 0: not
// Since when a moment is paused; 0: it is not, or there is no such moment.
int md_moments_paused_at(md_store *store, const char *moment, md_micros *at, md_error *err);
int md_moments_get(md_store *store, const char *moment, md_arena *arena, md_moment_row *out,
                   md_error *err); // MD_ENOTFOUND
// Sets or, with NULL, takes away what is passed over. A moment that there is not gets no row.
int md_moments_set_rolled_back(md_store *store, const char *moment, const char *digest, md_error *err);
int md_moments_list(md_store *store, int (*each)(void *context, const md_moment_row *row), void *context,
                    md_error *err);
