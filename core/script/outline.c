// SPDX-License-Identifier: Apache-2.0
// Reads the outline of a Lua text from its words.
#include "script/outline.h"
#include "base/error.h"
#include "script/bind.h"
#include <string.h>

// With its quotes or long brackets.
static const char *begin_of(const md_token *token) {
  const char *at = token->text - 1;
  if (token->kind != MD_TOKEN_STRING) return token->text;
  if (*at != '[') return at;
  for (at--; *at == '=';)
    at--;
  return at;
}

// `end`: of the whole text, before which a string may be left open.
static const char *end_of(const md_token *token, const char *end) {
  const char *at = token->text + token->len;
  if (token->kind != MD_TOKEN_STRING || at >= end) return at;
  if (*at == '"' || *at == '\'') return at + 1;
  if (*at != ']') return at;
  for (at++; at < end && *at == '=';)
    at++;
  return at < end ? at + 1 : at;
}

// The words from `first` to before `end`.
static md_outline_span span_of(const md_words *words, int first, int end) {
  const md_token *token = md_words_at(words, first), *last = md_words_at(words, end - 1);
  if (end <= first) return (md_outline_span){.text = token->text, .line = token->line};
  if (end == first + 1 && token->kind == MD_TOKEN_STRING)
    return (md_outline_span){token->text, token->len, token->line, true};
  const char *begin = begin_of(token), *stop = end_of(last, md_words_at(words, words->count - 1)->text);
  return (md_outline_span){begin, (size_t)(stop - begin), token->line, false};
}

// 1 where a bracket or block opens, -1 where one closes.
static int nesting(const md_words *words, int index) {
  static const char *const opening[] = {"function", "do", "if", "repeat"};
  const md_token *token = md_words_at(words, index);
  if (token->kind != MD_TOKEN_NAME) return md_words_nesting(words, index);
  for (size_t i = 0; i < sizeof opening / sizeof *opening; i++)
    if (md_token_is(token, opening[i])) return 1;
  return md_token_is(token, "end") || md_token_is(token, "until") ? -1 : 0;
}

// The word behind the expression that begins at `index`, functions in it included.
static int expression_end(const md_words *words, int index) {
  for (int depth = 0; index < words->count - 1; index++) {
    bool stops = md_words_is(words, index, ",") || md_words_is(words, index, ";");
    depth += nesting(words, index);
    if (depth < 0 || (depth == 0 && stops)) break;
  }
  return index;
}

static bool named(const md_token *token, const char *name) {
  return token->len == strlen(name) && memcmp(token->text, name, token->len) == 0;
}

static void add_field(md_outline_step *step, const char *name, md_outline_span value) {
  bool empty = value.len == 0 && !value.literal;
  if (!name || empty || step->field_count == MD_OUTLINE_FIELDS) return;
  step->fields[step->field_count++] = (md_outline_field){name, value};
}

static void add_table(md_outline_step *step, const md_words *words, int open, md_arena *arena) {
  md_words_table table = md_words_table_at(words, open);
  while (md_words_field(&table)) {
    const char *name = md_arena_strndup(arena, table.name->text, table.name->len);
    add_field(step, name, span_of(words, table.value, expression_end(words, table.value)));
  }
}

static bool is_method(const md_token *token) {
  const char *methods[MD_METHODS_MAX];
  md_bind_methods(methods);
  for (int i = 0; methods[i]; i++)
    if (named(token, methods[i])) return true;
  return false;
}

// The word behind the call whose arguments begin at `open`: (…), {…} or "…".
static int call_end(const md_words *words, int open) {
  int depth = 0, index = open;
  do
    depth += nesting(words, index++);
  while (depth > 0 && index < words->count - 1);
  return index;
}

// `index`: the m of m:name(…).
static void read_step(md_outline_step *step, const md_words *words, int index, md_arena *arena) {
  static const char *const numbers[] = {"", "1", "2", "3", "4", "5", "6", "7", "8"};
  int begins[MD_WORDS_ARGUMENTS + 1];
  const md_token *name = md_words_at(words, index + 2);
  *step = (md_outline_step){.method = md_arena_strndup(arena, name->text, name->len),
                            .line = md_words_at(words, index + 3)->line,
                            .call = span_of(words, index, call_end(words, index + 3))};
  md_words_arguments(words, index + 3, begins);
  for (int i = 1; i <= MD_WORDS_ARGUMENTS && begins[i]; i++) {
    add_field(step, numbers[i], span_of(words, begins[i], expression_end(words, begins[i])));
    add_table(step, words, begins[i], arena);
  }
}

