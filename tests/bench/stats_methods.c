// SPDX-License-Identifier: Apache-2.0
// How long each method takes on the largest input that its fields allow: bench/stats_methods [METHOD…]. Prints a line a
// method: name, the median of five calls in milliseconds of CPU, and how much of it was the reading of the JSON tree.
// The aim is 50 ms; it says so where one is slower.
#include "base/json.h"
#include "stats/decode.h"
#include "stats/method.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 5, AIM_MS = 50, TEXTS = 100 };

static double now_ms(void) {
  struct timespec at;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at); // what others do on the machine is not the method's time
  return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

static bool named(const md_stats_field *field, const char *name) {
  return strcmp(field->name, name) == 0;
}

// A number that the field allows, item `i` of `count`; what others must not be greater than is large.
static double number_for(const md_stats_field *field, size_t i, size_t count) {
  double share = (double)(i * 7919 % 10007) / 10007;
  if (named(field, "information_fractions")) return (double)(i + 1) / (double)count;
  if (named(field, "step_counts")) return 1e9 - (double)i * 1e4;
  if (named(field, "sequence")) return i % 10 == 0;
  if (named(field, "min_weight")) return 0.01;
  if (named(field, "true_p")) return 0.001 + share / 100;
  if (named(field, "m")) return 1000;
  if (named(field, "H") || named(field, "lag")) return field->most;
  if (named(field, "n_pre")) return 5000;
  if (field->type == MD_STATS_COUNT && field->at_most) return floor(1e5 + 1e5 * share);
  if (field->type == MD_STATS_COUNT && field->most > field->least && !isinf(field->most)) return field->most;
  if (field->type == MD_STATS_COUNT) return floor(1e6 + 1e6 * share);
  if (field->most > field->least && !isinf(field->most))
    return field->least + (field->most - field->least) * (0.05 + 0.9 * share);
  return 1 + share;
}

static json_t *object_for(const md_stats_field *fields, size_t i, size_t count);

static json_t *value_for(const md_stats_field *field, size_t i, size_t count) {
  char text[TEXTS + 1];
  switch (field->type) {
  case MD_STATS_BOOL:
    return json_true();
  case MD_STATS_WORD:
    return json_string(field->words[0]);
  case MD_STATS_TEXT:
    snprintf(text, sizeof text, "%0*zu", TEXTS, i);
    return json_string(text);
  case MD_STATS_ARM:
    return json_pack("{s:f,s:f}", "n", 1e9, "x", 1e8);
  case MD_STATS_OBJECT:
    return object_for(field->members, i, count);
  default:
    return json_real(number_for(field, i, count));
  }
}

static json_t *list_for(const md_stats_field *field) {
  json_t *list = json_array();
  size_t count = field->longest ? field->longest : MD_STATS_VALUES_MAX;
  for (size_t i = 0; i < count; i++)
    json_array_append_new(list, value_for(field, i, count));
  return list;
}

static json_t *object_for(const md_stats_field *fields, size_t i, size_t count) {
  json_t *object = json_object();
  for (const md_stats_field *field = fields; field->name; field++)
    json_object_set_new(object, field->name, field->list ? list_for(field) : value_for(field, i, count));
  return object;
}

static int by_value(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

static double median(double *values) {
  qsort(values, RUNS, sizeof *values, by_value);
  return values[RUNS / 2];
}

static double decode_ms(const md_stats_method *method, const json_t *in) {
  md_error err = {0};
  md_arena *arena = md_arena_new(0);
  double from = now_ms();
  void *into = md_arena_alloc_zero(arena, method->in_size);
  md_stats_decode(in, method->in, into, arena, &err);
  double took = now_ms() - from;
  md_arena_free(arena);
  return took;
}

// Looks of group-sequential bounds: pairs of them as close as allowed, `pair` apart, the rest of the way to 1 divided.
static json_t *looks_in_pairs(double alpha, double from, double pair) {
  json_t *fractions = json_array();
  double wide = fmax(0.001, (1 - from - 30 * pair) / 29.0);
  for (int i = 0; i < 60; i++, from += i % 2 ? pair : wide)
    json_array_append_new(fractions, json_real(fmin(from, 1)));
  return json_pack("{s:f,s:o}", "alpha_two_sided", alpha, "information_fractions", fractions);
}

// How long these bounds take depends on where the looks lie and on what is spent, not on their number alone: the
// slowest of a search over both.
static json_t *slowest_looks(const md_stats_method *method) {
  static const double alphas[] = {0.999999, 0.5, 0.05, 1e-3, 1e-9, 1e-50, 1e-100, 1e-150, 1e-200, 1e-240};
  json_t *slowest = NULL, *out;
  double longest = 0;
  md_error err = {0};
  for (size_t a = 0; a < sizeof alphas / sizeof *alphas; a++) {
    for (int step = 0; step <= 47 * 2; step++) {
      json_t *in =
          looks_in_pairs(alphas[a], 0.001 + 0.02 * (step / 2), step % 2 ? 0.001 : (0.999 - 0.02 * (step / 2)) / 59);
      double start = now_ms();
      int code = md_stats_call(method->name, in, &out, &err);
      double took = now_ms() - start;
      if (code || took <= longest) continue;
      longest = took;
      slowest = in;
    }
  }
  return slowest;
}

static json_t *worst_input(const md_stats_method *method) {
  if (strcmp(method->name, "group_sequential_lan_demets_obf") == 0) return slowest_looks(method);
  return object_for(method->in, 0, 1);
}

static bool measure(const md_stats_method *method) {
  double calls[RUNS], decoding[RUNS];
  md_error err = {0};
  md_arena *arena = md_arena_new(0), *scope = md_json_scope(arena);
  json_t *in = worst_input(method), *out;
  int code = 0;
  for (int i = 0; i < RUNS && !code; i++) {
    double from = now_ms();
    code = md_stats_call(method->name, in, &out, &err);
    calls[i] = now_ms() - from;
    decoding[i] = decode_ms(method, in);
  }
  if (code)
    printf("%-45s refused: %s\n", method->name, err.text);
  else
    printf("%-45s %8.2f ms   decoding %6.2f ms%s\n", method->name, median(calls), median(decoding),
           median(calls) > AIM_MS ? "   slower than the aim of 50 ms" : "");
  fflush(stdout);
  md_json_scope(scope);
  md_arena_free(arena);
  return !code && median(calls) <= AIM_MS;
}

int main(int argc, char **argv) {
  bool ok = true;
  const md_stats_method *method;
  md_json_init();
  for (int i = 1; i < argc; i++) {
    if (!(method = md_stats_method_find(argv[i]))) {
      fprintf(stderr, "there is no method \"%s\"\n", argv[i]);
      return 2;
    }
    ok &= measure(method);
  }
  for (size_t i = 0; argc == 1 && (method = md_stats_method_at(i)); i++)
    ok &= measure(method);
  return ok ? 0 : 1;
}
