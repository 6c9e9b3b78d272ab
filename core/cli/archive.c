// SPDX-License-Identifier: Apache-2.0
// Packs and unpacks script trees by libarchive. Nothing is written to disk, so no name can lead out of a folder; those
// that would are refused all the same.
#include "cli/archive.h"
#include "base/alloc.h"
#include "base/utf8.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { READ_STEP = 64 * 1024, NAME_BYTES = 255, END_BYTES = 1024 };

static int no_memory(md_error *err) {
  return md_error_set(err, MD_ENOMEM, "out of memory for the archive");
}

static la_ssize_t append(struct archive *archive, void *context, const void *data, size_t len) {
  md_buffer *out = context;
  (void)archive;
  md_buffer_append(out, data, len);
  return md_buffer_ok(out) ? (la_ssize_t)len : -1;
}

static int pack_file(struct archive *archive, const md_source_file *file) {
  struct archive_entry *entry = archive_entry_new();
  if (!entry) return ARCHIVE_FATAL;
  archive_entry_set_pathname(entry, file->path);
  archive_entry_set_size(entry, (la_int64_t)file->len);
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_perm(entry, 0644);
  int rc = archive_write_header(archive, entry);
  if (rc == ARCHIVE_OK && file->len)
    rc = archive_write_data(archive, file->data, file->len) == (la_ssize_t)file->len ? ARCHIVE_OK : ARCHIVE_FATAL;
  archive_entry_free(entry);
  return rc;
}

int md_archive_pack(const md_source *source, md_buffer *out, md_error *err) {
  struct archive *archive = archive_write_new();
  if (!archive) return no_memory(err);
  int rc = archive_write_set_format_gnutar(archive); // names as they are: bytes
  if (rc == ARCHIVE_OK) rc = archive_write_open(archive, out, NULL, append, NULL);
  for (int i = 0; i < source->count && rc == ARCHIVE_OK; i++)
    rc = pack_file(archive, &source->files[i]);
  if (rc == ARCHIVE_OK) rc = archive_write_close(archive);
  int code = 0;
  if (rc != ARCHIVE_OK) {
    const char *why = archive_error_string(archive);
    code = md_buffer_ok(out) ? md_error_set(err, MD_EINVAL, "the archive cannot be made: %s", why ? why : "no reason")
                             : no_memory(err);
  }
  archive_write_free(archive);
  return code;
}

typedef struct unpacking {
  struct archive *archive;
  md_arena *arena;
  md_source *out;
  int room;
  size_t bytes;
  md_error *err;
} unpacking;

// A part of a path: not empty, not "." or "..".
static bool is_part(const char *part, size_t len) {
  return len > 0 && len <= NAME_BYTES && !(len == 1 && part[0] == '.') &&
         !(len == 2 && part[0] == '.' && part[1] == '.');
}

static bool is_plain(const char *path) {
  for (const unsigned char *at = (const unsigned char *)path; *at; at++)
    if (*at < 0x20 || *at == 0x7F || *at == '\\') return false;
  return true;
}

static int check_path(unpacking *at, const char *path) {
  if (!md_utf8_valid(path, strlen(path)) || !is_plain(path))
    return md_error_set(at->err, MD_EINVAL, "a name in the archive has control characters, a \\ or is no UTF-8");
  for (const char *part = path;; part++) {
    size_t len = strcspn(part, "/");
    if (!is_part(part, len))
      return md_error_set(at->err, MD_EDENIED, "the archive names %.300s: names are relative, without .. and .", path);
    part += len;
    if (!*part) return 0;
  }
}

// Names that begin with a dot are passed over, as in a directory.
static bool is_hidden(const char *path) {
  return path[0] == '.' || strstr(path, "/.");
}

static int check_kind(unpacking *at, struct archive_entry *entry, const char *path) {
  if (archive_entry_hardlink(entry) || archive_entry_filetype(entry) != AE_IFREG)
    return md_error_set(
        at->err, MD_EDENIED,
        "%.300s in the archive is no regular file: links and devices are not taken, put the file itself", path);
  return 0;
}

static int make_room(unpacking *at) {
  if (at->out->count >= MD_ARCHIVE_FILES)
    return md_error_set(at->err, MD_ETOOBIG, "the archive has more than %d files", MD_ARCHIVE_FILES);
  if (at->out->count < at->room) return 0;
  int room = at->room ? 2 * at->room : 64;
  md_source_file *files = md_arena_alloc(at->arena, (size_t)room * sizeof *files);
  if (!files) return no_memory(at->err);
  if (at->out->count) memcpy(files, at->out->files, (size_t)at->out->count * sizeof *files);
  at->out->files = files;
  at->room = room;
  return 0;
}