int md_outline_steps(const char *text, size_t len, md_arena *arena,
                     void (*each)(void *context, const md_outline_step *step), void *context) {
  md_words words;
  md_outline_step step;
  if (md_words_read(text, len, arena, &words)) return MD_ENOMEM;
  for (int i = 0; i < words.count; i++) {
    if (!md_words_step(&words, i) || !is_method(md_words_at(&words, i + 2))) continue;
    read_step(&step, &words, i, arena);
    if (!step.method) return MD_ENOMEM;
    each(context, &step);
  }
  return 0;
}

const md_outline_span *md_outline_field_of(const md_outline_step *step, const char *name) {
  for (int i = 0; i < step->field_count; i++)
    if (strcmp(step->fields[i].name, name) == 0) return &step->fields[i].value;
  return NULL;
}

// The brace that opens what moment.define is given; 0 where there is none.
static int define_table(const md_words *words) {
  for (int i = 1; i < words->count - 1; i++) {
    if (!md_words_is(words, i, "define") || !md_words_is(words, i - 1, ".")) continue;
    int open = md_words_is(words, i + 1, "(") ? i + 2 : i + 1;
    if (md_words_is(words, open, "{")) return open;
  }
  return 0;
}

// Where the value of the definition's field begins; 0 where there is none.
static int define_value(const md_words *words, const char *name) {
  int open = define_table(words);
  for (int i = open + 1, depth = 1; open && i < words->count - 1 && depth > 0; i++) {
    bool begins = md_words_is(words, i - 1, "{") || md_words_is(words, i - 1, ",") || md_words_is(words, i - 1, ";");
    if (depth == 1 && begins && named(md_words_at(words, i), name) && md_words_is(words, i + 1, "=")) return i + 2;
    depth += nesting(words, i);
  }
  return 0;
}

bool md_outline_define(const char *text, size_t len, md_arena *arena, const char *name, md_outline_span *out) {
  md_words words;
  int value = md_words_read(text, len, arena, &words) ? 0 : define_value(&words, name);
  if (value) *out = span_of(&words, value, expression_end(&words, value));
  return value != 0;
}

const char *md_outline_text(const md_outline_span *literal, md_arena *arena) {
  static const char letters[] = "nrtabfv\\\"'", meant[] = "\n\r\t\a\b\f\v\\\"'";
  char *out = md_arena_alloc(arena, literal->len + 1);
  size_t len = 0;
  for (size_t i = 0; out && i < literal->len; i++) {
    char c = literal->text[i], next = i + 1 < literal->len ? literal->text[i + 1] : '\0';
    const char *letter = c == '\\' && next ? strchr(letters, next) : NULL;
    out[len++] = letter ? meant[letter - letters] : c;
    i += letter != NULL;
  }
  if (out) out[len] = '\0';
  return out;
}

static bool ends_return(const md_words *words, int index) {
  static const char *const ends[] = {"end", "else", "elseif", "until", ";"};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
    if (md_words_is(words, index, ends[i])) return true;
  return false;
}

int md_outline_outcomes(const char *text, size_t len, md_arena *arena,
                        void (*each)(void *context, const md_outline_span *outcome), void *context) {
  md_words words;
  if (md_words_read(text, len, arena, &words)) return MD_ENOMEM;
  int run = define_value(&words, "run"), inner = 0; // `inner`: how deep in, where a function within run opened
  bool is_function = run && md_words_is(&words, run, "function");
  for (int i = run, depth = 0; is_function && i < words.count - 1; i++) {
    if (i > run && !inner && md_words_is(&words, i, "function")) inner = depth + 1;
    depth += nesting(&words, i);
    if (inner && depth < inner) inner = 0;
    if (depth <= 0) break;
    bool plain = md_words_at(&words, i + 1)->kind == MD_TOKEN_STRING && ends_return(&words, i + 2);
    if (inner || !plain || !md_words_is(&words, i, "return")) continue;
    md_outline_span outcome = span_of(&words, i + 1, i + 2);
    each(context, &outcome);
  }
  return 0;
}

static const char *line_end(const char *at, const char *end) {
  const char *line = memchr(at, '\n', (size_t)(end - at));
  return line ? line : end;
}

const char *md_outline_comment(const char *text, size_t len, md_arena *arena) {
  char *out = md_arena_alloc(arena, len + 1);
  size_t written = 0;
  const char *end = text + len;
  for (const char *at = text;
       out && end - at >= 2 && at[0] == '-' && at[1] == '-' && (end - at == 2 || at[2] != '[');) {
    const char *stop = line_end(at, end), *next = stop < end ? stop + 1 : end;
    for (at += 2; at < stop && (*at == '-' || *at == ' ');)
      at++;
    while (stop > at && (stop[-1] == '\r' || stop[-1] == ' '))
      stop--;
    if (written && stop > at) out[written++] = ' ';
    memcpy(out + written, at, (size_t)(stop - at));
    written += (size_t)(stop - at);
    at = next;
  }
  if (!written) return NULL;
  out[written] = '\0';
  return out;
}
