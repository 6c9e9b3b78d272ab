// SPDX-License-Identifier: Apache-2.0
// The tree of a compiled template, for the parser, the renderer and the Markdown compiler of this room. Pure.
#pragma once
#include "message/mustache.h"

typedef enum md_mustache_kind {
  MD_MUSTACHE_TEXT,
  MD_MUSTACHE_VARIABLE,
  MD_MUSTACHE_SECTION,
  MD_MUSTACHE_INVERTED,
  MD_MUSTACHE_PARTIAL,
  MD_MUSTACHE_PARENT,
  MD_MUSTACHE_BLOCK,
  // Made by the Markdown compiler only:
  MD_MUSTACHE_WRAP,    // text, children (underlined by `slot` if that is a character), tail; nothing at all when the
                       // children give but white space
  MD_MUSTACHE_NUMBER,  // counter `slot` is set to `number`
  MD_MUSTACHE_COUNTED, // counter `slot` is written and goes up by one
} md_mustache_kind;

enum { MD_MUSTACHE_COUNTERS = 8 };

typedef struct md_mustache_node md_mustache_node;
struct md_mustache_node {
  md_mustache_node *next;
  md_mustache_node *children;
  const char *file;
  const char *text; // of TEXT and WRAP (any bytes); otherwise the name, NUL-terminated
  size_t len;
  const char *tail; // of WRAP, NUL-terminated
  // White space before a tag that stood alone on its line (partials, parents and blocks: added to each line of what
  // they bring), NUL-terminated; NULL when it did not stand alone.
  const char *indent;
  const char *close_indent; // as indent, of a section's closing tag
  int line;
  int number;
  unsigned char slot;
  unsigned char kind; // md_mustache_kind
  bool raw;           // VARIABLE: {{{x}}} or {{&x}}
  bool url;           // VARIABLE: part of a link's target
  bool flat;          // VARIABLE: line breaks in its value are written as spaces, as HTML shows them
  bool dynamic;       // PARTIAL, PARENT: {{>*name}}
};

struct md_mustache {
  const char *file;
  md_mustache_node *first;
};

// What writes tags as something else instead of resolving them, while partials, parents and blocks are put in and
// sections are gone through once.
typedef struct md_mustache_expander {
  // VARIABLE, or the opening (`close` false) or closing tag of a section. Appends to `out`. `indent` is the white space
  // before a tag alone on its line, NULL otherwise.
  int (*tag)(void *context, const md_mustache_node *node, bool close, const char *indent, md_buffer *out,
             md_error *err);
  void *context;
  bool skip_dynamic; // leave out partials that data chooses; without it they are an error
} md_mustache_expander;

// As md_mustache_render, with tags to the expander.
int md_mustache_expand(const md_mustache *template, const md_mustache_options *options,
                       const md_mustache_expander *expander, md_arena *arena, md_buffer *out, md_error *err);
