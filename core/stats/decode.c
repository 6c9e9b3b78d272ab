// SPDX-License-Identifier: Apache-2.0
// From JSON to a method's struct: types, bounds and what fields demand of each other, all from the method's table.
#include "stats/decode.h"
#include "stats/moments.h"
#include "stats/unknown.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_MAX_LEN = 160 };
static const double count_max = 9007199254740992.0; // 2^53: further whole numbers are not exact

// Where decoding stands, for messages: "cases[3].seed".
typedef struct place {
  char path[PATH_MAX_LEN];
  md_arena *arena;
  md_error *err;
} place;

static int object_into(place *where, const json_t *object, const md_stats_field *fields, void *into);

static int refuse(const place *where, const char *rule, const char *detail) {
  return md_error_set(where->err, MD_EINVAL, "%s: %s%s", where->path[0] ? where->path : "the input", rule, detail);
}

static const char *kind_of(const json_t *value) {
  if (!value) return " is missing";
  static const char *const names[] = {", not an object", ", not a list", ", not text",  ", not a number",
                                      ", not a number",  ", not true",   ", not false", ", not null"};
  return names[json_typeof(value)];
}

static int wrong_type(const place *where, const char *wanted, const json_t *value) {
  if (!value) return md_error_set(where->err, MD_EINVAL, "%s: is missing; give %s", where->path, wanted);
  return md_error_set(where->err, MD_EINVAL, "%s: must be %s%s", where->path, wanted, kind_of(value));
}

// Steps into a member or an item; returns the length to go back to. Called for every value: no printf.
static size_t enter(place *where, const char *member, size_t index) {
  size_t len = strlen(where->path), room = sizeof where->path - len;
  if (!member) {
    snprintf(where->path + len, room, "[%zu]", index);
    return len;
  }
  size_t name = strlen(member), dot = len ? 1 : 0;
  if (name + dot >= room) return len;
  if (dot) where->path[len] = '.';
  memcpy(where->path + len + dot, member, name + 1);
  return len;
}

static void leave(place *where, size_t len) {
  where->path[len] = '\0';
}

static int out_of_bounds(const place *where, const md_stats_field *field, double value) {
  char rule[160];
  const char *from = field->open ? "more than" : "at least", *to = field->open ? "less than" : "at most";
  if (isinf(field->most))
    snprintf(rule, sizeof rule, "must be %s %.17g, not %.17g", from, field->least, value);
  else if (isinf(field->least))
    snprintf(rule, sizeof rule, "must be %s %.17g, not %.17g", to, field->most, value);
  else
    snprintf(rule, sizeof rule, "must be %s %.17g and %s %.17g, not %.17g", from, field->least, to, field->most, value);
  return refuse(where, rule, "");
}

static int in_bounds(const place *where, const md_stats_field *field, double value) {
  if (!isfinite(value)) return refuse(where, "must be a finite number", "");
  if (field->type == MD_STATS_COUNT) {
    if (value < 0) return refuse(where, "must not be negative: it counts", "");
    if (value != floor(value)) return refuse(where, "must be a whole number: it counts", "");
    if (value > count_max) return refuse(where, "must be at most 9007199254740992 (2^53)", "");
  }
  if (field->least >= field->most) return 0; // no bounds
  if (field->open ? value > field->least && value < field->most : value >= field->least && value <= field->most)
    return 0;
  return out_of_bounds(where, field, value);
}

static int number_into(const place *where, const md_stats_field *field, const json_t *value, double *into) {
  if (!json_is_number(value))
    return wrong_type(where, field->type == MD_STATS_COUNT ? "a whole number" : "a number", value);
  *into = json_number_value(value);
  if (field->type == MD_STATS_COUNT && json_is_integer(value) && json_integer_value(value) > (json_int_t)count_max)
    return refuse(where, "must be at most 9007199254740992 (2^53)", ""); // 2^53 + 1 would be rounded to 2^53
  return in_bounds(where, field, *into);
}

static int word_into(const place *where, const md_stats_field *field, const json_t *value, int *into) {
  char known[160] = "";
  for (int i = 0; field->words[i]; i++) {
    const char *text = json_string_value(value);
    if (text && strcmp(text, field->words[i]) == 0) {
      *into = i;
      return 0;
    }
    size_t len = strlen(known);
    snprintf(known + len, sizeof known - len, "%s\"%s\"", i ? " or " : "", field->words[i]);
  }
  if (json_is_string(value)) return refuse(where, "must be ", known);
  return wrong_type(where, known, value);
}

static const md_stats_field arm_sums[] = {
    {.name = "n", .type = MD_STATS_COUNT, .offset = offsetof(md_arm, n), .least = 1, .most = INFINITY},
    {.name = "sum", .type = MD_STATS_REAL, .offset = offsetof(md_arm, sum)},
    {.name = "sum_squares",
     .type = MD_STATS_REAL,
     .offset = offsetof(md_arm, sum_squares),
     .least = 0,
     .most = INFINITY},
    {0}};
