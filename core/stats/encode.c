// SPDX-License-Identifier: Apache-2.0
// From a method's result to JSON: every field in the order of its table, null for what does not exist, and why.
#include "stats/decode.h"
#include <math.h>
#include <string.h>

typedef struct encoder {
  bool incomplete; // a null was written
  bool failed;     // out of memory
} encoder;

static json_t *object_of(encoder *e, const md_stats_field *fields, const void *from);

static json_t *number(encoder *e, double value) {
  if (isfinite(value)) return json_real(value);
  e->incomplete = true;
  return json_null();
}

static json_t *pairs(encoder *e, const md_stats_list *list) {
  json_t *array = json_array();
  for (size_t i = 0; i + 1 < list->count && !e->failed; i += 2) {
    json_t *pair = json_array();
    if (json_array_append_new(pair, number(e, list->at[i])) ||
        json_array_append_new(pair, number(e, list->at[i + 1])) || json_array_append_new(array, pair))
      e->failed = true;
  }
  return array;
}

static json_t *scalar(encoder *e, const md_stats_field *field, const void *at) {
  switch (field->type) {
  case MD_STATS_BOOL:
    return json_boolean(*(const bool *)at);
  case MD_STATS_WORD:
    return json_string(field->words[*(const int *)at]);
  case MD_STATS_TEXT:
    return json_stringn(((const md_stats_text *)at)->bytes, ((const md_stats_text *)at)->len);
  case MD_STATS_OBJECT:
    return object_of(e, field->members, at);
  case MD_STATS_PAIRS:
    return pairs(e, at);
  default:
    return number(e, *(const double *)at);
  }
}

static size_t size_of(const md_stats_field *field) {
  return field->type == MD_STATS_PAIRS ? sizeof(md_stats_list) : field->size;
}

static json_t *list_of(encoder *e, const md_stats_field *field, const void *at) {
  json_t *array = json_array();
  if (field->type == MD_STATS_REAL || field->type == MD_STATS_COUNT) {
    const md_stats_list *list = at;
    for (size_t i = 0; i < list->count && !e->failed; i++)
      e->failed = json_array_append_new(array, number(e, list->at[i])) != 0;
    return array;
  }
  const md_stats_rows *rows = at;
  for (size_t i = 0; i < rows->count && !e->failed; i++)
    e->failed = json_array_append_new(array, scalar(e, field, (const char *)rows->at + i * size_of(field))) != 0;
  return array;
}

static json_t *object_of(encoder *e, const md_stats_field *fields, const void *from) {
  json_t *object = json_object();
  for (const md_stats_field *field = fields; field->name && !e->failed; field++) {
    const char *at = (const char *)from + field->offset;
    json_t *value = field->list ? list_of(e, field, at) : scalar(e, field, at);
    if (json_object_set_new(object, field->name, value)) e->failed = true;
  }
  return object;
}

json_t *md_stats_encode(const md_stats_field *fields, const void *from) {
  encoder e = {0};
  const char *why = *(const char *const *)from;
  json_t *object = object_of(&e, fields, from);
  if (e.incomplete && !why) why = "a result is beyond the range of the numbers that a computer holds";
  if (why && json_object_set_new(object, "why", json_string(why))) e.failed = true;
  return e.failed ? NULL : object;
}
