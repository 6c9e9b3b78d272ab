// SPDX-License-Identifier: Apache-2.0
// Bodies of a mail in transfer encodings. Pure; any thread.
#include "message/mime_body.h"
#include "base/digest.h"
#include <string.h>

enum { LINE = 75, BASE64_BYTES = 57 }; // a soft line end takes the 76th character

static bool ends_line(const char *text, const char *end) {
  return text == end || *text == '\n' || *text == '\r';
}

// Whether the byte at `at` is written as it is.
static bool is_plain(const char *at, const char *end, size_t column) {
  unsigned char byte = (unsigned char)*at;
  if (byte == ' ' || byte == '\t') return !ends_line(at + 1, end);
  if (byte <= 0x20 || byte >= 0x7f || byte == '=') return false;
  if (column == 0 && byte == '.') return false;
  return !(column == 0 && end - at >= 5 && memcmp(at, "From ", 5) == 0);
}

// How many bytes belong together: those of one code point.
static size_t unit(const char *at, const char *end) {
  size_t len = 1;
  if ((unsigned char)*at >= 0xc0)
    while (len < 4 && at + len < end && ((unsigned char)at[len] & 0xc0) == 0x80)
      len++;
  return len;
}

static void write_byte(md_buffer *out, char byte, bool plain) {
  static const char digits[] = "0123456789ABCDEF";
  const char hex[] = {'=', digits[(unsigned char)byte >> 4], digits[(unsigned char)byte & 15]};
  if (plain)
    md_buffer_putc(out, byte);
  else
    md_buffer_append(out, hex, sizeof hex);
}

void md_mime_body_quoted(md_buffer *out, const char *text, size_t len) {
  const char *at = text, *end = text + len;
  size_t column = 0;
  while (at < end) {
    if (ends_line(at, end)) {
      at += *at == '\r' && at + 1 < end && at[1] == '\n' ? 2 : 1;
      md_buffer_puts(out, "\r\n");
      column = 0;
      continue;
    }
    size_t bytes = unit(at, end);
    if (column + (bytes > 1 || !is_plain(at, end, column) ? 3 * bytes : 1) > LINE) {
      md_buffer_puts(out, "=\r\n");
      column = 0;
    }
    bool plain = bytes == 1 && is_plain(at, end, column);
    for (size_t i = 0; i < bytes; i++)
      write_byte(out, at[i], plain);
    column += plain ? 1 : 3 * bytes;
    at += bytes;
  }
  if (column > 0) md_buffer_puts(out, "\r\n");
}

void md_mime_body_base64(md_buffer *out, const void *data, size_t len) {
  const char *bytes = data;
  for (size_t at = 0; at < len; at += BASE64_BYTES) {
    size_t take = len - at < BASE64_BYTES ? len - at : BASE64_BYTES;
    char *line = md_buffer_reserve(out, 4 * ((take + 2) / 3) + 3);
    if (!line) return;
    out->len += md_base64(bytes + at, take, line);
    md_buffer_puts(out, "\r\n");
  }
}
