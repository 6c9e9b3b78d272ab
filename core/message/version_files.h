// SPDX-License-Identifier: Apache-2.0
// The files of the versions that mails were rendered from lately, kept in memory. The engine's thread.
#pragma once
#include "store/versions.h"

typedef struct md_version_files md_version_files;

md_version_files *md_version_files_new(void); // returns owned; NULL when out of memory
void md_version_files_free(md_version_files *cache);
// The files of a version; they stay until the next call.
int md_version_files_get(md_version_files *cache, md_store *store, int64_t version, const md_version_file **files,
                         int *count, md_error *err);
