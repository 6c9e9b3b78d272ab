// SPDX-License-Identifier: Apache-2.0
// Every method against vectors computed by R (tests/stats/vectors.R): to a relative 1e-6, 1e-12 near 0. A method
// without 20 of them fails.
#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "stats/method.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { VECTORS_LEAST = 20, COMPLAINTS_MOST = 40 };

typedef struct comparison {
  const char *method;
  size_t index;
  int complaints;
  bool has_null; // in what is expected, but for alarms that did not come
} comparison;

static int complaints;

static void complain(comparison *c, const char *field, const char *got, const char *wanted) {
  c->complaints++;
  if (complaints++ < COMPLAINTS_MOST)
    print_error("%s, vector %zu, %s: %s, but R says %s\n", c->method, c->index, field, got, wanted);
}

static void compare_numbers(comparison *c, const char *field, const json_t *got, const json_t *wanted) {
  double a = json_number_value(got), b = json_number_value(wanted);
  if (fabs(a - b) <= fmax(1e-6 * fabs(b), 1e-12)) return;
  char texts[2][32];
  snprintf(texts[0], sizeof texts[0], "%.17g", a);
  snprintf(texts[1], sizeof texts[1], "%.17g", b);
  complain(c, field, texts[0], texts[1]);
}

static void compare(comparison *c, const char *field, const json_t *got, const json_t *wanted) {
  char inner[160];
  if (json_is_null(wanted) && !strstr(field, "alarm")) c->has_null = true;
  if (!got || (json_is_number(wanted) ? !json_is_number(got) : json_typeof(got) != json_typeof(wanted))) {
    complain(c, field, got ? json_dumps(got, JSON_ENCODE_ANY) : "missing", json_dumps(wanted, JSON_ENCODE_ANY));
  } else if (json_is_number(wanted)) {
    compare_numbers(c, field, got, wanted);
  } else if (json_is_array(wanted)) {
    if (json_array_size(got) != json_array_size(wanted)) complain(c, field, "of another length", "so many");
    for (size_t i = 0; i < json_array_size(wanted) && i < json_array_size(got); i++) {
      snprintf(inner, sizeof inner, "%s[%zu]", field, i);
      compare(c, inner, json_array_get(got, i), json_array_get(wanted, i));
    }
  } else if (json_is_object(wanted)) {
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)wanted, name, value) {
      snprintf(inner, sizeof inner, "%s%s%s", field, *field ? "." : "", name);
      compare(c, inner, json_object_get(got, name), value);
    }
  }
}

static void run_vector(comparison *c, const json_t *vector) {
  md_error err = {0};
  json_t *out = NULL;
  if (md_stats_call(c->method, json_object_get(vector, "in"), &out, &err)) {
    complain(c, "the input", err.text, "it is good");
    return;
  }
  compare(c, "", out, json_object_get(vector, "out"));
  if (c->has_null && !json_is_string(json_object_get(out, "why"))) complain(c, "why", "missing", "a result is null");
}

static size_t run_method(const char *method, md_arena *arena) {
  char path[1024];
  md_error err = {0};
  md_buffer text;
  md_buffer_init(&text);
  snprintf(path, sizeof path, "%s/tests/stats/vectors/%s.json", MOMENTD_SOURCE_DIR, method);
  if (md_file_read(path, 1 << 20, &text, &err)) fail_msg("%s: %s", method, err.text);
  const json_t *vectors = md_json_parse(text.data, text.len, true, &err);
  size_t count = json_array_size(vectors), wrong = 0;
  if (count < VECTORS_LEAST) fail_msg("%s has %zu vectors, not %d: %s", method, count, VECTORS_LEAST, err.text);
  for (size_t i = 0; i < count; i++) {
    comparison c = {.method = method, .index = i};
    run_vector(&c, json_array_get(vectors, i));
    wrong += c.complaints > 0;
  }
  if (wrong) print_error("%s: %zu of %zu vectors differ\n", method, wrong, count);
  md_buffer_deinit(&text);
  md_arena_reset(arena);
  return wrong;
}

static void every_vector_of_every_method(void **state) {
  (void)state;
  md_arena *arena = md_arena_new(1 << 16);
  md_arena *before = md_json_scope(arena);
  size_t wrong = 0, methods = 0;
  for (const md_stats_method *method; (method = md_stats_method_at(methods)); methods++)
    wrong += run_method(method->name, arena);
  md_json_scope(before);
  md_arena_free(arena);
  assert_true(methods > 0);
  assert_int_equal(wrong, 0);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_vector_of_every_method)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
