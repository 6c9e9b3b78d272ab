// SPDX-License-Identifier: Apache-2.0
// Moments and versions as people name them: a moment by its folder, a version by the beginning of its digest. One
// thread.
#pragma once
#include "cli/reader.h"

enum { MD_DIGEST_SHOWN = 12 };

// MD_ENOTFOUND names the nearest that there is. Strings are in the reader's arena.
int md_moment_by_name(md_reader *reader, const char *name, md_moment_row *out);
// The version of the moment whose digest begins so. MD_ENOTFOUND names the nearest or the newest, MD_ECONFLICT all that
// begin so.
int md_version_by_prefix(md_reader *reader, const char *moment, const char *prefix, md_version *out);
