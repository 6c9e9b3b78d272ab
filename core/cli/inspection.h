// SPDX-License-Identifier: Apache-2.0
// What the checks of a script tree share: the tree, what is known of it, and what was found. One thread; for
// `momentd check`, and for what asks whether a version may go live.
#pragma once
#include "base/json.h"
#include "cli/known_types.h"
#include "cli/scripts.h"
#include "cli/tree.h"
#include "message/copy.h"
#include "script/experiment.h"
#include "script/lint_calls.h"
#include "script/plan.h"
#include "script/vm.h"

typedef struct md_inspect_named {
  struct md_inspect_named *next;
  const char *name;
} md_inspect_named;

typedef struct md_inspection {
  md_tree tree;
  const md_plan *plan;
  bool plan_unread; // events.lua is wrong: what it declares is not known, and nothing is told of that
  md_arena *arena;
  md_problems problems;
  int moments;
  const char *moment;        // that is looked at
  const md_source *own;      // its files
  const char *file;          // that is linted
  const char *locale;        // the default one
  const json_t *connections; // of the configuration file; NULL without one
  md_micros retention;       // 0: for ever
  md_known_types types;
  const md_experiments *experiments;
  md_inspect_named *named; // templates of this moment that were looked at
  // Told which copy a template has, where somebody wants to know; or NULL.
  void (*copy)(const char *moment, const char *template_name, const md_copy_choice *choice, const char *locales);
} md_inspection;

// Something is wrong; without a file it is the moment itself.
void md_inspect_found(md_inspection *at, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
// The line of the first `name =` in the file (NULL: 1).
int md_inspect_line_of(const md_source_file *file, const char *name);

// A folder with Lua or copy but without moment.lua is most likely a slip; told once.
void md_inspect_stray(md_inspection *at, const char *path);

// A moment's folder: its scripts and copy (inspect_moment.c).
void md_inspect_moment(md_inspection *at, const char *moment);
// The same of one that is compiled already; `definition` NULL: it could not be.
void md_inspect_version(md_inspection *at, const char *moment, const md_source *own, const md_definition *definition);

// What it defines, against the plan: types, things, addresses (inspect_definition.c).
void md_inspect_definition(md_inspection *at, const md_definition *definition, const char *file);
bool md_inspect_unknown_kind(void *context, const char *kind, char *advice, size_t room);

// Copy: templates in their locales, and variants (inspect_copy.c).
bool md_inspect_is_copy(const char *path);
md_copy_source md_inspect_copy(md_inspection *at);
void md_inspect_template(md_inspection *at, const char *name, const char *file, int line);
void md_inspect_variant(void *context, const char *template_name, const md_lint_variant_text *variant);

// What a send gives its template, and files that are nobody's copy (inspect_send.c).
void md_inspect_locale(void *context, const char *template_name, const char *locale, int line);
void md_inspect_data(void *context, const char *template_name, const char *const *names, int line);
void md_inspect_nobodys(md_inspection *at, const md_source_file *text);

// Experiments: those of the tree, and those that a script names (inspect_experiments.c).
void md_inspect_experiments(md_inspection *at);
void md_inspect_experiment(void *context, int line, const char *name, size_t len);
