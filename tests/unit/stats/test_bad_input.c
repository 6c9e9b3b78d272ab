// SPDX-License-Identifier: Apache-2.0
// Every field of every method, made wrong in each way that its place in the method's table forbids: refused, and the
// refusal begins with the field's path. tests/e2e/test_stats_input.py does the same from outside.
#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "stats/method.h"
#include "stats_fixture.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// A good input, and the object in it whose field is made wrong.
typedef struct place {
  const char *method;
  json_t *root, *object;
  char prefix[80]; // of the object: "", "prior.", "strata[0]."
  int tried;
} place;

static void assert_refused(place *p, const char *name, const char *how) {
  char path[160];
  md_error err = {0};
  json_t *out = NULL;
  snprintf(path, sizeof path, "%s%s", p->prefix, name);
  int code = md_stats_call(p->method, p->root, &out, &err);
  p->tried++;
  if (code != MD_EINVAL) fail_msg("%s took %s %s (%d)", p->method, path, how, code);
  // A list's or an arm's own part may be named after it.
  if (strncmp(err.text, path, strlen(path)) != 0 || !strchr(":[.", err.text[strlen(path)]) || strchr(err.text, '\n'))
    fail_msg("%s, %s %s: \"%s\" does not name it", p->method, path, how, err.text);
}

// With `bad` in the field's place (NULL: none) the input is refused; then all is as it was.
static void with(place *p, const char *name, json_t *bad, const char *how) {
  json_t *before = json_object_get(p->object, name);
  if (bad)
    json_object_set(p->object, name, bad);
  else
    json_object_del(p->object, name);
  assert_refused(p, name, how);
  if (before)
    json_object_set(p->object, name, before);
  else
    json_object_del(p->object, name);
}

static json_t *wrong_kind(md_stats_type type) {
  return type == MD_STATS_TEXT ? json_integer(3) : json_string("many");
}

static json_t *list_with(const json_t *list, json_t *bad) {
  json_t *copy = json_deep_copy(list);
  json_array_set_new(copy, json_array_size(copy) - 1, bad);
  return copy;
}

static void with_item(place *p, const md_stats_field *field, json_t *bad, const char *how) {
  with(p, field->name, field->list ? list_with(json_object_get(p->object, field->name), bad) : bad, how);
}

static void wrong_numbers(place *p, const md_stats_field *field) {
  if (field->type == MD_STATS_COUNT) {
    with_item(p, field, json_integer(-1), "negative");
    with_item(p, field, json_real(1.5), "of a half");
    with_item(p, field, json_real(1e300), "beyond 2^53");
  }
  if (field->least >= field->most) return;
  double margin = field->open ? 0 : 0.5;
  if (!isinf(field->least)) with_item(p, field, json_real(field->least - margin), "below its bound");
  if (!isinf(field->most)) with_item(p, field, json_real(field->most + margin), "above its bound");
}

static void more_than_its_limit(place *p, const md_stats_field *field) {
  const json_t *limit = json_object_get(p->object, field->at_most);
  if (field->list) limit = json_array_get(limit, json_array_size(limit) - 1);
  with_item(p, field, json_real(json_number_value(limit) + 1), "above its limit");
}

static void wrong_lists(place *p, const md_stats_field *field) {
  json_t *list = json_object_get(p->object, field->name);
  with(p, field->name, json_array(), "empty");
  with(p, field->name, json_integer(1), "as a number");
  with(p, field->name, list_with(list, json_null()), "with a null");
  with(p, field->name, list_with(list, wrong_kind(field->type)), "with a wrong item");
  if (field->as_many_as) {
    json_t *longer = json_deep_copy(list), *shorter = json_deep_copy(list);
    json_array_append(longer, json_array_get(list, 0));
    json_array_remove(shorter, 0);
    with(p, field->name, longer, "longer than its pair");
    with(p, field->name, shorter, "shorter than its pair");
  }
  if (!field->longest) return;
  json_t *full = json_array();
  for (size_t i = 0; i <= field->longest; i++)
    json_array_append(full, json_array_get(list, 0));
  with(p, field->name, full, "with too many");
}

