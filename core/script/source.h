// SPDX-License-Identifier: Apache-2.0
// A script tree as files in memory: what a directory (or, later, an archive) holds. Pure data; any thread.
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "script/refusal.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct md_source_file {
  const char *path; // "order_confirmation/moment.lua", "shared/layout.html", "events.lua"
  const char *data; // NUL-terminated past len
  size_t len;
} md_source_file;

typedef struct md_source {
  md_source_file *files; // sorted bytewise by path
  int count;
  md_refusal *refused; // what is there and is not among the files
} md_source;

// Whether a file of this name is something that an editor leaves beside the one it writes: "moment.lua~",
// "#moment.lua#", "moment.lua.swp", "4913". No tree has such files.
bool md_source_is_scratch(const char *path);

// Reads a directory into `arena`. What cannot be read is refused, not a failure: links that lead out, up or nowhere;
// files without the right to read them; past the limits of S7: 256 KiB a .lua file, 4 MiB a top-level folder.
int md_source_read(const char *directory, md_arena *arena, md_source *out, md_error *err);
// The same limits for a tree that was not read from a directory: MD_ETOOBIG names what is too large.
int md_source_check(const md_source *source, md_error *err);
const md_source_file *md_source_find(const md_source *source, const char *path); // or NULL

// The files that make a version of `moment`: its folder, the shared Lua modules that it requires (followed; a computed
// require is MD_EINVAL with file and line), and shared layouts and partials; sorted, into `arena`. MD_EDENIED when
// something of it was refused.
int md_source_of_moment(const md_source *source, const char *moment, md_arena *arena, md_source *out, md_error *err);
// SHA-256 over paths and contents, lower-case hex.
void md_source_digest(const md_source *source, char out[static 65]);
