// SPDX-License-Identifier: Apache-2.0
// Reads what a send gives its template, as far as it is written out: the locale, and the names in its data. Pure.
#include "script/lint_walk.h"
#include <string.h>

// The elements of a table, which may be more than its fields with names.
static int count_elements(const md_words *words, int open) {
  int count = 0;
  bool empty = true;
  for (int i = open + 1, depth = 1; i < words->count && depth > 0; i++) {
    bool ends = depth == 1 && (md_words_is(words, i, ",") || md_words_is(words, i, ";"));
    depth += md_words_nesting(words, i);
    if (ends || depth == 0) count += !empty;
    empty = ends;
  }
  return count;
}

// The names of all elements, or NULL where one has none that is written out.
static const char *const *names_of(md_lint_walk *walk, int open) {
  md_words_table fields = md_words_table_at(&walk->words, open);
  int elements = count_elements(&walk->words, open), count = 0;
  const char **names = md_arena_alloc_zero(walk->arena, sizeof *names * (size_t)(elements + 1));
  while (names && md_words_field(&fields)) {
    if (count == elements) return NULL;
    names[count] = md_arena_strndup(walk->arena, fields.name->text, fields.name->len);
    if (!names[count++]) return NULL;
  }
  return count == elements ? names : NULL;
}

void md_lint_data(md_lint_walk *walk, int table) {
  const md_words *words = &walk->words;
  const md_token *template = md_words_text(words, table, "template"), *locale = md_words_text(words, table, "locale");
  int data = md_words_value(words, table, "data");
  const char *name = template ? md_arena_strndup(walk->arena, template->text, template->len) : NULL;
  if (!name) return;
  const char *wanted = locale ? md_arena_strndup(walk->arena, locale->text, locale->len) : NULL;
  if (wanted) walk->lint->locale(walk->lint->context, name, wanted, locale->line);
  if (!data || !md_words_is(words, data, "{")) return;
  const char *const *names = names_of(walk, data);
  if (names) walk->lint->data(walk->lint->context, name, names, md_words_at(words, data)->line);
}
