// SPDX-License-Identifier: Apache-2.0
// Small whole-file operations. Any thread.
#pragma once
#include "base/buffer.h"
#include "base/error.h"

// Reads a regular file whole; MD_ETOOBIG past `limit` bytes. Appends to `out`.
int md_file_read(const char *path, size_t limit, md_buffer *out, md_error *err);
// Writes a new file beside `path` that only its owner may read, syncs it if `sync`, and renames it into place.
int md_file_write(const char *path, const void *data, size_t len, bool sync, md_error *err);
// Makes a file that is not there yet, synced, with this mode whatever the umask; it appears whole. MD_EEXISTS when it
// is there.
int md_file_create(const char *path, const void *data, size_t len, unsigned mode, md_error *err);
// Makes a directory and those above it (mode 0755 but the last gets `mode`); one that exists already is success.
int md_directory_make(const char *path, unsigned mode, md_error *err);
// Calls `each` for every regular file below `root`, sorted bytewise by relative path ("a/b.lua"). Entries that begin
// with '.' are skipped. An entry that cannot be followed or listed (a symbolic link that leads out of `root`, up or
// nowhere; a directory that may not be read) is told to `refused`, before the first `each`, and passed over; with
// `refused` NULL it ends the walk. A non-zero answer of either stops and is returned.
int md_directory_walk(const char *root, int (*each)(void *context, const char *relative, const char *path),
                      int (*refused)(void *context, const char *relative, const md_error *why), void *context,
                      md_error *err);