static void wrong_arm(place *p, const md_stats_field *field) {
  static const char *const numbers[] = {"n", "x", "sum", "sum_squares"};
  json_t *outer = p->object, *arm = json_object_get(outer, field->name);
  char prefix[80];
  memcpy(prefix, p->prefix, sizeof prefix);
  snprintf(p->prefix + strlen(prefix), sizeof prefix - strlen(prefix), "%s.", field->name);
  p->object = arm;
  for (size_t i = 0; i < 4; i++) {
    if (!json_object_get(arm, numbers[i])) continue;
    with(p, numbers[i], json_null(), "null");
    with(p, numbers[i], json_string("1"), "as text");
    if (i != 1) with(p, numbers[i], NULL, "missing"); // without x an arm is one of sums
    if (i < 2) with(p, numbers[i], json_integer(-1), "negative");
    if (i < 2) with(p, numbers[i], json_real(2.5), "of a half");
  }
  with(p, "n", json_integer(0), "of nothing");
  if (json_object_get(arm, "x")) with(p, "x", json_real(json_number_value(json_object_get(arm, "n")) + 1), "above n");
  if (json_object_get(arm, "sum_squares")) with(p, "sum_squares", json_integer(-1), "negative");
  p->object = outer;
  memcpy(p->prefix, prefix, sizeof prefix);
}

static void wrong_object(place *p, const md_stats_field *fields);

static void inside(place *p, const md_stats_field *field) {
  place inner = *p;
  inner.object = json_object_get(p->object, field->name);
  if (field->list) inner.object = json_array_get(inner.object, 0);
  snprintf(inner.prefix + strlen(p->prefix), sizeof inner.prefix - strlen(p->prefix), "%s%s.", field->name,
           field->list ? "[0]" : "");
  wrong_object(&inner, field->members);
  p->tried = inner.tried;
}

static void wrong_field(place *p, const md_stats_field *field) {
  bool there = json_object_get(p->object, field->name);
  if (!field->optional) with(p, field->name, NULL, "missing");
  if (!field->nullable) with(p, field->name, json_null(), "null");
  with(p, field->name, wrong_kind(field->list ? MD_STATS_REAL : field->type), "of another kind");
  with(p, field->name, field->list ? json_object() : json_array(), "as a collection");
  if (field->type == MD_STATS_BOOL) with(p, field->name, json_integer(1), "as a number");
  bool number = field->type == MD_STATS_COUNT || field->type == MD_STATS_REAL;
  if (number && (there || !field->list)) wrong_numbers(p, field);
  if (field->at_most) more_than_its_limit(p, field);
  if (field->list && json_is_array(json_object_get(p->object, field->name))) wrong_lists(p, field);
  if (field->type == MD_STATS_ARM) wrong_arm(p, field);
  if (field->members && there) inside(p, field);
}

static void wrong_object(place *p, const md_stats_field *fields) {
  for (const md_stats_field *field = fields; field->name; field++)
    wrong_field(p, field);
}

static json_t *sample(const char *method, size_t index) {
  char path[1024];
  md_error err = {0};
  md_buffer text;
  md_buffer_init(&text);
  snprintf(path, sizeof path, "%s/tests/stats/vectors/%s.json", MOMENTD_SOURCE_DIR, method);
  if (md_file_read(path, 1 << 20, &text, &err)) fail_msg("%s", err.text);
  json_t *vectors = md_json_parse(text.data, text.len, true, &err);
  md_buffer_deinit(&text);
  return json_object_get(json_array_get(vectors, index), "in");
}

static void every_field_of_every_method(void **state) {
  (void)state;
  const md_stats_method *method;
  for (size_t i = 0; (method = md_stats_method_at(i)); i++) {
    for (size_t index = 0; index < 20; index += 7) {
      place p = {.method = method->name, .root = sample(method->name, index)};
      p.object = p.root;
      wrong_object(&p, method->in);
      assert_true(p.tried >= 4);
      md_error err = {0};
      json_t *out = NULL;
      if (md_stats_call(method->name, p.root, &out, &err))
        fail_msg("%s: the sample itself: %s", method->name, err.text);
      stats_forget();
    }
  }
}

static void no_object_no_method(void **state) {
  (void)state;
  md_error err = {0};
  json_t *out = NULL;
  assert_int_equal(md_stats_call("wilson_interval_of", json_object(), &out, &err), MD_ENOTFOUND);
  assert_int_equal(md_stats_call("fnv1a_32", json_array(), &out, &err), MD_EINVAL);
  assert_int_equal(md_stats_call("fnv1a_32", json_null(), &out, &err), MD_EINVAL);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_field_of_every_method),
                                     cmocka_unit_test(no_object_no_method)};
  return cmocka_run_group_tests(tests, stats_setup, stats_teardown);
}
