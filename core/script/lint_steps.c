// SPDX-License-Identifier: Apache-2.0
// The check of steps in a Lua text, on words alone: methods that m does not have, options that a step does not take.
#include "base/suggest.h"
#include "script/bind.h"
#include "script/lexer.h"
#include "script/lint.h"
#include "script/step_options.h"
#include <stdio.h>
#include <string.h>

enum { NAME_LENGTH = 64 };

typedef struct finder {
  void (*each)(void *context, int line, const char *what);
  void *context;
} finder;

static void copy_name(const md_token *token, char out[static NAME_LENGTH]) {
  size_t len = token->len < NAME_LENGTH - 1 ? token->len : NAME_LENGTH - 1;
  memcpy(out, token->text, len);
  out[len] = '\0';
}

static bool is_one_of(const md_token *token, const char *const *words) {
  for (; *words; words++)
    if (md_token_is(token, *words)) return true;
  return false;
}

// 1 where something opens that a matching word closes, -1 where it closes: commas in between are not ours.
static int nesting(const md_token *token) {
  static const char *const opening[] = {"(", "[", "{", "do", "function", "if", "repeat", NULL};
  static const char *const closing[] = {")", "]", "}", "end", "until", NULL};
  if (token->kind != MD_TOKEN_NAME && token->kind != MD_TOKEN_SYMBOL) return 0;
  return is_one_of(token, opening) ? 1 : is_one_of(token, closing) ? -1 : 0;
}

static bool is_assigned(md_lexer ahead) {
  md_token equals = md_lexer_next(&ahead), after = md_lexer_next(&ahead);
  return md_token_is(&equals, "=") && !md_token_is(&after, "=");
}

static void check_option(const finder *f, const char *method, const char *const *known, const md_token *token) {
  char name[NAME_LENGTH], text[200];
  copy_name(token, name);
  for (int i = 0; known[i]; i++)
    if (strcmp(known[i], name) == 0) return;
  const char *near = md_suggest(name, known);
  snprintf(text, sizeof text, near ? "m:%s has no option '%s'; did you mean '%s'?" : "m:%s has no option '%s'", method,
           name, near);
  f->each(f->context, token->line, text);
}

// `lexer` is behind the brace that opens the table.
static void check_table(const finder *f, const md_step_options *options, md_lexer lexer) {
  bool start = true;
  for (int depth = 1; depth > 0;) {
    md_token token = md_lexer_next(&lexer);
    if (token.kind == MD_TOKEN_END) return;
    if (start && token.kind == MD_TOKEN_NAME && is_assigned(lexer))
      check_option(f, options->method, options->known, &token);
    depth += nesting(&token);
    start = depth == 1 && (md_token_is(&token, ",") || md_token_is(&token, ";"));
  }
}

// `lexer` is behind the step's name.
static void check_arguments(const finder *f, const md_step_options *options, md_lexer lexer) {
  md_token token = md_lexer_next(&lexer);
  if (md_token_is(&token, "{") && options->argument <= 1) check_table(f, options, lexer);
  if (!md_token_is(&token, "(")) return;
  bool start = true;
  int argument = 1;
  for (int depth = 1; depth > 0;) {
    token = md_lexer_next(&lexer);
    if (token.kind == MD_TOKEN_END) return;
    bool wanted = options->argument == 0 || options->argument == argument;
    if (start && wanted && md_token_is(&token, "{")) check_table(f, options, lexer);
    depth += nesting(&token);
    start = depth == 1 && md_token_is(&token, ",");
    argument += start;
  }
}

static void check_step(const finder *f, const md_token *token, md_lexer lexer) {
  char name[NAME_LENGTH], text[200];
  copy_name(token, name);
  const char *methods[MD_METHODS_MAX];
  md_bind_methods(methods);
  for (int i = 0; methods[i]; i++) {
    if (strcmp(methods[i], name) != 0) continue;
    const md_step_options *options = md_step_options_of(name);
    if (options) check_arguments(f, options, lexer);
    return;
  }
  const char *near = md_suggest(name, methods);
  snprintf(text, sizeof text, near ? "there is no m:%s; did you mean m:%s?" : "there is no m:%s", name, near);
  f->each(f->context, token->line, text);
}

// `m.send {`; with m as the first argument it is the same call.
static void check_dot(const finder *f, const md_token *token, md_lexer lexer) {
  char name[NAME_LENGTH], text[200];
  const char *methods[MD_METHODS_MAX];
  md_token open = md_lexer_next(&lexer), first = md_lexer_next(&lexer);
  bool called = open.kind == MD_TOKEN_STRING || md_token_is(&open, "{") || md_token_is(&open, "(");
  if (!called || (md_token_is(&open, "(") && md_token_is(&first, "m"))) return;
  copy_name(token, name);
  md_bind_methods(methods);
  bool method = false;
  for (int i = 0; methods[i] && !method; i++)
    method = strcmp(methods[i], name) == 0;
  if (!method) return;
  snprintf(text, sizeof text, "m.%s is no call of a step: a colon stands before its name, write m:%s", name, name);
  f->each(f->context, token->line, text);
}

// A text that has an m of its own is left alone.
static bool declares_m(const char *text, size_t len) {
  md_lexer lexer;
  bool declares = false;
  md_lexer_init(&lexer, text, len);
  for (md_token token = md_lexer_next(&lexer); token.kind != MD_TOKEN_END; token = md_lexer_next(&lexer)) {
    if (declares && md_token_is(&token, "m")) return true;
    declares = md_token_is(&token, "local") || md_token_is(&token, "for");
  }
  return false;
}

void md_script_lint_steps(const char *text, size_t len, void (*each)(void *context, int line, const char *what),
                          void *context) {
  finder f = {each, context};
  md_lexer lexer;
  bool member = false;
  if (declares_m(text, len)) return;
  md_lexer_init(&lexer, text, len);
  for (md_token token = md_lexer_next(&lexer); token.kind != MD_TOKEN_END; token = md_lexer_next(&lexer)) {
    md_lexer ahead = lexer;
    md_token colon = md_lexer_next(&ahead), name = md_lexer_next(&ahead);
    if (!member && md_token_is(&token, "m") && token.kind == MD_TOKEN_NAME && md_token_is(&colon, ":") &&
        name.kind == MD_TOKEN_NAME)
      check_step(&f, &name, ahead);
    if (!member && md_token_is(&token, "m") && token.kind == MD_TOKEN_NAME && md_token_is(&colon, ".") &&
        name.kind == MD_TOKEN_NAME)
      check_dot(&f, &name, ahead);
    member = md_token_is(&token, ".") || md_token_is(&token, ":");
  }
}
