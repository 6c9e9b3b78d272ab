// SPDX-License-Identifier: Apache-2.0
// Media types as in Content-Type ("application/json; charset=utf-8"). Pure; any thread.
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef struct md_media_type {
  const char *name; // "application/json": borrowed, not NUL-terminated, in the case it came
  size_t name_len;
  const char *charset; // without quotes, or NULL
  size_t charset_len;
} md_media_type;

// False when it is none. Parameters but charset are passed over.
bool md_media_type_parse(const char *text, size_t len, md_media_type *out);
bool md_media_type_is(const md_media_type *type, const char *name);
bool md_media_type_starts(const md_media_type *type, const char *prefix);
// application/json, text/json, anything/something+json.
bool md_media_type_is_json(const md_media_type *type);
// application/json in UTF-8: what is assumed of data without a type.
bool md_media_type_is_plain_json(const md_media_type *type);
// No charset, or UTF-8 (or its part US-ASCII).
bool md_media_type_is_utf8(const md_media_type *type);
bool md_media_type_is_latin1(const md_media_type *type);
