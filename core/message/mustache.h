// SPDX-License-Identifier: Apache-2.0
// Mustache templates (github.com/mustache/spec: core, inheritance, dynamic names; no lambdas): compile once, render
// with a stack of JSON values. Pure; any thread, one at a time an arena.
#pragma once
#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum {
  MD_MUSTACHE_DEPTH = 64,               // of sections in one template, and of partials in each other
  MD_MUSTACHE_OUTPUT_MAX = 1024 * 1024, // bytes
};

typedef struct md_mustache md_mustache; // a compiled template; lives in its arena

// Compiles `text` of `len` bytes, which must outlive the template. `file` and `first_line` are what errors name.
// MD_ESYNTAX ("FILE:LINE: what, and what to write"), MD_ETOOBIG (nesting), MD_ENOMEM.
int md_mustache_compile(const char *file, int first_line, const char *text, size_t len, md_arena *arena,
                        const md_mustache **out, md_error *err);

// Finds the text of a partial or parent; NULL when there is none. `file` is for errors and outlives the rendering.
typedef const char *(*md_mustache_partial)(void *context, const char *name, size_t *len, const char **file);

typedef struct md_mustache_options {
  bool html;   // {{x}} is escaped for HTML; without it nothing is
  bool strict; // a missing variable or partial is an error, as is a list or object where a value belongs
  md_mustache_partial partial; // may be NULL: there are none
  void *partial_context;
} md_mustache_options;

// Renders into `out` (appended; on an error what was appended is undefined). `stack` holds `depth` values, the one
// looked in first at the end. `arena` takes the partials. Missing is what no value of the stack has, or null; falsy
// are missing, false, 0, "", [] and {}. Numbers are written in their shortest form. In strict mode MD_EINVAL names
// variable, file and line. MD_ETOOBIG: output or recursion; errors of partials as in compile.
int md_mustache_render(const md_mustache *template, const md_mustache_options *options, const json_t *const *stack,
                       size_t depth, md_arena *arena, md_buffer *out, md_error *err);
