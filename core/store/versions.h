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
  const char *note;
} md_version;

// Stores a version with its files unless one of this moment with this digest is there; answers its row id either way.
int md_versions_put(md_store *store, const char *moment, const char *digest, const md_version_file *files, int count,
                    const char *note, md_micros at, int64_t *id, md_error *err);
int md_versions_get(md_store *store, int64_t id, md_arena *arena, md_version *out, md_error *err);
// All files of a version, sorted by path, into `arena`.
int md_versions_files(md_store *store, int64_t id, md_arena *arena, md_version_file **out, int *count, md_error *err);
int md_versions_list(md_store *store, const char *moment, int (*each)(void *context, const md_version *row),
                     void *context, md_error *err); // newest first; moment NULL: all
// The version that new runs of a moment take. live 0: the moment was removed.
int md_moments_set_live(md_store *store, const char *moment, int64_t version, md_error *err);
int md_moments_list(md_store *store, int (*each)(void *context, const char *moment, int64_t live), void *context,
                    md_error *err);
