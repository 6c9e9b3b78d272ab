// SPDX-License-Identifier: Apache-2.0
// Looks in calls for event types that nobody sends and kinds of things that there are not. Pure.
#include "script/lint_walk.h"
#include <string.h>

static void check_type(md_lint_walk *walk, const char *step, int index) {
  const md_token *token = md_words_at(&walk->words, index);
  char type[MD_WORD_TEXT], advice[300];
  if (token->kind != MD_TOKEN_STRING || md_words_is(&walk->words, index + 1, "..")) return;
  if (!walk->lint->unknown_type(walk->lint->context, md_token_text(type, token), advice, sizeof advice)) return;
  md_lint_tell(walk, token->line, step, "nothing can answer '%s': %s", type, advice);
}

static void check_types(md_lint_walk *walk, const char *step, int argument) {
  check_type(walk, step, argument);
  if (!md_words_is(&walk->words, argument, "{")) return;
  for (int i = argument + 1, depth = 1; i < walk->words.count && (depth += md_words_nesting(&walk->words, i)) > 0; i++)
    if (depth == 1) check_type(walk, step, i);
}

// P5
static void check_by(md_lint_walk *walk, const char *step, int table) {
  int value = md_words_value(&walk->words, table, "by");
  const md_token *token = md_words_at(&walk->words, value);
  char kind[MD_WORD_TEXT], advice[300];
  if (!value || token->kind != MD_TOKEN_STRING || md_words_is(&walk->words, value + 1, "..")) return;
  if (!walk->lint->unknown_kind(walk->lint->context, md_token_text(kind, token), advice, sizeof advice)) return;
  md_lint_tell(walk, token->line, step, "by = '%s' is no kind of thing: %s", kind, advice);
}

// M5: unless = { past = TYPE }
static void check_unless(md_lint_walk *walk, int table) {
  int unless = md_words_value(&walk->words, table, "unless");
  int past = unless ? md_words_value(&walk->words, unless, "past") : 0;
  if (past) check_type(walk, "send: unless", past);
}

bool md_lint_takes_types(const char *step) {
  return strcmp(step, "wait_for") == 0 || strcmp(step, "collect") == 0 || strcmp(step, "past") == 0;
}

void md_lint_types(md_lint_walk *walk, const char *step, const int begins[static MD_WORDS_ARGUMENTS + 1]) {
  if (strcmp(step, "send") == 0) check_unless(walk, begins[1]);
  if (!md_lint_takes_types(step)) return;
  check_types(walk, step, begins[1]);
  check_by(walk, step, begins[2]);
}