static const md_stats_field arm_successes[] = {
    {.name = "n", .type = MD_STATS_COUNT, .offset = offsetof(md_arm, n), .least = 1, .most = INFINITY},
    {.name = "x", .type = MD_STATS_COUNT, .offset = offsetof(md_arm, sum), .at_most = "n"},
    {0}};

const md_stats_field md_stats_arm_fields[] = {{.name = "n", .type = MD_STATS_COUNT},
                                              {.name = "x", .type = MD_STATS_COUNT},
                                              {.name = "sum", .type = MD_STATS_REAL},
                                              {.name = "sum_squares", .type = MD_STATS_REAL},
                                              {0}};

// No data have these sums: the mean of squares is never below the square of the mean. Forgiven is what adding up n
// numbers may round (n units in the last place for each sum: Higham 2002, section 4.2), and printing 15 digits.
static int check_sums(place *where, const md_arm *arm) {
  double least = arm->sum * (arm->sum / arm->n), rounding = fmin(1e-9, 1e-14 + 3 * DBL_EPSILON * arm->n);
  if (arm->sum_squares >= least * (1 - rounding)) return 0;
  enter(where, "sum_squares", 0);
  return refuse(where, "must be at least sum * sum / n: no values have less", "");
}

// Which of the two forms it has: neither may be guessed.
static int arm_form(place *where, const json_t *arm, bool *successes) {
  bool sums = json_object_get(arm, "sum") || json_object_get(arm, "sum_squares");
  *successes = json_object_get(arm, "x") != NULL;
  if (*successes != sums) return 0;
  enter(where, "x", 0);
  return sums ? refuse(where, "must not stand beside sum: give {n, x} or {n, sum, sum_squares}", "")
              : refuse(where, "is missing; give x, or sum and sum_squares", "");
}

static int arm_into(place *where, const json_t *value, md_arm *into) {
  if (!json_is_object(value)) return wrong_type(where, "an object {n, sum, sum_squares} or {n, x}", value);
  if (arm_form(where, value, &into->binary)) return MD_EINVAL;
  int code = object_into(where, value, into->binary ? arm_successes : arm_sums, into);
  if (into->binary) into->sum_squares = into->sum;
  return code || into->binary ? code : check_sums(where, into);
}

static int text_into(const place *where, const json_t *value, md_stats_text *into) {
  if (!json_is_string(value)) return wrong_type(where, "text", value);
  *into = (md_stats_text){json_string_value(value), json_string_length(value)};
  return 0;
}

static int value_into(place *where, const md_stats_field *field, const json_t *value, void *into) {
  switch (field->type) {
  case MD_STATS_BOOL:
    if (!json_is_boolean(value)) return wrong_type(where, "true or false", value);
    *(bool *)into = json_is_true(value);
    return 0;
  case MD_STATS_WORD:
    return word_into(where, field, value, into);
  case MD_STATS_TEXT:
    return text_into(where, value, into);
  case MD_STATS_ARM:
    return arm_into(where, value, into);
  case MD_STATS_OBJECT:
    if (!json_is_object(value)) return wrong_type(where, "an object", value);
    return object_into(where, value, field->members, into);
  default:
    return number_into(where, field, value, into);
  }
}

static size_t size_of(const md_stats_field *field) {
  switch (field->type) {
  case MD_STATS_TEXT:
    return sizeof(md_stats_text);
  case MD_STATS_ARM:
    return sizeof(md_arm);
  case MD_STATS_OBJECT:
    return field->size;
  default:
    return sizeof(double);
  }
}

size_t md_stats_longest(const md_stats_field *list) {
  return list->longest ? list->longest : MD_STATS_VALUES_MAX;
}

static int check_length(const place *where, const md_stats_field *field, size_t count) {
  char rule[80];
  size_t shortest = field->shortest ? field->shortest : 1;
  size_t longest = md_stats_longest(field);
  if (count >= shortest && count <= longest) return 0;
  if (count == 0) return refuse(where, "must not be empty", "");
  snprintf(rule, sizeof rule, "must have %s %zu items, not %zu", count < shortest ? "at least" : "at most",
           count < shortest ? shortest : longest, count);
  return refuse(where, rule, "");
}

static int numbers_into(place *where, const md_stats_field *field, const json_t *list, double *items, size_t count) {
  place silent = {.err = NULL}; // an item's place is only worked out where it is refused
  for (size_t i = 0; i < count; i++) {
    const json_t *value = json_array_get(list, i);
    if (number_into(&silent, field, value, &items[i]) == 0) continue;
    enter(where, NULL, i);
    return number_into(where, field, value, &items[i]);
  }
  return 0;
}

static int rows_into(place *where, const md_stats_field *field, const json_t *list, char *items, size_t count) {
  for (size_t i = 0; i < count; i++) {
    size_t back = enter(where, NULL, i);
    int code = value_into(where, field, json_array_get(list, i), items + i * size_of(field));
    if (code) return code;
    leave(where, back);
  }
  return 0;
}

