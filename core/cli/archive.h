// SPDX-License-Identifier: Apache-2.0
// A script tree as one tar archive, in memory only (A2). Any thread.
#pragma once
#include "base/buffer.h"
#include "script/source.h"

enum {
  MD_ARCHIVE_UNPACKED = 16 << 20, // bytes of all files
  MD_ARCHIVE_FILES = 8192,
  MD_ARCHIVE_BYTES =
      MD_ARCHIVE_UNPACKED + MD_ARCHIVE_FILES * 1024 + (1 << 20) // of the archive, headers and padding too
};

// Appends the archive of a tree.
int md_archive_pack(const md_source *source, md_buffer *out, md_error *err);
// Reads one that anybody may have made: uncompressed tar, regular files under relative names without "..", no links, no
// devices, no name twice, within the limits above and those of S7. MD_EINVAL, MD_EDENIED or MD_ETOOBIG with a sentence
// that names the file. What a directory's reader passes over (names that begin with a dot, directories) is passed over.
int md_archive_unpack(const void *data, size_t len, md_arena *arena, md_source *out, md_error *err);
