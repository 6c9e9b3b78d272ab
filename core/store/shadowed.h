// SPDX-License-Identifier: Apache-2.0
// The table of shadowed files: those of a script tree below which another tree has a file of the same path, with the
// contents that both had when they were last looked at. One thread a store.
#pragma once
#include "store/store.h"

typedef struct md_shadowed {
  const char *path;
  const char *below; // SHA-256 of the file that is not used, hex
  const char *above; // of the one that is
} md_shadowed;

int md_shadowed_put(md_store *store, const md_shadowed *row, md_error *err);
int md_shadowed_delete(md_store *store, const char *path, md_error *err);
int md_shadowed_list(md_store *store, int (*each)(void *context, const md_shadowed *row), void *context, md_error *err);