// Lists of numbers and of structs lie alike: a pointer and a count.
static int list_into(place *where, const md_stats_field *field, const json_t *value, void *into) {
  if (!json_is_array(value)) return wrong_type(where, "a list", value);
  size_t count = json_array_size(value);
  int code = check_length(where, field, count);
  if (code) return code;
  void *items = md_arena_alloc_zero(where->arena, count * size_of(field));
  if (!items) return md_error_set(where->err, MD_ENOMEM, "out of memory");
  if (field->type == MD_STATS_REAL || field->type == MD_STATS_COUNT) {
    *(md_stats_list *)into = (md_stats_list){items, count};
    return numbers_into(where, field, value, items, count);
  }
  *(md_stats_rows *)into = (md_stats_rows){items, count};
  return rows_into(where, field, value, items, count);
}

static int default_into(const md_stats_field *field, void *into) {
  if (!field->list && field->otherwise && (field->type == MD_STATS_REAL || field->type == MD_STATS_COUNT))
    *(double *)into = strtod(field->otherwise, NULL);
  return 0;
}

static int field_into(place *where, const json_t *object, const md_stats_field *field, void *into) {
  const json_t *value = json_object_get(object, field->name);
  void *at = (char *)into + field->offset;
  if ((!value && field->optional) || (json_is_null(value) && field->nullable)) return default_into(field, at);
  size_t back = enter(where, field->name, 0);
  int code = field->list ? list_into(where, field, value, at) : value_into(where, field, value, at);
  if (!code) leave(where, back);
  return code;
}

static const md_stats_field *field_named(const md_stats_field *fields, const char *name) {
  while (fields->name && strcmp(fields->name, name) != 0)
    fields++;
  return fields->name ? fields : NULL;
}

static int more_than(place *where, const md_stats_field *field, double value, double limit) {
  char rule[160];
  snprintf(rule, sizeof rule, "must be at most %s: %.17g is more than %.17g", field->at_most, value, limit);
  return refuse(where, rule, "");
}

static int check_at_most(place *where, const md_stats_field *fields, const md_stats_field *field, const void *in) {
  const md_stats_field *other = field_named(fields, field->at_most);
  const void *at = (const char *)in + field->offset, *limit = (const char *)in + other->offset;
  enter(where, field->name, 0);
  if (!field->list) {
    const double *value = at, *most = limit;
    return *value > *most ? more_than(where, field, *value, *most) : 0;
  }
  const md_stats_list *values = at, *limits = limit;
  for (size_t i = 0; i < values->count; i++) {
    if (values->at[i] <= limits->at[i]) continue;
    enter(where, NULL, i);
    return more_than(where, field, values->at[i], limits->at[i]);
  }
  return 0;
}

static int check_as_many(place *where, const md_stats_field *fields, const md_stats_field *field, const void *in) {
  const md_stats_field *other = field_named(fields, field->as_many_as);
  const md_stats_list *list = (const void *)((const char *)in + field->offset);
  const md_stats_list *model = (const void *)((const char *)in + other->offset);
  if (list->count == model->count) return 0;
  char rule[160];
  snprintf(rule, sizeof rule, "must be as long as %s: %zu items, not %zu", field->as_many_as, model->count,
           list->count);
  enter(where, field->name, 0);
  return refuse(where, rule, "");
}

// Lengths first: limits are compared item by item.
static int check_relations(place *where, const md_stats_field *fields, const void *in) {
  size_t back = strlen(where->path);
  int code = 0;
  for (const md_stats_field *field = fields; field->name && !code; field++)
    if (field->as_many_as) code = check_as_many(where, fields, field, in);
  for (const md_stats_field *field = fields; field->name && !code; field++) {
    if (field->at_most) code = check_at_most(where, fields, field, in);
    if (!code) leave(where, back);
  }
  return code;
}

// Every member must be a field: of one that is ignored, somebody believes that it counts.
static int check_unknown(place *where, const json_t *object, const md_stats_field *fields) {
  json_t *borrowed = (json_t *)object; // jansson's iteration asks for a mutable one, and changes nothing
  for (void *at = json_object_iter(borrowed); at; at = json_object_iter_next(borrowed, at)) {
    const char *key = json_object_iter_key(at);
    if (field_named(fields, key)) continue;
    char shown[MD_STATS_SHOWN_LEN], advice[MD_STATS_ADVICE_LEN];
    md_stats_unknown(key, fields, shown, advice);
    enter(where, shown, 0);
    return refuse(where, advice, "");
  }
  return 0;
}

static int object_into(place *where, const json_t *object, const md_stats_field *fields, void *into) {
  int code = check_unknown(where, object, fields);
  for (const md_stats_field *field = fields; field->name && !code; field++)
    code = field_into(where, object, field, into);
  return code ? code : check_relations(where, fields, into);
}

int md_stats_decode(const json_t *object, const md_stats_field *fields, void *into, md_arena *arena, md_error *err) {
  place where = {.arena = arena, .err = err};
  if (!json_is_object(object)) return refuse(&where, "must be a JSON object", "");
  return object_into(&where, object, fields, into);
}
