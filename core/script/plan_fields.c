// SPDX-License-Identifier: Apache-2.0
// Reads fields and paths of a plan's declaration. Pure.
#include "script/plan_fields.h"
#include "base/suggest.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_MAX_BYTES = 200 };

md_plan_field md_plan_inside(const char *up, const char *name) {
  md_plan_field made;
  snprintf(made.text, sizeof made.text, "%.290s%s%.200s", up, *up ? "." : "", name);
  return made;
}

int md_plan_fail(md_plan_reader *r, const char *where, const char *format, ...) {
  char text[480];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (r->where) *r->where = md_plan_inside("", where);
  return md_error_set(r->err, MD_EINVAL, "%s", text);
}

int md_plan_no_memory(md_plan_reader *r) {
  return md_error_set(r->err, MD_ENOMEM, "out of memory for the plan");
}

static int by_bytes(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **md_plan_names(md_plan_reader *r, const json_t *object) {
  json_t *source = (json_t *)object; // jansson's iterators take no const, and change nothing
  size_t count = 0;
  const char **names = md_arena_alloc(r->plan->arena, (json_object_size(object) + 1) * sizeof *names);
  if (!names) {
    md_plan_no_memory(r);
    return NULL;
  }
  for (void *at = json_object_iter(source); at; at = json_object_iter_next(source, at))
    names[count++] = json_object_iter_key(at);
  qsort(names, count, sizeof *names, by_bytes);
  names[count] = NULL;
  return names;
}

int md_plan_check_names(md_plan_reader *r, const json_t *object, const char *where, const char *const *known) {
  if (!json_is_object(object)) return md_plan_fail(r, where, "%s must be a table with names", where);
  const char **names = md_plan_names(r, object);
  for (int i = 0; names && names[i]; i++) {
    bool found = false;
    for (int k = 0; known[k] && !found; k++)
      found = strcmp(known[k], names[i]) == 0;
    if (found) continue;
    const char *near = md_suggest(names[i], known);
    return md_plan_fail(r, md_plan_inside(where, names[i]).text, "%s has no field '%s'%s%s%s", where, names[i],
                        near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
  }
  return names ? 0 : MD_ENOMEM;
}

const char *md_plan_keep(md_plan_reader *r, const char *text) {
  return md_arena_strdup(r->plan->arena, text);
}

static bool is_path(const char *path) {
  bool in_name = false;
  for (const char *at = path; *at; at++) {
    bool dot = *at == '.';
    if (dot && (!in_name || !at[1])) return false;
    if (!dot && !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", *at)) return false;
    in_name = !dot;
  }
  return in_name && strlen(path) <= PATH_MAX_BYTES;
}

int md_plan_read_path(md_plan_reader *r, const json_t *value, const char *where, const char **out) {
  const char *path = json_string_value(value);
  if (!path || !is_path(path) || (strcmp(path, "subject") != 0 && strncmp(path, "data.", 5) != 0))
    return md_plan_fail(r, where, "%s must be a path such as \"data.order_id\", or \"subject\"%s%s%s", where,
                        path ? ", not \"" : "", path ? path : "", path ? "\"" : "");
  *out = md_plan_keep(r, path);
  return *out ? 0 : md_plan_no_memory(r);
}

bool md_plan_contains(const char *const *list, const char *path) {
  for (; *list; list++)
    if (strcmp(*list, path) == 0) return true;
  return false;
}

int md_plan_named_twice(md_plan_reader *r, const char *path, const char *where) {
  return md_plan_fail(r, where, "%s names the path %s a second time: name it once", where, path);
}

int md_plan_read_paths(md_plan_reader *r, const json_t *value, const char *where, const char *const **out) {
  static const char *const empty[] = {NULL};
  *out = empty;
  bool one = json_is_string(value), none = !value || (json_is_object(value) && json_object_size(value) == 0);
  if (!one && !none && !json_is_array(value))
    return md_plan_fail(r, where, "%s must be a path or a list of paths", where);
  int count = one ? 1 : none ? 0 : (int)json_array_size(value);
  const char **paths = md_arena_alloc_zero(r->plan->arena, ((size_t)count + 1) * sizeof *paths);
  if (!paths) return md_plan_no_memory(r);
  for (int i = 0; i < count; i++) {
    const char *path = NULL;
    int code = md_plan_read_path(r, one ? value : json_array_get(value, (size_t)i), where, &path);
    if (code || !path) return code;
    if (md_plan_contains(paths, path)) return md_plan_named_twice(r, path, where);
    paths[i] = path;
  }
  *out = paths;
  return 0;
}

int md_plan_read_data_paths(md_plan_reader *r, const json_t *value, const char *where, const char *const **out) {
  const char *const *paths;
  int code = md_plan_read_paths(r, value, where, &paths);
  for (const char **at = (const char **)paths; !code && *at; at++) {
    if (strncmp(*at, "data.", 5) != 0)
      return md_plan_fail(r, where, "%s: only what is in data can be named here, such as \"data.link\"", where);
    *at += 5;
  }
  *out = code ? NULL : paths;
  return code;
}
