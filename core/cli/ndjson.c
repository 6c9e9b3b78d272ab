// SPDX-License-Identifier: Apache-2.0
// Reads lines through zlib, which lets plain text pass as it is.
#include "cli/ndjson.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 256 * 1024, LINE_MAX_BYTES = 8 * 1024 * 1024 };

int md_ndjson_open(md_ndjson *lines, const char *name, md_error *err) {
  bool standard = strcmp(name, "-") == 0;
  *lines = (md_ndjson){.name = standard ? "standard input" : name};
  md_buffer_init(&lines->buffer);
  errno = 0;
  lines->file = standard ? gzdopen(dup(STDIN_FILENO), "rb") : gzopen(name, "rb");
  if (!lines->file)
    return md_error_set(err, errno == ENOENT ? MD_ENOTFOUND : MD_EIO, "%s: %s", lines->name,
                        errno ? strerror(errno) : "out of memory");
  gzbuffer(lines->file, READ_SIZE);
  return 0;
}

void md_ndjson_close(md_ndjson *lines) {
  if (lines->file) gzclose(lines->file);
  md_buffer_deinit(&lines->buffer);
}

static int fill(md_ndjson *lines, md_error *err) {
  memmove(lines->buffer.data ? lines->buffer.data : "", lines->buffer.data ? lines->buffer.data + lines->at : "",
          lines->buffer.len - lines->at);
  lines->buffer.len -= lines->at;
  lines->at = 0;
  char *room = md_buffer_reserve(&lines->buffer, READ_SIZE);
  if (!room) return md_error_set(err, MD_ENOMEM, "out of memory");
  int got = gzread(lines->file, room, READ_SIZE);
  int problem = 0;
  const char *text = gzerror(lines->file, &problem);
  if (got < 0 || (got == 0 && problem != Z_OK && problem != Z_STREAM_END))
    return md_error_set(err, problem == Z_ERRNO ? MD_EIO : MD_ECORRUPT,
                        "%s: cannot be read on after line %" PRId64 ": %s", lines->name, lines->number,
                        problem == Z_ERRNO ? strerror(errno) : text);
  lines->buffer.len += (size_t)got;
  lines->bytes += got;
  lines->ended = got == 0;
  return 0;
}

// The end of the line at `at` in the buffer, reading on as needed; NULL where the file ends before one.
static int find_end(md_ndjson *lines, char **end, md_error *err) {
  size_t searched = 0;
  *end = NULL;
  while (!lines->ended) {
    size_t have = lines->buffer.len - lines->at;
    if (have > searched) *end = memchr(lines->buffer.data + lines->at + searched, '\n', have - searched);
    if (*end || have > LINE_MAX_BYTES) return 0;
    searched = have;
    int code = fill(lines, err);
    if (code) return code;
  }
  size_t have = lines->buffer.len - lines->at;
  if (have) *end = memchr(lines->buffer.data + lines->at, '\n', have);
  return 0;
}

static int skip_line(md_ndjson *lines, md_error *err) {
  char *end = NULL;
  lines->number++;
  while (!end && !(lines->ended && lines->at == lines->buffer.len)) {
    lines->at = lines->buffer.len;
    int code = find_end(lines, &end, err);
    if (code) return code;
  }
  if (end) lines->at = (size_t)(end - lines->buffer.data) + 1;
  return md_error_set(err, MD_ETOOBIG, "the line is longer than 8 MiB");
}

static bool blank(const char *text, size_t len) {
  for (size_t i = 0; i < len; i++)
    if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r') return false;
  return true;
}

int md_ndjson_next(md_ndjson *lines, const char **line, size_t *len, md_error *err) {
  for (;;) {
    char *end = NULL;
    int code = find_end(lines, &end, err);
    if (code) return code;
    size_t have = lines->buffer.len - lines->at;
    if (!end && have == 0) return 0;
    if (!end && !lines->ended) return skip_line(lines, err);
    *line = lines->buffer.data + lines->at;
    *len = end ? (size_t)(end - *line) : have;
    lines->at += *len + (end ? 1 : 0);
    lines->number++;
    if (*len && (*line)[*len - 1] == '\r') (*len)--;
    if (!blank(*line, *len)) return 1;
  }
}
