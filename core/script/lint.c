// SPDX-License-Identifier: Apache-2.0
// The check for forbidden names, on words alone: good for whoever errs, not a wall (the sandbox is).
#include "script/lint.h"
#include "script/lexer.h"
#include "script/sandbox.h"
#include <stdio.h>
#include <string.h>

enum { OWN_MAX = 256, NAME_LENGTH = 64 };

typedef struct names {
  char own[OWN_MAX][NAME_LENGTH]; // declared by the text
  int count;
} names;

static void copy_name(const md_token *token, char out[static NAME_LENGTH]) {
  size_t len = token->len < NAME_LENGTH - 1 ? token->len : NAME_LENGTH - 1;
  memcpy(out, token->text, len);
  out[len] = '\0';
}

static void add_own(names *all, const md_token *token) {
  if (token->kind == MD_TOKEN_NAME && all->count < OWN_MAX) copy_name(token, all->own[all->count++]);
}

static bool is_own(const names *all, const char *name) {
  for (int i = 0; i < all->count; i++)
    if (strcmp(all->own[i], name) == 0) return true;
  return false;
}

// After `local`, `for` or `function … (`: names up to the first word that ends the list.
static void add_list(names *all, md_lexer *lexer) {
  for (;;) {
    md_token token = md_lexer_next(lexer);
    if (md_token_is(&token, "function")) token = md_lexer_next(lexer);
    if (token.kind != MD_TOKEN_NAME) return;
    add_own(all, &token);
    md_lexer ahead = *lexer;
    token = md_lexer_next(&ahead);
    if (!md_token_is(&token, ",")) return;
    *lexer = ahead;
  }
}

static void collect_own(names *all, const char *text, size_t len) {
  md_lexer lexer;
  md_lexer_init(&lexer, text, len);
  bool function = false;
  for (;;) {
    md_token token = md_lexer_next(&lexer);
    if (token.kind == MD_TOKEN_END) return;
    if (md_token_is(&token, "local") || md_token_is(&token, "for") || (function && md_token_is(&token, "(")))
      add_list(all, &lexer);
    function = md_token_is(&token, "function") ||
               (function && (token.kind == MD_TOKEN_NAME || md_token_is(&token, ".") || md_token_is(&token, ":")));
  }
}

// Functions and variables that the text makes global: `function send(`, `send = `; no field of a table constructor.
static void collect_globals(names *all, const char *text, size_t len) {
  md_lexer lexer;
  md_token last = {0};
  md_lexer_init(&lexer, text, len);
  for (md_token token = md_lexer_next(&lexer); token.kind != MD_TOKEN_END; token = md_lexer_next(&lexer)) {
    md_lexer ahead = lexer;
    md_token next = md_lexer_next(&ahead);
    bool field = md_token_is(&last, "{") || md_token_is(&last, ",") || md_token_is(&last, ";");
    bool member = md_token_is(&last, ".") || md_token_is(&last, ":");
    if (md_token_is(&last, "function") || (md_token_is(&next, "=") && !field && !member)) add_own(all, &token);
    last = token;
  }
}

typedef struct finding {
  const names *own;
  const names *globals;
  void (*each)(void *context, int line, const char *what);
  void *context;
} finding;

static void tell(const finding *f, const char *library, const char *name, int line) {
  char text[300];
  const char *instead = md_forbidden_advice(library, name);
  if (!instead) return;
  snprintf(text, sizeof text, "%s%s%s is not available in scripts: %s", library, *library ? "." : "", name, instead);
  f->each(f->context, line, text);
}

// `send {…}`, where `m:send {…}` was meant.
static void look_for_step(const finding *f, const char *name, const md_token *next, int line) {
  char text[240], advice[150];
  bool called = next->kind == MD_TOKEN_STRING || md_token_is(next, "(") || md_token_is(next, "{");
  if (!called || is_own(f->globals, name) || !md_forbidden_step(name, advice, sizeof advice)) return;
  snprintf(text, sizeof text, "there is no function %s: %s", name, advice);
  f->each(f->context, line, text);
}

static bool forbidden_library(const char *name) {
  for (const char *const *at = md_forbidden_libraries; *at; at++)
    if (strcmp(*at, name) == 0) return true;
  return false;
}

// A name that stands free; `lexer` is behind it. A member of a table constructor (`load = 3`) is none.
static void look_at(const finding *f, const md_token *token, md_lexer *lexer) {
  char name[NAME_LENGTH], member[NAME_LENGTH];
  copy_name(token, name);
  if (is_own(f->own, name)) return;
  md_lexer ahead = *lexer;
  md_token next = md_lexer_next(&ahead);
  look_for_step(f, name, &next, token->line);
  bool dotted = md_token_is(&next, ".");
  if (dotted) next = md_lexer_next(&ahead);
  if (dotted && next.kind == MD_TOKEN_NAME) {
    copy_name(&next, member);
    if (forbidden_library(name) || strcmp(name, "math") == 0 || strcmp(name, "string") == 0)
      tell(f, name, member, token->line);
    else
      tell(f, "", name, token->line);
  } else if (!md_token_is(&next, "=")) {
    tell(f, "", name, token->line);
  }
}

void md_script_lint(const char *text, size_t len, void (*each)(void *context, int line, const char *what),
                    void *context) {
  names own = {.count = 0}, globals = {.count = 0};
  finding f = {&own, &globals, each, context};
  md_lexer lexer;
  bool member = false; // behind "." or ":"
  collect_own(&own, text, len);
  collect_globals(&globals, text, len);
  md_lexer_init(&lexer, text, len);
  for (;;) {
    md_token token = md_lexer_next(&lexer);
    if (token.kind == MD_TOKEN_END) return;
    if (token.kind == MD_TOKEN_NAME && !member) look_at(&f, &token, &lexer);
    member = md_token_is(&token, ".") || md_token_is(&token, ":");
  }
}

void md_script_templates(const char *text, size_t len,
                         void (*each)(void *context, int line, const char *name, size_t name_len), void *context) {
  md_lexer lexer;
  md_lexer_init(&lexer, text, len);
  for (md_token token = md_lexer_next(&lexer); token.kind != MD_TOKEN_END; token = md_lexer_next(&lexer)) {
    if (!md_token_is(&token, "template") && !md_token_is(&token, "fallback_template")) continue;
    md_lexer ahead = lexer;
    md_token next = md_lexer_next(&ahead);
    if (!md_token_is(&next, "=")) continue;
    next = md_lexer_next(&ahead);
    if (next.kind == MD_TOKEN_STRING) each(context, next.line, next.text, next.len);
  }
}

void md_script_experiments(const char *text, size_t len,
                           void (*each)(void *context, int line, const char *name, size_t name_len), void *context) {
  md_lexer lexer;
  bool method = false; // behind ":"
  md_lexer_init(&lexer, text, len);
  for (md_token token = md_lexer_next(&lexer); token.kind != MD_TOKEN_END; token = md_lexer_next(&lexer)) {
    bool wanted = method && md_token_is(&token, "experiment");
    method = md_token_is(&token, ":");
    if (!wanted) continue;
    md_lexer ahead = lexer;
    md_token next = md_lexer_next(&ahead);
    if (md_token_is(&next, "(")) next = md_lexer_next(&ahead);
    if (next.kind == MD_TOKEN_STRING) each(context, next.line, next.text, next.len);
  }
}
