// SPDX-License-Identifier: Apache-2.0
// Values of ce- headers, as CloudEvents' HTTP binding (3.1.3.2) encodes them. Pure.
#include "intake/header_value.h"
#include "base/digest.h"
#include "base/utf8.h"
#include <string.h>

// Valid UTF-8 as it is, anything else read as Latin-1, in the arena.
static char *as_utf8(md_arena *arena, const char *bytes, size_t *len) {
  if (md_utf8_valid(bytes, *len)) return md_arena_strndup(arena, bytes, *len);
  char *text = md_arena_alloc(arena, 2 * *len + 1), *to = text;
  if (!text) return NULL;
  for (size_t i = 0; i < *len; i++) {
    unsigned char byte = (unsigned char)bytes[i];
    if (byte >= 0x80) *to++ = (char)(0xC0 | byte >> 6);
    *to++ = (char)(byte < 0x80 ? byte : 0x80 | (byte & 0x3F));
  }
  *to = '\0';
  *len = (size_t)(to - text);
  return text;
}

// In place: a double-quoted string loses its quotes and backslashes.
static size_t unquote(char *text, size_t len) {
  if (len < 2 || text[0] != '"' || text[len - 1] != '"') return len;
  size_t to = 0;
  for (size_t from = 1; from < len - 1; from++) {
    if (text[from] == '\\' && from + 1 < len - 1) from++;
    text[to++] = text[from];
  }
  return to;
}

static size_t decode_percent(char *text, size_t len) {
  size_t to = 0;
  for (size_t from = 0; from < len; from++) {
    char byte = text[from];
    if (byte == '%' && len - from > 2 && md_unhex(text + from + 1, 2, &byte, 1)) from += 2;
    text[to++] = byte;
  }
  return to;
}

char *md_header_value(md_arena *arena, const char *raw, size_t len, size_t *out_len) {
  while (len > 0 && (raw[len - 1] == ' ' || raw[len - 1] == '\t'))
    len--;
  char *text = as_utf8(arena, raw, &len);
  if (!text) return NULL;
  len = decode_percent(text, unquote(text, len));
  text[len] = '\0';
  if (!md_utf8_valid(text, len)) text = as_utf8(arena, text, &len);
  *out_len = len;
  return text;
}
