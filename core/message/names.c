// SPDX-License-Identifier: Apache-2.0
// Values typed `name` (M6), left out where they could carry a link. Pure; any thread.
#include "message/names.h"
#include "base/utf8.h"
#include <string.h>
#include <strings.h>

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool is_letter_or_digit(char c) {
  return is_letter(c) || (c >= '0' && c <= '9');
}

// "a.bc": what mail programs turn into a link by themselves. The full-width dots that domains know count as well.
static bool has_domain(const char *text, size_t len) {
  static const char *const dots[] = {".", "\xe3\x80\x82", "\xef\xbc\x8e", "\xef\xbd\xa1"};
  for (size_t d = 0; d < sizeof dots / sizeof *dots; d++) {
    size_t dot = strlen(dots[d]);
    for (size_t i = 1; i + dot + 1 < len; i++)
      if (memcmp(text + i, dots[d], dot) == 0 && is_letter_or_digit(text[i - 1]) && is_letter(text[i + dot]) &&
          is_letter(text[i + dot + 1]))
        return true;
  }
  return false;
}

bool md_name_usable(const char *text, size_t len) {
  if (!md_utf8_valid(text, len) || md_utf8_length(text, len) > MD_NAME_MAX) return false;
  if (memmem(text, len, "://", 3)) return false;
  for (size_t i = 0; i + 4 <= len; i++)
    if (strncasecmp(text + i, "www.", 4) == 0) return false;
  return !has_domain(text, len);
}

// Goes along `path`; true when a value there is not usable. With `remove`, such values are taken out.
static bool visit(json_t *value, const char *path, bool remove) {
  if (json_is_array(value)) {
    bool found = false;
    for (size_t i = 0; i < json_array_size(value); i++)
      found = visit(json_array_get(value, i), path, remove) || found;
    return found;
  }
  if (!json_is_object(value)) return false;
  size_t len = strcspn(path, ".");
  json_t *member = json_object_getn(value, path, len);
  if (!member) return false;
  if (path[len] == '.') return visit(member, path + len + 1, remove);
  if (!json_is_string(member) || md_name_usable(json_string_value(member), json_string_length(member))) return false;
  if (remove) json_object_deln(value, path, len);
  return true;
}

// A plan's path begins at the event, a mail's data is what was within it.
static const char *within(const json_t *data, const char *path) {
  return strncmp(path, "data.", 5) == 0 && !json_object_get(data, "data") ? path + 5 : path;
}

const json_t *md_names_apply(const json_t *data, const char *const *paths) {
  bool any = false;
  for (const char *const *p = paths; p && *p && !any; p++)
    any = visit((json_t *)data, within(data, *p), false);
  if (!any) return data;
  json_t *copy = json_deep_copy(data);
  for (const char *const *p = paths; copy && *p; p++)
    visit(copy, within(data, *p), true);
  return copy;
}
