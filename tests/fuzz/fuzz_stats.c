// SPDX-License-Identifier: Apache-2.0
// The statistics: any values in a method's fields are refused with a reason, or give numbers that are finite, or null
// with a reason. Each byte chooses: the method, then the values of its fields as its tables name them.
#include "base/json.h"
#include "stats/method.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct choices {
  const uint8_t *at, *end;
} choices;

static unsigned next(choices *c) {
  return c->at < c->end ? *c->at++ : 0;
}

static const double numbers[] = {0,     1,     2,     3,      0.5,  0.05,  0.95,   10,
                                 7,     100,   1000,  1e9,    0.01, 0.001, 1e-9,   1e-300,
                                 1e300, -1,    -0.5,  -1e300, 4e15, 0.2,   0.4,    9007199254740992,
                                 1e-3,  0.999, 1e154, 1e-154, 12,   1e308, 5e-324, 0.99999999};

static json_t *object_of(choices *c, const md_stats_field *fields);

static json_t *number_of(choices *c, const md_stats_field *field) {
  unsigned byte = next(c);
  double value = numbers[byte % (sizeof numbers / sizeof *numbers)];
  if (byte >= 128 && field->type == MD_STATS_COUNT) value = fmin(floor(fabs(value)), 1e15);
  if (byte >= 64 && field->least < field->most) value = fmin(fmax(value, field->least), field->most);
  return isfinite(value) ? json_real(value) : json_null();
}

static json_t *value_of(choices *c, const md_stats_field *field) {
  switch (field->type) {
  case MD_STATS_BOOL:
    return json_boolean(next(c) & 1);
  case MD_STATS_WORD:
    return json_string(field->words[next(c) & 1]);
  case MD_STATS_TEXT:
    return json_string(next(c) & 1 ? "a" : "");
  case MD_STATS_ARM: {
    json_t *arm = json_object();
    const md_stats_field count = {.type = MD_STATS_COUNT}, real = {.type = MD_STATS_REAL};
    json_object_set_new(arm, "n", number_of(c, &count));
    json_object_set_new(arm, next(c) & 1 ? "x" : "sum", number_of(c, &real));
    json_object_set_new(arm, "sum_squares", number_of(c, &real));
    return arm;
  }
  case MD_STATS_OBJECT:
    return object_of(c, field->members);
  default:
    return number_of(c, field);
  }
}

static json_t *list_of(choices *c, const md_stats_field *field, unsigned count) {
  json_t *list = json_array();
  for (unsigned i = 0; i < count; i++)
    json_array_append_new(list, value_of(c, field));
  return list;
}

// Lists of one object are mostly as long as each other.
static json_t *object_of(choices *c, const md_stats_field *fields) {
  json_t *object = json_object();
  unsigned count = next(c) % 7;
  for (const md_stats_field *field = fields; field->name; field++) {
    if (field->optional && next(c) % 4 == 0) continue;
    json_object_set_new(object, field->name, field->list ? list_of(c, field, count) : value_of(c, field));
  }
  return object;
}

// Whether every number is finite; `nulls` counts the rest.
static void look(const json_t *value, int *nulls) {
  json_t *borrowed = (json_t *)value;
  if (json_is_null(value)) ++*nulls;
  if (json_is_real(value) && !isfinite(json_real_value(value))) abort();
  for (size_t i = 0; i < json_array_size(value); i++)
    look(json_array_get(value, i), nulls);
  for (void *at = json_object_iter(borrowed); at; at = json_object_iter_next(borrowed, at))
    look(json_object_iter_value(at), nulls);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static bool ready;
  if (!ready) md_json_init();
  ready = true;
  choices c = {data, data + size};
  const md_stats_method *method = md_stats_method_at(next(&c) % 42);
  md_arena *arena = md_arena_new(0), *before = md_json_scope(arena);
  md_error err = {0};
  json_t *out = NULL;
  int nulls = 0, code = md_stats_call(method->name, object_of(&c, method->in), &out, &err);
  if (code && (code != MD_EINVAL || !strchr(err.text, ':') || strchr(err.text, '\n'))) abort();
  if (!code) look(out, &nulls);
  if (nulls && !md_json_text(out, "why")) abort();
  md_json_scope(before);
  md_arena_free(arena);
  return 0;
}
