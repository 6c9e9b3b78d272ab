// SPDX-License-Identifier: Apache-2.0
// Marks of secrets: a NUL byte, the event's seq in decimal, a colon, the path.
#include "base/secret.h"
#include "base/assert.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MARK_MAX = 300 }; // a plan's paths have at most 200 bytes

json_t *md_secret_mark(int64_t event, const char *path) {
  char text[MARK_MAX] = "";
  int len = snprintf(text + 1, sizeof text - 1, "%" PRId64 ":%s", event, path);
  md_require(len > 0 && len < MARK_MAX - 1);
  return json_stringn_nocheck(text, (size_t)len + 1);
}

bool md_secret_is(const json_t *value) {
  return json_is_string(value) && json_string_length(value) > 0 && json_string_value(value)[0] == '\0';
}

bool md_secret_read(const json_t *mark, int64_t *event, const char **path) {
  if (!md_secret_is(mark)) return false;
  char *colon = NULL;
  *event = strtoll(json_string_value(mark) + 1, &colon, 10);
  *path = *colon == ':' ? colon + 1 : NULL;
  return *path != NULL;
}
