// SPDX-License-Identifier: Apache-2.0
// Finds names in a Lua text that nothing gives a value, and names that it makes global, on words alone. A name that the
// text declares anywhere is taken to be declared everywhere: a slip of the pen is found, a slip of scope is not. Pure.
#include "base/error.h"
#include "base/suggest.h"
#include "script/builtin.h"
#include "script/lint.h"
#include "script/sandbox.h"
#include "script/words.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// What scripts find without declaring it (S1); `self` is a method's.
static const char *const known[] = {"assert",   "error",    "getmetatable", "ipairs",       "math",   "next",
                                    "null",     "pairs",    "pcall",        "rawequal",     "rawget", "rawlen",
                                    "require",  "select",   "self",         "setmetatable", "string", "table",
                                    "tonumber", "tostring", "type",         "utf8",         "xpcall", NULL};

static const char *const keywords[] = {"and",      "break",  "do",   "else", "elseif", "end",   "false", "for",
                                       "function", "goto",   "if",   "in",   "local",  "nil",   "not",   "or",
                                       "repeat",   "return", "then", "true", "until",  "while", NULL};

typedef struct reader {
  md_words words;
  const char **own;    // declared, NULL-terminated
  const char **global; // given a value without being declared
  const char **told;   // once is enough
  int own_count, global_count, told_count;
  char *opened; // what is open: '{', or '(' for all else
  int depth;
  md_arena *arena;
  void (*each)(void *context, int line, const char *what);
  void *context;
} reader;

static bool among(const char *name, const char *const *list) {
  for (; *list; list++)
    if (strcmp(*list, name) == 0) return true;
  return false;
}

static bool is(const reader *r, int index, const char *text) {
  return index >= 0 && md_words_is(&r->words, index, text);
}

static const char *name_at(const reader *r, int index) {
  const md_token *token = md_words_at(&r->words, index);
  if (index < 0 || token->kind != MD_TOKEN_NAME) return NULL;
  const char *name = md_arena_strndup(r->arena, token->text, token->len);
  return name && !among(name, keywords) ? name : NULL;
}

// "=", and neither "==" nor the end of "~=", "<=", ">=".
static bool assigns(const reader *r, int index) {
  static const char *const compares[] = {"=", "~", "<", ">", NULL};
  if (!is(r, index, "=")) return false;
  const char *at = md_words_at(&r->words, index)->text;
  if (is(r, index + 1, "=") && md_words_at(&r->words, index + 1)->text == at + 1) return false;
  for (int i = 0; compares[i] && index > 0; i++)
    if (is(r, index - 1, compares[i]) && md_words_at(&r->words, index - 1)->text == at - 1) return false;
  return true;
}

static void declare(reader *r, int index) {
  const char *name = name_at(r, index);
  if (name) r->own[r->own_count++] = name;
}

// Names with commas between them, each with its attribute.
static void declare_list(reader *r, int index) {
  for (;; index++) {
    declare(r, index++);
    if (is(r, index, "<")) index += 3;
    if (!is(r, index, ",")) return;
  }
}

static void declare_parameters(reader *r, int index) {
  while (md_words_at(&r->words, index)->kind == MD_TOKEN_NAME || is(r, index, ".") || is(r, index, ":"))
    index++;
  if (is(r, index, "(")) declare_list(r, index + 1);
}

static void collect(reader *r) {
  for (int i = 0; i < r->words.count; i++) {
    if (md_words_at(&r->words, i)->kind != MD_TOKEN_NAME) continue;
    bool function = is(r, i, "function");
    if (is(r, i, "local") && is(r, i + 1, "function")) declare(r, i + 2);
    if (is(r, i, "local") || is(r, i, "for")) declare_list(r, i + 1);
    if (function) declare_parameters(r, i + 1);
  }
}

static void follow(reader *r, int index) {
  static const char *const opening[] = {"do", "function", "if", "repeat", NULL};
  const md_token *token = md_words_at(&r->words, index);
  int nesting = md_words_nesting(&r->words, index);
  for (int i = 0; opening[i] && token->kind == MD_TOKEN_NAME; i++)
    if (md_token_is(token, opening[i])) nesting = 1;
  if (token->kind == MD_TOKEN_NAME && (md_token_is(token, "end") || md_token_is(token, "until"))) nesting = -1;
  if (nesting > 0) r->opened[r->depth++] = md_token_is(token, "{") ? '{' : '(';
  if (nesting < 0 && r->depth > 0) r->depth--;
}

