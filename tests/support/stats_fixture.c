// SPDX-License-Identifier: Apache-2.0
#include "stats_fixture.h"
#include "base/arena.h"
#include "base/json.h"
#include "stats/method.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static md_arena *arena;
static md_error err;

int stats_setup(void **state) {
  (void)state;
  arena = md_arena_new(1 << 16);
  if (!arena) return -1;
  md_json_scope(arena);
  return 0;
}

int stats_teardown(void **state) {
  (void)state;
  md_json_scope(NULL);
  md_arena_free(arena);
  return 0;
}

void stats_forget(void) {
  md_arena_reset(arena);
}

static int call(const char *method, const char *format, va_list arguments, json_t **out) {
  char *text = NULL;
  int len = vasprintf(&text, format, arguments);
  assert_true(len >= 0);
  err = (md_error){0};
  json_t *in = md_json_parse(text, (size_t)len, false, &err);
  if (!in) print_error("%s: %.200s: %s\n", method, text, err.text);
  assert_non_null(in);
  int rc = md_stats_call(method, in, out, &err);
  if (rc) snprintf(err.text + strlen(err.text), sizeof err.text - strlen(err.text), " (of %.120s)", text);
  free(text);
  return rc;
}

json_t *stats_ask(const char *method, const char *format, ...) {
  json_t *out = NULL;
  va_list arguments;
  va_start(arguments, format);
  int rc = call(method, format, arguments, &out);
  va_end(arguments);
  if (rc) fail_msg("%s: %s", method, err.text);
  return out;
}

const char *stats_refusal(const char *method, const char *format, ...) {
  json_t *out = NULL;
  va_list arguments;
  va_start(arguments, format);
  int rc = call(method, format, arguments, &out);
  va_end(arguments);
  if (rc == 0) fail_msg("%s took what it must refuse", method);
  return err.text;
}

static double number(const json_t *value, const char *field) {
  if (!json_is_number(value)) fail_msg("%s is no number", field);
  double got = json_number_value(value);
  assert_true(isfinite(got));
  return got;
}

double stats_number(const json_t *out, const char *field) {
  return number(json_object_get(out, field), field);
}

double stats_item(const json_t *out, const char *field, size_t index) {
  return number(json_array_get(json_object_get(out, field), index), field);
}

void stats_near(double got, double wanted, double within) {
  if (!(fabs(got - wanted) <= within)) fail_msg("%.17g is not %.17g within %g", got, wanted, within);
}

static uint64_t next(stats_random *r) {
  uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

double stats_uniform(stats_random *r) {
  return (double)(next(r) >> 11) / 9007199254740992.0;
}

double stats_normal(stats_random *r) {
  double length = sqrt(-2 * log(1 - stats_uniform(r)));
  return length * cos(2 * acos(-1.0) * stats_uniform(r));
}

int stats_binomial(stats_random *r, int n, double p) {
  int x = 0;
  for (int i = 0; i < n; i++)
    x += stats_uniform(r) < p;
  return x;
}
