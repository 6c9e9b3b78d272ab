// SPDX-License-Identifier: Apache-2.0
// Writes the annotations: what is bound decides what there is, the tables say of which types it is.
#include "script/annotations.h"
#include "script/annotation_tables.h"
#include "script/bind.h"
#include "script/step_options.h"
#include <string.h>

typedef struct family {
  const char *owner;
  const luaL_Reg *functions;
} family;

static const family families[] = {
    {"m", md_bind_event}, {"m", md_bind_http},        {"m", md_bind_message}, {"m", md_bind_metrics},
    {"m", md_bind_plain}, {"m", md_bind_storage},     {"m", md_bind_wait},    {"experiment", md_bind_experiment},
    {"fmt", md_bind_fmt}, {"moment", md_bind_moment}, {"plan", md_bind_plan}, {"shop", md_bind_shop},
    {"", md_bind_spec},
};
enum { FAMILIES = sizeof families / sizeof *families };

// The text up to ';' or the end; `*rest` is behind it, or NULL.
static size_t part(const char *text, const char **rest) {
  size_t len = strcspn(text, ";");
  *rest = text[len] ? text + len + 1 + strspn(text + len + 1, " ") : NULL;
  return len;
}

static void write_params(md_buffer *out, const char *params, bool names) {
  for (const char *at = params[0] ? params : NULL, *rest; at; at = rest) {
    size_t len = part(at, &rest), name = strcspn(at, ":");
    size_t plain = at[name - 1] == '?' ? name - 1 : name;
    if (names)
      md_buffer_printf(out, "%s%.*s", at == params ? "" : ", ", (int)plain, at);
    else
      md_buffer_printf(out, "---@param %.*s %.*s\n", (int)name, at, (int)(len - name - 2), at + name + 2);
  }
}

static void write_function(md_buffer *out, const md_annotation *at) {
  const char *mark = !at->owner[0] ? "" : strcmp(at->owner, "m") == 0 || strcmp(at->owner, "shop") == 0 ? ":" : ".";
  md_buffer_printf(out, "---%s\n", at->says);
  write_params(out, at->params, false);
  for (const char *text = at->returns[0] ? at->returns : NULL, *rest; text; text = rest)
    md_buffer_printf(out, "---@return %.*s\n", (int)part(text, &rest), text);
  md_buffer_printf(out, "function %s%s%s(", at->owner, mark, at->name);
  write_params(out, at->params, true);
  md_buffer_puts(out, ") end\n\n");
}

static const md_annotation *find(const char *owner, const char *name) {
  for (const md_annotation *at = md_annotations; at->name; at++)
    if (strcmp(at->owner, owner) == 0 && strcmp(at->name, name) == 0) return at;
  return NULL;
}

static int write_family(md_buffer *out, const family *of, md_error *err) {
  for (const luaL_Reg *at = of->functions; at->name; at++) {
    const md_annotation *found = find(of->owner, at->name);
    if (!found)
      return md_error_set(err, MD_ENOTFOUND, "%s.%s has no line in script/annotation_tables.c", of->owner, at->name);
    write_function(out, found);
  }
  return 0;
}

static bool is_option(const md_option_type *type, const char *name) {
  size_t len = strcspn(type->name, "?");
  return strlen(name) == len && memcmp(type->name, name, len) == 0;
}

static const md_option_type *find_option(const char *of, const char *name) {
  const md_option_type *any = NULL;
  for (const md_option_type *at = md_option_types; at->name; at++) {
    if (!is_option(at, name)) continue;
    if (strcmp(at->of, of) == 0) return at;
    if (strcmp(at->of, "*") == 0) any = at;
  }
  return any;
}

static int write_options(md_buffer *out, const char *of, const char *const *known, md_error *err) {
  md_buffer_printf(out, "---@class md.%s_options\n", of);
  for (; *known; known++) {
    const md_option_type *type = find_option(of, *known);
    if (!type)
      return md_error_set(err, MD_ENOTFOUND, "the option %s of %s has no line in script/annotation_tables.c", *known,
                          of);
    md_buffer_printf(out, "---@field %s %s %s\n", type->name, type->type, type->says);
  }
  md_buffer_putc(out, '\n');
  return 0;
}

static int write_all_options(md_buffer *out, md_error *err) {
  const char *methods[MD_METHODS_MAX];
  md_bind_methods(methods);
  int code = write_options(out, "define", md_options_define, err);
  if (!code) code = write_options(out, "experiment", md_options_experiment, err);
  if (!code) code = write_options(out, "fmt", md_options_fmt, err);
  for (int i = 0; methods[i] && !code; i++) {
    const md_step_options *options = md_step_options_of(methods[i]);
    if (options) code = write_options(out, options->method, options->known, err);
  }
  return code;
}

// A line of the table that nothing binds any more.
static int find_stale(md_error *err) {
  for (const md_annotation *at = md_annotations; at->name; at++) {
    bool bound = false;
    for (int i = 0; i < FAMILIES && !bound; i++)
      for (const luaL_Reg *function = families[i].functions; function->name && !bound; function++)
        bound = strcmp(families[i].owner, at->owner) == 0 && strcmp(function->name, at->name) == 0;
    if (!bound)
      return md_error_set(err, MD_ENOTFOUND, "script/annotation_tables.c: %s.%s is bound nowhere", at->owner, at->name);
  }
  return 0;
}

static void write_require(md_buffer *out) {
  static const char *const modules[] = {"experiment", "fmt", "moment", "plan"};
  for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
    md_buffer_printf(out, "---@overload fun(name: \"%s\"): md.%s\n", modules[i], modules[i]);
  md_buffer_puts(out, "---@param name string\n---@return any\nfunction require(name) end\n");
}

int md_annotations_write(md_buffer *out, md_error *err) {
  int code = find_stale(err);
  md_buffer_puts(out, "---@meta\n-- Types for the Lua language server; made by: momentd annotations\n\n");
  md_buffer_puts(out, md_annotation_classes);
  if (!code) code = write_all_options(out, err);
  for (int i = 0; i < FAMILIES && !code; i++) {
    bool first = i == 0 || strcmp(families[i].owner, families[i - 1].owner) != 0;
    if (first && families[i].owner[0])
      md_buffer_printf(out, "---@class md.%s\nlocal %s = {}\n\n", families[i].owner, families[i].owner);
    code = write_family(out, &families[i], err);
  }
  write_require(out);
  return code || md_buffer_ok(out) ? code : md_error_set(err, MD_ENOMEM, "out of memory");
}
