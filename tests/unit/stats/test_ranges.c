// SPDX-License-Identifier: Apache-2.0
// Whatever a method is given: finite numbers, null with the reason, probabilities within 0 and 1, ends in order; or a
// refusal that begins with a field's name. Inputs are crossings of those of the vectors, every
// second one with numbers from the edge of the range put in, so that extremes meet.
// ctest: timeout=300 quick=no
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

enum { CROSSINGS = 800 };

static const char *method;
static const json_t *input;

static void complain(const char *field, const char *what) {
  print_error("%s of %s\n", json_dumps(input, JSON_ENCODE_ANY), method);
  fail_msg("%s: %s %s", method, field, what);
}

static bool is_probability(const char *name) {
  static const char *const starts[] = {
      "p_value", "prob_",      "power",  "type_s",   "conv",    "drop",   "pooled_rate", "cumulative_alpha", "holm",
      "bh",      "bonferroni", "chance", "thompson", "top_two", "bucket", "overall",     "r_squared"};
  for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
    if (strncmp(name, starts[i], strlen(starts[i])) == 0) return true;
  return false;
}

static bool is_size(const char *name) {
  return strncmp(name, "se", 2) == 0 || strstr(name, "loss") || strstr(name, "risk_control") ||
         strstr(name, "risk_treatment") || strcmp(name, "chi2") == 0 || strcmp(name, "df") == 0 ||
         strstr(name, "variance") == name || strstr(name, "sample_variance") || strcmp(name, "arl") == 0 ||
         strcmp(name, "path") == 0 || strcmp(name, "posterior_sd") == 0;
}

static void check_number(const char *name, double value) {
  if (!isfinite(value)) complain(name, "is not finite");
  if (is_probability(name) && (value < -1e-12 || value > 1 + 1e-9)) complain(name, "is no probability");
  if (is_size(name) && value < 0 && strcmp(name, "variance_reduction") != 0) complain(name, "is negative");
}

// Answers whether there is a null in it.
static bool check_value(const char *name, const json_t *value) {
  bool has_null = json_is_null(value) && !strstr(name, "alarm");
  if (json_is_number(value)) check_number(name, json_number_value(value));
  for (size_t i = 0; i < json_array_size(value); i++)
    has_null |= check_value(name, json_array_get(value, i));
  const char *member;
  json_t *inner;
  json_object_foreach((json_t *)value, member, inner) has_null |= check_value(member, inner);
  return has_null;
}

static void check_order(const json_t *out, const char *low, const char *high) {
  const json_t *a = json_object_get(out, low), *b = json_object_get(out, high);
  if (json_is_number(a) && json_is_number(b) && json_number_value(a) > json_number_value(b))
    complain(low, "is above the upper end");
}

static void check_output(const json_t *out) {
  bool has_null = check_value("", out);
  if (has_null && !json_is_string(json_object_get(out, "why"))) complain("why", "is missing beside a null");
  check_order(out, "lower", "upper");
  check_order(out, "lower_wald", "upper_wald");
  check_order(out, "adj_wald_lower", "adj_wald_upper");
  check_order(out, "overall_lower", "overall_upper");
}

static bool names_a_field(const char *text, const md_stats_field *fields) {
  for (const md_stats_field *field = fields; field->name; field++) {
    size_t len = strlen(field->name);
    if (strncmp(text, field->name, len) == 0 && strchr(":[.", text[len])) return true;
  }
  return false;
}

static void cross(json_t *child, const json_t *other, stats_random *r) {
  const char *name;
  json_t *value;
  void *next;
  json_object_foreach_safe(child, next, name, value) {
    json_t *from = json_object_get(other, name);
    if (!from) continue;
    if (json_is_object(value) && json_is_object(from) && stats_uniform(r) < 0.5)
      cross(value, from, r);
    else if (stats_uniform(r) < 0.4)
      json_object_set_new(child, name, json_deep_copy(from));
  }
}

// Puts a number at the edge of what there is in place of one here and there.
static void put_extremes(json_t *child, stats_random *r) {
  static const double edges[] = {0,     1,      2,  1e-300, 5e-324, 1e-9,           1e9,  9007199254740992.0,
                                 1e300, -1e300, -1, 0.5,    1e-16,  0.999999999999, 1e15, 40};
  const char *name;
  json_t *value;
  void *next;
  json_object_foreach_safe(child, next, name, value) {
    json_t *edge = json_real(edges[(int)(16 * stats_uniform(r))]);
    bool struck = stats_uniform(r) < 0.15;
    if (json_is_object(value)) put_extremes(value, r);
    if (json_is_number(value) && struck) json_object_set(child, name, edge);
    size_t count = json_array_size(value), at = (size_t)((double)count * stats_uniform(r));
    if (json_is_object(json_array_get(value, at))) put_extremes(json_array_get(value, at), r);
    if (json_is_number(json_array_get(value, at)) && struck) json_array_set(value, at, edge);
  }
}

static int answered_of(const json_t *vectors, const md_stats_field *fields, stats_random *r) {
  int answered = 0;
  size_t count = json_array_size(vectors);
  for (int i = 0; i < CROSSINGS; i++) {
    json_t *child = json_deep_copy(json_object_get(json_array_get(vectors, (size_t)(count * stats_uniform(r))), "in"));
    cross(child, json_object_get(json_array_get(vectors, (size_t)(count * stats_uniform(r))), "in"), r);
    if (i % 2) put_extremes(child, r);
    md_error err = {0};
    json_t *out = NULL;
    input = child;
    if (md_stats_call(method, child, &out, &err) == 0) {
      check_output(out);
      answered++;
    } else if (err.code != MD_EINVAL || !names_a_field(err.text, fields) || strchr(err.text, '\n')) {
      complain("the refusal", err.text);
    }
  }
  return answered;
}

static void every_method_stays_in_range(void **state) {
  (void)state;
  stats_random r = {20};
  const md_stats_method *at;
  for (size_t i = 0; (at = md_stats_method_at(i)); i++) {
    char path[1024];
    md_error err = {0};
    md_buffer text;
    md_buffer_init(&text);
    method = at->name;
    snprintf(path, sizeof path, "%s/tests/stats/vectors/%s.json", MOMENTD_SOURCE_DIR, method);
    if (md_file_read(path, 1 << 20, &text, &err)) fail_msg("%s", err.text);
    const json_t *vectors = md_json_parse(text.data, text.len, true, &err);
    int answered = answered_of(vectors, at->in, &r);
    if (answered < CROSSINGS / 10) fail_msg("%s took %d crossings only", method, answered);
    md_buffer_deinit(&text);
    stats_forget();
  }
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_method_stays_in_range)};
  return cmocka_run_group_tests(tests, stats_setup, stats_teardown);
}
