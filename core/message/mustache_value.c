// SPDX-License-Identifier: Apache-2.0
// JSON values as Mustache sees them: looked up, true or false, as text. Pure; any thread.
#include "message/mustache_value.h"
#include "base/json.h"
#include <stdio.h>
#include <string.h>

static const json_t *first_part(const md_mustache_frame *top, const char *name, size_t len) {
  for (; top; top = top->below) {
    const json_t *value = json_is_object(top->value) ? json_object_getn(top->value, name, len) : NULL;
    if (value) return value;
  }
  return NULL;
}

const json_t *md_mustache_lookup(const md_mustache_frame *top, const char *name) {
  if (strcmp(name, ".") == 0) return top ? top->value : NULL;
  size_t len = strcspn(name, ".");
  const json_t *value = first_part(top, name, len);
  for (name += len; value && *name == '.'; name += len) {
    len = strcspn(++name, ".");
    value = json_is_object(value) ? json_object_getn(value, name, len) : NULL;
  }
  return value;
}

bool md_mustache_truthy(const json_t *value) {
  if (!value) return false;
  switch (json_typeof(value)) {
  case JSON_OBJECT:
    return json_object_size(value) > 0;
  case JSON_ARRAY:
    return json_array_size(value) > 0;
  case JSON_STRING:
    return json_string_length(value) > 0;
  case JSON_INTEGER:
    return json_integer_value(value) != 0;
  case JSON_REAL:
    return json_real_value(value) != 0;
  default:
    return json_is_true(value);
  }
}

static size_t real_text(double number, char *buf) {
  size_t len = md_double_format(number, buf);
  if (len > 2 && strcmp(buf + len - 2, ".0") == 0) len -= 2;
  buf[len] = '\0';
  return len;
}

const char *md_mustache_text(const json_t *value, char buf[static MD_MUSTACHE_NUMBER_SIZE], size_t *len) {
  switch (json_typeof(value)) {
  case JSON_OBJECT:
  case JSON_ARRAY:
    return NULL;
  case JSON_STRING:
    *len = json_string_length(value);
    return json_string_value(value);
  case JSON_INTEGER:
    *len = (size_t)snprintf(buf, MD_MUSTACHE_NUMBER_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return buf;
  case JSON_REAL:
    *len = real_text(json_real_value(value), buf);
    return buf;
  default:
    snprintf(buf, MD_MUSTACHE_NUMBER_SIZE, "%s", json_is_true(value) ? "true" : json_is_false(value) ? "false" : "");
    *len = strlen(buf);
    return buf;
  }
}
