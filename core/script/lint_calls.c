// SPDX-License-Identifier: Apache-2.0
// Walks through the calls of m's methods in the words of a text. Pure.
#include "script/lint_calls.h"
#include "script/lint_walk.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void md_lint_tell(md_lint_walk *walk, int line, const char *step, const char *format, ...) {
  char text[900];
  va_list args;
  va_start(args, format);
  int len = snprintf(text, sizeof text, "m:%s: ", step);
  vsnprintf(text + len, sizeof text - (size_t)len, format, args);
  va_end(args);
  walk->lint->found(walk->lint->context, line, text);
}

// M1: what is chosen at run time is declared.
static void check_template(md_lint_walk *walk, int table, const char *field) {
  int value = md_words_value(&walk->words, table, field);
  const md_token *token = md_words_at(&walk->words, value);
  if (!value || walk->lint->templates_declared) return;
  if (token->kind == MD_TOKEN_STRING && !md_words_is(&walk->words, value + 1, "..")) return;
  md_lint_tell(walk, token->line, "send",
               "%s is chosen at run time: declare what it may be in the moment's templates = { … }", field);
}

// H1: with a name the call is one call, whatever its body.
static void check_call(md_lint_walk *walk, int table, int line) {
  int method = md_words_value(&walk->words, table, "method");
  char word[MD_WORD_TEXT];
  bool posts = method ? strcmp(md_token_text(word, md_words_at(&walk->words, method)), "POST") == 0
                      : md_words_value(&walk->words, table, "json") != 0;
  if (!walk->open_loops || !posts || md_words_value(&walk->words, table, "name")) return;
  walk->lint->found(
      walk->lint->context, line,
      "m:http posts in a loop without a name: a try with another body is another call, and done anew; give "
      "name = \"…\"");
}

// What only the configuration knows is asked where one is given.
static void check_connection(md_lint_walk *walk, int table) {
  const md_token *token = md_words_text(&walk->words, table, "connection");
  char name[MD_WORD_TEXT];
  const char *near = NULL;
  if (!token || !walk->lint->unknown_connection) return;
  if (!walk->lint->unknown_connection(walk->lint->context, md_token_text(name, token), &near)) return;
  md_lint_tell(walk, token->line, "http", "the configuration has no connection '%.60s'; %s%.60s%s", name,
               near ? "did you mean '" : "connections = { … } names them", near ? near : "", near ? "'?" : "");
}

// `index`: the m of `m:name(`.
static void check_step(md_lint_walk *walk, int index) {
  const md_token *token = md_words_at(&walk->words, index + 2);
  int begins[MD_WORDS_ARGUMENTS + 1];
  char name[MD_WORD_TEXT];
  md_token_text(name, token);
  md_words_arguments(&walk->words, index + 3, begins);
  md_lint_values(walk, name, begins);
  md_lint_types(walk, name, begins);
  if (strcmp(name, "http") == 0) {
    check_call(walk, begins[1], token->line);
    check_connection(walk, begins[1]);
  }
  if (strcmp(name, "send") != 0) return;
  check_template(walk, begins[1], "template");
  check_template(walk, begins[1], "fallback_template");
  md_lint_variant(walk, begins[1]);
  md_lint_data(walk, begins[1]);
}

static void open_block(md_lint_walk *walk, bool loop) {
  if (walk->depth < MD_LINT_BLOCKS) walk->loops[walk->depth] = loop;
  walk->depth++;
  walk->open_loops += loop && walk->depth <= MD_LINT_BLOCKS;
}

static void close_block(md_lint_walk *walk) {
  if (walk->depth == 0) return;
  walk->depth--;
  if (walk->depth < MD_LINT_BLOCKS) walk->open_loops -= walk->loops[walk->depth];
}

static void follow_blocks(md_lint_walk *walk, int index) {
  const md_words *words = &walk->words;
  if (md_words_is(words, index, "while") || md_words_is(words, index, "for")) walk->loop_begins = true;
  if (md_words_is(words, index, "repeat")) open_block(walk, true);
  if (md_words_is(words, index, "function") || md_words_is(words, index, "if")) open_block(walk, false);
  if (md_words_is(words, index, "do")) {
    open_block(walk, walk->loop_begins);
    walk->loop_begins = false;
  }
  if (md_words_is(words, index, "end") || md_words_is(words, index, "until")) close_block(walk);
}

int md_lint_calls(const md_call_lint *lint, const char *text, size_t len, md_arena *arena) {
  md_lint_walk walk = {.lint = lint, .arena = arena};
  int code = md_words_read(text, len, arena, &walk.words);
  for (int i = 0; i < walk.words.count && !code; i++) {
    follow_blocks(&walk, i);
    if (md_words_step(&walk.words, i)) check_step(&walk, i);
  }
  return code;
}
