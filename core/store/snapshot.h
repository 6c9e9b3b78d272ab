// SPDX-License-Identifier: Apache-2.0
// A copy of a database as it is at one moment, whoever writes to it meanwhile. Any thread.
#pragma once
#include "base/error.h"

// The schema of the file at `path`, which is not changed; MD_EUNSUPPORTED for one newer than this program knows.
int md_snapshot_schema(const char *path, int *version, md_error *err);
// Copies it to a new file at `to`, which only its owner may read. On an error there is no such file.
int md_snapshot_write(const char *path, const char *to, md_error *err);