static int broken(unpacking *at) {
  const char *why = archive_error_string(at->archive);
  if (archive_errno(at->archive) == ENOMEM) return no_memory(at->err);
  return md_error_set(at->err, MD_EINVAL, "the archive cannot be read: %s", why ? why : "it is no tar archive");
}

// What the header says of the size is not believed.
static int read_data(unpacking *at, md_buffer *data) {
  for (;;) {
    char *room = md_buffer_reserve(data, READ_STEP);
    if (!room) return no_memory(at->err);
    la_ssize_t got = archive_read_data(at->archive, room, READ_STEP);
    if (got < 0) return broken(at);
    data->len += (size_t)got;
    if (at->bytes + data->len > MD_ARCHIVE_UNPACKED)
      return md_error_set(at->err, MD_ETOOBIG, "the archive has more than %d MiB unpacked", MD_ARCHIVE_UNPACKED >> 20);
    if (got == 0) return 0;
  }
}

static int keep_file(unpacking *at, const char *path, const md_buffer *data) {
  md_source_file file = {.path = md_arena_strdup(at->arena, path),
                         .data = md_arena_strndup(at->arena, data->len ? data->data : "", data->len),
                         .len = data->len};
  if (!file.path || !file.data) return no_memory(at->err);
  at->out->files[at->out->count++] = file;
  at->bytes += data->len;
  return 0;
}

static int unpack_file(unpacking *at, struct archive_entry *entry, const char *path) {
  md_buffer data;
  int code = check_kind(at, entry, path);
  if (!code) code = make_room(at);
  if (code) return code;
  md_buffer_init(&data);
  code = read_data(at, &data);
  if (!code) code = keep_file(at, path, &data);
  md_buffer_deinit(&data);
  return code;
}

// "./cart/moment.lua" is how tar writes what it was given as ".".
static int unpack_entry(unpacking *at, struct archive_entry *entry) {
  const char *path = archive_entry_pathname(entry);
  while (path && path[0] == '.' && path[1] == '/')
    path += 2;
  if (!path) return md_error_set(at->err, MD_EINVAL, "a name in the archive cannot be read");
  bool folder = archive_entry_filetype(entry) == AE_IFDIR && !archive_entry_hardlink(entry);
  if (folder && strspn(path, "./") == strlen(path) && !strstr(path, "..")) return 0; // the root itself
  size_t len = strlen(path);
  char *plain = md_arena_strndup(at->arena, path, folder && len && path[len - 1] == '/' ? len - 1 : len);
  if (!plain) return no_memory(at->err);
  int code = check_path(at, plain);
  return code || folder || is_hidden(plain) || md_source_is_scratch(plain) ? code : unpack_file(at, entry, plain);
}

// A tar archive ends in two blocks of zeros; one that was cut between two files would be a smaller tree.
static bool has_end(const char *data, size_t len) {
  size_t zeros = 0;
  while (zeros < END_BYTES && zeros < len && data[len - 1 - zeros] == 0)
    zeros++;
  return zeros == END_BYTES;
}

static int unpack_all(unpacking *at, const void *data, size_t len) {
  struct archive_entry *entry;
  if (!has_end(data, len))
    return md_error_set(at->err, MD_EINVAL, "the archive is no whole tar archive: it has no end");
  if (archive_read_support_format_tar(at->archive) != ARCHIVE_OK ||
      archive_read_open_memory(at->archive, data, len) != ARCHIVE_OK)
    return broken(at);
  for (;;) {
    int rc = archive_read_next_header(at->archive, &entry);
    if (rc == ARCHIVE_EOF) return 0;
    if (rc != ARCHIVE_OK) return broken(at);
    int code = unpack_entry(at, entry);
    if (code) return code;
  }
}

static int by_path(const void *a, const void *b) {
  return strcmp(((const md_source_file *)a)->path, ((const md_source_file *)b)->path);
}

static int check_twice(const md_source *source, md_error *err) {
  for (int i = 1; i < source->count; i++)
    if (strcmp(source->files[i - 1].path, source->files[i].path) == 0)
      return md_error_set(err, MD_EINVAL, "%.300s is in the archive twice", source->files[i].path);
  return 0;
}

int md_archive_unpack(const void *data, size_t len, md_arena *arena, md_source *out, md_error *err) {
  unpacking at = {.archive = archive_read_new(), .arena = arena, .out = out, .err = err};
  *out = (md_source){0};
  if (!at.archive) return no_memory(err);
  int code = unpack_all(&at, data, len);
  archive_read_free(at.archive);
  if (code) return code;
  if (out->count) qsort(out->files, (size_t)out->count, sizeof *out->files, by_path);
  code = check_twice(out, err);
  return code ? code : md_source_check(out, err);
}
