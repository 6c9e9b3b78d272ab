// SPDX-License-Identifier: Apache-2.0
// The schema and its numbered, forward-only migrations. Used inside store/ and by its tests.
#pragma once
#include "base/error.h"
#include <sqlite3.h>
#include <stdbool.h>

enum { MD_SCHEMA_APPLICATION_ID = 0x6d6d7464 }; // "mmtd"

// The number of the newest schema.
int md_schema_newest(void);
// Looks without writing: MD_EUNSUPPORTED for a newer schema (or, with `read_only`, one that is not the newest),
// MD_EINVAL for a database of something else. `*version` answers the number found, 0 for an empty database.
int md_schema_check(sqlite3 *db, const char *path, bool read_only, int *version, md_error *err);
// Brings an empty or older database to schema `target` in one transaction.
int md_schema_migrate(sqlite3 *db, const char *path, int target, md_error *err);
