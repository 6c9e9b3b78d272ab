// SPDX-License-Identifier: Apache-2.0
// Archives of a deploy (A2): any bytes are refused with a sentence, or give files within the limits, under plain
// relative names, sorted, none twice; and what was packed comes back as it was.
#include "base/utf8.h"
#include "cli/archive.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void check_name(const char *path) {
  if (path[0] == '/' || path[0] == '.' || !path[0] || strchr(path, '\\') || strstr(path, "//")) abort();
  if (strstr(path, "/.") || !md_utf8_valid(path, strlen(path))) abort(); // hidden ones are passed over
  for (const char *at = path; *at; at++)
    if ((unsigned char)*at < 0x20) abort();
}

static size_t check_files(const md_source *source) {
  size_t bytes = 0;
  if (source->count > MD_ARCHIVE_FILES) abort();
  for (int i = 0; i < source->count; i++) {
    const md_source_file *file = &source->files[i];
    check_name(file->path);
    if (i && strcmp(source->files[i - 1].path, file->path) >= 0) abort();
    if (file->data[file->len] != '\0') abort();
    bytes += file->len;
  }
  return bytes;
}

static void pack_again(const md_source *source, md_arena *arena) {
  md_buffer packed;
  md_source again;
  md_error err = {0};
  md_buffer_init(&packed);
  if (md_archive_pack(source, &packed, &err)) abort();
  if (md_archive_unpack(packed.data, packed.len, arena, &again, &err)) abort();
  if (again.count != source->count) abort();
  for (int i = 0; i < again.count; i++) {
    const md_source_file *a = &source->files[i], *b = &again.files[i];
    if (strcmp(a->path, b->path) != 0 || a->len != b->len || memcmp(a->data, b->data, a->len) != 0) abort();
  }
  md_buffer_deinit(&packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  md_source source;
  md_error err = {0};
  md_arena *arena = md_arena_new(0);
  if (!arena) abort();
  int code = md_archive_unpack(data, size, arena, &source, &err);
  if (code && err.text[0] == '\0') abort();
  if (code == 0 && check_files(&source) > MD_ARCHIVE_UNPACKED) abort();
  if (code == 0) pack_again(&source, arena);
  md_arena_free(arena);
  return 0;
}
