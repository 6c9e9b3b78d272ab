// SPDX-License-Identifier: Apache-2.0
// The error table's texts and names, and the filling of error detail. Pure; any thread.
#include "base/error.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const error_texts[] = {"success",
#define X(name, text) text,
                                          MD_ERRORS(X)
#undef X
};

static const char *const error_names[] = {"OK",
#define X(name, text) #name,
                                          MD_ERRORS(X)
#undef X
};

enum { ERROR_COUNT = sizeof(error_texts) / sizeof(error_texts[0]) };

// A cut must not leave half a UTF-8 sequence: what quotes the text may have to be valid UTF-8.
static size_t whole_sequences(const char *text, size_t len) {
  size_t lead = len;
  while (lead > 0 && len - lead < 4) {
    unsigned char byte = (unsigned char)text[--lead];
    if (byte < 0x80) return len;
    if (byte < 0xC0) continue;
    size_t need = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    return len - lead < need ? lead : len;
  }
  return len;
}

// Most failures are that something was not found: nobody reads their texts, so these cost no formatting.
static bool set_plain(md_error *err, int code, const char *text) {
  size_t len = strcspn(text, "%");
  if (text[len] || len >= sizeof err->text) return false;
  err->code = code;
  memmove(err->text, text, len + 1);
  return true;
}

int(md_error_set)(md_error *err, int code, const char *format, ...) {
  if (!err || set_plain(err, code, format)) return code;
  md_error fresh = {.code = code}; // not in place: an argument may be err->text
  va_list args;
  va_start(args, format);
  int wanted = vsnprintf(fresh.text, sizeof fresh.text, format, args);
  va_end(args);
  if (wanted < 0) fresh.text[0] = '\0';
  if (wanted >= (int)sizeof fresh.text) fresh.text[whole_sequences(fresh.text, sizeof fresh.text - 1)] = '\0';
  *err = fresh;
  return code;
}

static const char *entry(const char *const *table, int code, const char *otherwise) {
  return code <= 0 && code > -(int)ERROR_COUNT ? table[-code] : otherwise;
}

const char *md_error_text(int code) {
  return entry(error_texts, code, "unknown error");
}

const char *md_error_name(int code) {
  return entry(error_names, code, "EUNKNOWN");
}
