// SPDX-License-Identifier: Apache-2.0
// Finds in the calls of m's methods, before they run, event types that nobody sends, kinds of things that there
// are not, templates that are not declared,
// and calls that a loop makes twice. It looks at what is written out. Any thread.
#pragma once
#include "base/arena.h"
#include <stdbool.h>
#include <stddef.h>

// A variant that a send may have: a text, or the arm of an experiment with texts around it.
typedef struct md_lint_variant_text {
  const char *before, *experiment, *after; // `experiment` may be NULL
  const char *asked;                       // the experiment that decides on it all the same, or NULL
  int line;
} md_lint_variant_text;

typedef struct md_call_lint {
  bool templates_declared; // the moment says templates = { … }
  void *context;
  // What is wrong with waiting for this type or family, in `advice`; false when nothing is.
  bool (*unknown_type)(void *context, const char *type, char *advice, size_t room);
  // The same of a kind that by = "…" names.
  bool (*unknown_kind)(void *context, const char *kind, char *advice, size_t room);
  // A template sent with a variant that an experiment decides, or that is written out.
  void (*variant)(void *context, const char *template_name, const md_lint_variant_text *variant);
  // A template sent in this locale, or with these names as its data and no other (NULL-terminated).
  void (*locale)(void *context, const char *template_name, const char *locale, int line);
  void (*data)(void *context, const char *template_name, const char *const *names, int line);
  // Whether nothing is configured under this name, with the nearest that is (or NULL). NULL: any name may be.
  bool (*unknown_connection)(void *context, const char *name, const char **near);
  void (*found)(void *context, int line, const char *what);
} md_call_lint;

int md_lint_calls(const md_call_lint *lint, const char *text, size_t len, md_arena *arena); // 0 or MD_ENOMEM

// The event types that a text emits, or names in the forms of its pages.
int md_lint_emitted(const char *text, size_t len, md_arena *arena, void (*each)(void *context, const char *type),
                    void *context);
// The line of the first `name =`; 1 where there is none.
int md_lint_line_of(const char *text, size_t len, const char *name);
