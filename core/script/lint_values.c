// SPDX-License-Identifier: Apache-2.0
// Looks in calls for values that the step would raise for when it runs: durations, hours, what is late. Pure.
#include "base/duration.h"
#include "script/lint_walk.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

// W7
static void check_late(md_lint_walk *walk, const char *step, int table) {
  const md_token *late = md_words_text(&walk->words, table, "late");
  char word[MD_WORD_TEXT];
  if (!late) return;
  md_token_text(word, late);
  if (strcmp(word, "branch") != 0 && strcmp(word, "go_on") != 0 && strcmp(word, "skip") != 0)
    md_lint_tell(walk, late->line, step, "late is '%.60s'; it must be one of: branch go_on skip", word);
  else if (!md_words_value(&walk->words, table, "max_lateness"))
    md_lint_tell(walk, late->line, step, "late says what to do past max_lateness: give max_lateness too");
}

static void check_duration(md_lint_walk *walk, const char *step, const char *name, const md_token *token) {
  md_micros span;
  md_error why = {0};
  if (md_duration_parse(token->text, token->len, &span, &why))
    md_lint_tell(walk, token->line, step, "%s: %s", name, why.text);
}

// What is written out and is no duration: `within = -3`, `within = {}`, `within = true`.
static void check_literal(md_lint_walk *walk, const char *step, const char *name, int value) {
  const md_words *words = &walk->words;
  const md_token *token = md_words_at(words, value), *next = md_words_at(words, value + 1);
  bool alone = md_words_end(words, value) == value + 1;
  bool negative = md_words_is(words, value, "-") && isdigit((unsigned char)next->text[0]) &&
                  next->kind == MD_TOKEN_SYMBOL && md_words_end(words, value) == value + 2;
  const char *what = negative                                                               ? "is negative"
                     : md_words_is(words, value, "{")                                       ? "is a table"
                     : alone && (md_token_is(token, "true") || md_token_is(token, "false")) ? "is a boolean"
                                                                                            : NULL;
  if (what) md_lint_tell(walk, token->line, step, "%s %s: give a text such as \"1h\", or seconds", name, what);
}

static void check_durations(md_lint_walk *walk, const char *step, int table) {
  static const char *const names[] = {"within", "quiet", "max_lateness", "over", "ttl", NULL};
  for (int i = 0; names[i]; i++) {
    const md_token *token = md_words_text(&walk->words, table, names[i]);
    int value = md_words_value(&walk->words, table, names[i]);
    if (token) check_duration(walk, step, names[i], token);
    if (value && !token) check_literal(walk, step, names[i], value);
  }
}

static void check_clock(md_lint_walk *walk, int table) {
  static const struct {
    const char *name;
    long most;
  } hands[] = {{"hour", 23}, {"minute", 59}};
  for (int i = 0; i < 2; i++) {
    int value = md_words_value(&walk->words, table, hands[i].name);
    const md_token *token = md_words_at(&walk->words, value);
    char word[MD_WORD_TEXT], *end = NULL;
    if (!value || token->kind != MD_TOKEN_SYMBOL ||
        !(md_words_is(&walk->words, value + 1, ",") || md_words_is(&walk->words, value + 1, "}")))
      continue;
    long number = strtol(md_token_text(word, token), &end, 10);
    if (end != word && *end == '\0' && (number < 0 || number > hands[i].most))
      md_lint_tell(walk, token->line, "sleep_until", "%s must be a whole number from 0 to %ld", hands[i].name,
                   hands[i].most);
  }
}

// m:sleep "1h", m:sleep("1h")
static void check_sleep(md_lint_walk *walk, int argument) {
  const md_token *token = md_words_at(&walk->words, argument);
  bool whole = !md_words_is(&walk->words, argument + 1, "..");
  if (token->kind == MD_TOKEN_STRING && whole) check_duration(walk, "sleep", "the duration", token);
  if (argument && token->kind != MD_TOKEN_STRING) check_literal(walk, "sleep", "the duration", argument);
}

static void check_send(md_lint_walk *walk, int table) {
  int unless = md_words_value(&walk->words, table, "unless");
  check_durations(walk, "send", table);
  if (unless) check_durations(walk, "send: unless", unless);
}

void md_lint_values(md_lint_walk *walk, const char *step, const int begins[static MD_WORDS_ARGUMENTS + 1]) {
  bool first = strcmp(step, "sleep_until") == 0 && md_words_is(&walk->words, begins[1], "{");
  bool timed = md_lint_takes_types(step) || strncmp(step, "sleep", 5) == 0;
  int table = first ? begins[1] : begins[2];
  if (timed) check_late(walk, step, table);
  if (timed) check_durations(walk, step, table);
  if (strcmp(step, "sleep") == 0) check_sleep(walk, begins[1]);
  if (strcmp(step, "set") == 0 || strcmp(step, "quantile") == 0) check_durations(walk, step, begins[3]);
  if (strcmp(step, "send") == 0) check_send(walk, begins[1]);
  if (first) check_clock(walk, table);
}