// `{ name = …`
static bool is_key(const reader *r, int index) {
  bool table = r->depth > 0 && r->opened[r->depth - 1] == '{';
  bool begins = is(r, index - 1, "{") || is(r, index - 1, ",") || is(r, index - 1, ";");
  return table && begins && assigns(r, index + 1);
}

// A name behind "." or ":", a label's, or an attribute.
static bool is_other(const reader *r, int index) {
  bool attribute = is(r, index - 1, "<") && is(r, index + 1, ">") && (is(r, index, "const") || is(r, index, "close"));
  return is(r, index - 1, ".") || is(r, index - 1, ":") || is(r, index - 1, "goto") || attribute;
}

// `name =`, `name, other =`
static bool is_assigned(const reader *r, int index) {
  bool table = r->depth > 0 && r->opened[r->depth - 1] == '{';
  while (!table && name_at(r, index) && is(r, index + 1, ","))
    index += 2;
  return !table && name_at(r, index) && assigns(r, index + 1);
}

static void __attribute__((format(printf, 4, 5)))
tell(reader *r, int index, const char *name, const char *format, ...) {
  char text[400];
  va_list args;
  if (among(name, r->told)) return;
  r->told[r->told_count++] = name;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  r->each(r->context, md_words_at(&r->words, index)->line, text);
}

static void tell_undefined(reader *r, int index, const char *name) {
  const char *near = strlen(name) > 2 ? md_suggest(name, r->own) : NULL; // every letter is near to every other
  if (!near && strlen(name) > 2) near = md_suggest(name, known);
  if (among(name, md_builtins))
    tell(r, index, name, "%s is nothing here: write local %s = require \"%s\" first", name, name, name);
  else if (strcmp(name, "m") == 0)
    tell(r, index, name, "m is nothing here: run is given it, and hands it to the functions that take steps");
  else if (near)
    tell(r, index, name, "%.64s is nothing here, and nil when it is read: did you mean %.64s?", name, near);
  else
    tell(r, index, name, "%.64s is nothing here, and nil when it is read: declare it with local", name);
}

static void tell_global(reader *r, int index, const char *name) {
  r->global[r->global_count++] = name;
  if (is(r, index - 1, "function"))
    tell(r, index, name, "function %.64s is global: write local function %.64s", name, name);
  else
    tell(r, index, name, "%.64s is global by this: write local %.64s = …", name, name);
}

// Those that are not there for a reason are told of by md_script_lint.
static bool is_forbidden(const reader *r, int index, const char *name) {
  char advice[150];
  bool called =
      md_words_at(&r->words, index + 1)->kind == MD_TOKEN_STRING || is(r, index + 1, "(") || is(r, index + 1, "{");
  return md_forbidden_advice("", name) || among(name, md_forbidden_libraries) ||
         (called && md_forbidden_step(name, advice, sizeof advice));
}

// `assigned`: names that are given a value are looked for, else those that are read.
static void look(reader *r, bool assigned) {
  r->depth = 0;
  for (int i = 0; i < r->words.count; i++) {
    follow(r, i);
    const char *name = is_other(r, i) || is_key(r, i) ? NULL : name_at(r, i);
    if (!name || among(name, r->own) || among(name, known)) continue;
    bool function = is(r, i - 1, "function") && is(r, i + 1, "(");
    if (assigned && (function || is_assigned(r, i)) && !among(name, r->global)) tell_global(r, i, name);
    if (!assigned && !among(name, r->global) && !is_forbidden(r, i, name)) tell_undefined(r, i, name);
  }
}

int md_lint_names(const char *text, size_t len, md_arena *arena,
                  void (*each)(void *context, int line, const char *what), void *context) {
  reader r = {.arena = arena, .each = each, .context = context};
  int code = md_words_read(text, len, arena, &r.words);
  size_t room = code ? 0 : (size_t)r.words.count + 1;
  r.opened = md_arena_alloc(arena, room + 1);
  r.own = md_arena_alloc_zero(arena, (room + 1) * sizeof *r.own);
  r.global = md_arena_alloc_zero(arena, (room + 1) * sizeof *r.global);
  r.told = md_arena_alloc_zero(arena, (room + 1) * sizeof *r.told);
  if (code || !r.opened || !r.own || !r.global || !r.told) return MD_ENOMEM;
  collect(&r);
  look(&r, true);
  look(&r, false);
  return 0;
}
