// SPDX-License-Identifier: Apache-2.0
// Layouts: what stands around every mail's body. Pure; any thread.
#pragma once
#include "message/mustache.h"

// A layout's text. Those of the version are shared/layout_CLASS.html (.txt), else shared/layout.html (.txt).
typedef struct md_layout {
  const char *file; // "(built-in layout)" for the one of this unit
  const char *text;
  size_t len;
} md_layout;

// Finds the layout for a class (may be NULL) as HTML or text. `get` as in md_copy_source. Falls back to the built-in
// one. MD_ENOMEM is the only error.
int md_layout_find(const char *(*get)(void *context, const char *path, size_t *len), void *context,
                   const char *class_name, bool html, md_arena *arena, md_layout *out);

// What a layout is filled with, on top of the stack. Strings, never NULL.
typedef struct md_layout_parts {
  const char *body, *subject, *preview, *locale;
} md_layout_parts;

enum { MD_LAYOUT_STACK = 6 };

// Renders `layout` around the parts, with `stack` below them for further names (at most MD_LAYOUT_STACK values). A
// layout that does not put {{{body}}} in is MD_EINVAL. Other errors as md_mustache_render. An arena is in scope
// (md_json_scope).
int md_layout_render(const md_layout *layout, const md_layout_parts *parts, const md_mustache_options *options,
                     const json_t *const *stack, size_t depth, md_arena *arena, md_buffer *out, md_error *err);
