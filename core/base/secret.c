// SPDX-License-Identifier: Apache-2.0
// Marks of secrets: a NUL byte, the owner in decimal, a colon, the path.
#include "base/secret.h"
#include "base/assert.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MARK_MAX = 300 }; // a plan's paths have at most 200 bytes

int64_t md_secret_of_call(int64_t id) {
  return -id;
}

int64_t md_secret_call(int64_t owner) {
  return -owner;
}

json_t *md_secret_mark(int64_t owner, const char *path) {
  char text[MARK_MAX] = "";
  int len = snprintf(text + 1, sizeof text - 1, "%" PRId64 ":%s", owner, path);
  md_require(len > 0 && len < MARK_MAX - 1);
  return json_stringn_nocheck(text, (size_t)len + 1);
}

bool md_secret_is(const json_t *value) {
  return json_is_string(value) && json_string_length(value) > 0 && json_string_value(value)[0] == '\0';
}

bool md_secret_read(const json_t *mark, int64_t *owner, const char **path) {
  if (!md_secret_is(mark)) return false;
  char *colon = NULL;
  *owner = strtoll(json_string_value(mark) + 1, &colon, 10);
  *path = *colon == ':' ? colon + 1 : NULL;
  return *path != NULL;
}

json_t *md_secret_reference(const json_t *mark) {
  int64_t owner = 0;
  const char *path = NULL;
  if (!md_secret_read(mark, &owner, &path)) return NULL;
  return json_pack("{s:I, s:s}", owner < 0 ? "call" : "event", (json_int_t)(owner < 0 ? md_secret_call(owner) : owner),
                   "path", path);
}

int64_t md_secret_owner(const json_t *reference) {
  const json_t *call = json_object_get(reference, "call");
  return call ? md_secret_of_call(json_integer_value(call))
              : (int64_t)json_integer_value(json_object_get(reference, "event"));
}
