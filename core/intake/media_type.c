// SPDX-License-Identifier: Apache-2.0
// Media types as in Content-Type (RFC 9110, 8.3.1). Pure.
#include "intake/media_type.h"
#include <string.h>
#include <strings.h>

static size_t skip_blank(const char *text, size_t at, size_t len) {
  while (at < len && (text[at] == ' ' || text[at] == '\t'))
    at++;
  return at;
}

static bool is_token(char byte) {
  return byte > ' ' && byte < 0x7F && !strchr("()<>@,;:\\\"/[]?={}", byte);
}

static size_t token(const char *text, size_t at, size_t len) {
  while (at < len && is_token(text[at]))
    at++;
  return at;
}

// Past the parameter's value, whose contents end up in *value.
static size_t read_value(const char *text, size_t at, size_t len, const char **value, size_t *value_len) {
  bool quoted = at < len && text[at] == '"';
  if (quoted) at++;
  *value = text + at;
  size_t end = quoted ? at : token(text, at, len);
  while (quoted && end < len && text[end] != '"')
    end++;
  *value_len = end - at;
  return quoted && end < len ? end + 1 : end;
}

static size_t read_parameter(const char *text, size_t at, size_t len, md_media_type *out) {
  size_t name = skip_blank(text, at, len), name_end = token(text, name, len);
  if (name_end == len || text[name_end] != '=') return name_end;
  const char *value;
  size_t value_len;
  size_t end = read_value(text, name_end + 1, len, &value, &value_len);
  if (name_end - name == 7 && strncasecmp(text + name, "charset", 7) == 0) {
    out->charset = value;
    out->charset_len = value_len;
  }
  return end;
}

static bool is_printable(const char *text, size_t len) {
  for (size_t i = 0; i < len; i++)
    if ((text[i] < ' ' && text[i] != '\t') || text[i] > '~') return false;
  return true;
}

bool md_media_type_parse(const char *text, size_t len, md_media_type *out) {
  size_t start = skip_blank(text, 0, len), slash = token(text, start, len);
  if (slash == start || slash == len || text[slash] != '/' || !is_printable(text, len)) return false;
  size_t end = token(text, slash + 1, len);
  if (end == slash + 1) return false;
  *out = (md_media_type){.name = text + start, .name_len = end - start};
  for (size_t at = skip_blank(text, end, len); at < len; at = skip_blank(text, at, len)) {
    if (text[at] != ';') return false;
    at = read_parameter(text, at + 1, len, out);
  }
  return true;
}

bool md_media_type_is(const md_media_type *type, const char *name) {
  return type->name_len == strlen(name) && strncasecmp(type->name, name, type->name_len) == 0;
}

bool md_media_type_starts(const md_media_type *type, const char *prefix) {
  size_t len = strlen(prefix);
  return type->name_len >= len && strncasecmp(type->name, prefix, len) == 0;
}

bool md_media_type_is_json(const md_media_type *type) {
  return md_media_type_is(type, "application/json") || md_media_type_is(type, "text/json") ||
         (type->name_len > 5 && strncasecmp(type->name + type->name_len - 5, "+json", 5) == 0);
}

static bool charset_is(const md_media_type *type, const char *name) {
  return type->charset && type->charset_len == strlen(name) && strncasecmp(type->charset, name, strlen(name)) == 0;
}

bool md_media_type_is_utf8(const md_media_type *type) {
  return !type->charset || charset_is(type, "utf-8") || charset_is(type, "utf8") || charset_is(type, "us-ascii");
}

bool md_media_type_is_latin1(const md_media_type *type) {
  return charset_is(type, "iso-8859-1") || charset_is(type, "latin1");
}

bool md_media_type_is_plain_json(const md_media_type *type) {
  return md_media_type_is(type, "application/json") && md_media_type_is_utf8(type);
}
