// SPDX-License-Identifier: Apache-2.0
// The registry of methods, and the way from JSON through a method to JSON.
#include "stats/method.h"
#include "base/suggest.h"
#include "stats/decode.h"
#include "stats/families.h"
#include <string.h>

enum { METHODS_MAX = 64 };

static const md_stats_method *const families[] = {
    md_stats_proportion_methods, md_stats_means_methods,    md_stats_srm_methods,
    md_stats_sequential_methods, md_stats_bayes_methods,    md_stats_planning_methods,
    md_stats_watch_methods,      md_stats_feedback_methods, md_stats_bucket_methods};

const md_stats_method *md_stats_method_at(size_t index) {
  for (size_t i = 0; i < sizeof families / sizeof *families; i++)
    for (const md_stats_method *method = families[i]; method->name; method++)
      if (index-- == 0) return method;
  return NULL;
}

const md_stats_method *md_stats_method_find(const char *name) {
  for (size_t i = 0;; i++) {
    const md_stats_method *method = md_stats_method_at(i);
    if (!method || strcmp(method->name, name) == 0) return method;
  }
}

const char *md_stats_method_nearest(const char *wrong) {
  const char *names[METHODS_MAX + 1] = {0};
  for (size_t i = 0; i < METHODS_MAX && md_stats_method_at(i); i++)
    names[i] = md_stats_method_at(i)->name;
  return md_suggest(wrong, names);
}

static int call(const md_stats_method *method, const json_t *in, json_t **out, md_arena *arena, md_error *err) {
  void *from = md_arena_alloc_zero(arena, method->in_size), *to = md_arena_alloc_zero(arena, method->out_size);
  if (!from || !to) return md_error_set(err, MD_ENOMEM, "out of memory");
  int code = md_stats_decode(in, method->in, from, arena, err);
  if (!code) code = method->run(from, to, arena, err);
  if (code) return code;
  *out = md_stats_encode(method->out, to);
  return *out ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
}

int md_stats_call(const char *name, const json_t *in, json_t **out, md_error *err) {
  *out = NULL;
  const md_stats_method *method = md_stats_method_find(name);
  if (!method) return md_error_set(err, MD_ENOTFOUND, "there is no method \"%s\"", name);
  md_arena *arena = md_arena_new(0);
  if (!arena) return md_error_set(err, MD_ENOMEM, "out of memory");
  int code = call(method, in, out, arena, err);
  md_arena_free(arena);
  return code;
}
