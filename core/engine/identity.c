// SPDX-License-Identifier: Apache-2.0
// Reads identity values out of events.
#include "engine/identity.h"
#include <ctype.h>
#include <string.h>

bool md_identity_is_email(const char *path) {
  const char *dot = strrchr(path, '.');
  return strcmp(dot ? dot + 1 : path, "email") == 0;
}

static const char *email(const char *text, md_arena *arena) {
  while (isspace((unsigned char)*text))
    text++;
  size_t len = strlen(text);
  while (len > 0 && isspace((unsigned char)text[len - 1]))
    len--;
  char *out = md_arena_strndup(arena, text, len);
  for (char *at = out; at && *at; at++)
    if (*at >= 'A' && *at <= 'Z') *at = (char)(*at - 'A' + 'a');
  return out;
}

static const char *text_at(const md_event *event, const char *path, md_arena *arena) {
  if (strcmp(path, "subject") == 0) return event->subject;
  if (strncmp(path, "data.", 5) != 0 || !event->data) return NULL;
  const json_t *value = md_json_at(event->data, path + 5);
  if (json_is_integer(value)) return md_arena_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
  return json_string_value(value);
}

const char *md_identity_value(const md_event *event, const char *path, md_arena *arena) {
  const char *text = text_at(event, path, arena);
  if (text && md_identity_is_email(path)) text = email(text, arena);
  if (!text || *text == '\0' || strlen(text) > MD_KEY_VALUE_MAX) return NULL;
  return text;
}
