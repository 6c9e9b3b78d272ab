// SPDX-License-Identifier: Apache-2.0
// Looks at the calls of m's methods in the words of a text.
#include "script/lint_calls.h"
#include "base/duration.h"
#include "base/error.h"
#include "script/lexer.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS_MAX = 8, BLOCKS_MAX = 200, WORD_MAX = 256 };

typedef struct words {
  md_token *all; // ended by MD_TOKEN_END
  int count;
} words;

typedef struct walk {
  const md_call_lint *lint;
  words words;
  bool loops[BLOCKS_MAX]; // of the open blocks, which are loops
  int depth, open_loops;
  bool loop_begins; // a `while` or `for` whose `do` is to come
} walk;

static int read_words(const char *text, size_t len, md_arena *arena, words *out) {
  md_lexer lexer;
  int count = 1;
  md_lexer_init(&lexer, text, len);
  while (md_lexer_next(&lexer).kind != MD_TOKEN_END)
    count++;
  out->all = md_arena_alloc(arena, (size_t)count * sizeof *out->all);
  if (!out->all) return MD_ENOMEM;
  out->count = count;
  md_lexer_init(&lexer, text, len);
  for (int i = 0; i < count; i++)
    out->all[i] = md_lexer_next(&lexer);
  return 0;
}

static const md_token *at(const words *words, int index) {
  return &words->all[index < words->count ? index : words->count - 1];
}

static bool is(const words *words, int index, const char *text) {
  return md_token_is(at(words, index), text);
}

static const char *copy(char out[static WORD_MAX], const md_token *token) {
  snprintf(out, WORD_MAX, "%.*s", (int)token->len, token->text);
  return out;
}

static int step_of(const words *words, int index) { // opens a bracket: +1, closes one: -1
  const md_token *token = at(words, index);
  if (token->kind != MD_TOKEN_SYMBOL || token->len != 1) return 0;
  return strchr("({[", *token->text) ? 1 : strchr(")}]", *token->text) ? -1 : 0;
}

// Where the arguments of the call begin; 0 for one that is not there. `open` is the word behind the method's name.
static void find_arguments(const words *words, int open, int begins[static ARGUMENTS_MAX + 1]) {
  memset(begins, 0, (ARGUMENTS_MAX + 1) * sizeof *begins);
  if (!is(words, open, "(")) {
    begins[1] = open;
    return;
  }
  int depth = 1, argument = 1;
  begins[1] = open + 1;
  for (int i = open + 1; i < words->count && depth > 0; i++) {
    depth += step_of(words, i);
    if (depth == 1 && is(words, i, ",") && argument < ARGUMENTS_MAX) begins[++argument] = i + 1;
  }
}

// The next `name =` of the table that opens before `*index`, or 0. "==" is no such thing.
static int next_field(const words *words, int *index, int *depth) {
  for (int i = *index; i<words->count && * depth> 0; i++) {
    *depth += step_of(words, i);
    bool begins = *depth == 1 && (is(words, i - 1, "{") || is(words, i - 1, ",") || is(words, i - 1, ";"));
    bool named = at(words, i)->kind == MD_TOKEN_NAME && is(words, i + 1, "=");
    bool equal = named && is(words, i + 2, "=") && at(words, i + 2)->text == at(words, i + 1)->text + 1;
    *index = i + 1;
    if (begins && named && !equal) return i;
  }
  return 0;
}

// The value of the field `name` in the table that opens at `table`, or 0.
static int value_of(const words *words, int table, const char *name) {
  int index = table + 1, depth = 1, field;
  if (!is(words, table, "{")) return 0;
  while ((field = next_field(words, &index, &depth)) != 0)
    if (is(words, field, name)) return field + 2;
  return 0;
}

static void check_type(walk *walk, const char *step, int index) {
  const md_token *token = at(&walk->words, index);
  char type[WORD_MAX], advice[300], text[700];
  if (token->kind != MD_TOKEN_STRING || is(&walk->words, index + 1, "..")) return;
  if (!walk->lint->unknown_type(walk->lint->context, copy(type, token), advice, sizeof advice)) return;
  snprintf(text, sizeof text, "m:%s: nothing can answer '%s': %s", step, type, advice);
  walk->lint->found(walk->lint->context, token->line, text);
}

static void check_types(walk *walk, const char *step, int argument) {
  check_type(walk, step, argument);
  if (!is(&walk->words, argument, "{")) return;
  for (int i = argument + 1, depth = 1; i < walk->words.count && (depth += step_of(&walk->words, i)) > 0; i++)
    if (depth == 1) check_type(walk, step, i);
}

// P5
static void check_by(walk *walk, const char *step, int table) {
  int value = value_of(&walk->words, table, "by");
  const md_token *token = at(&walk->words, value);
  char kind[WORD_MAX], advice[300], text[900];
  if (!value || token->kind != MD_TOKEN_STRING || is(&walk->words, value + 1, "..")) return;
  if (!walk->lint->unknown_kind(walk->lint->context, copy(kind, token), advice, sizeof advice)) return;
  snprintf(text, sizeof text, "m:%s: by = '%s' is no kind of thing: %s", step, kind, advice);
  walk->lint->found(walk->lint->context, token->line, text);
}

// M5: unless = { past = TYPE }
static void check_unless(walk *walk, int table) {
  int unless = value_of(&walk->words, table, "unless");
  int past = unless ? value_of(&walk->words, unless, "past") : 0;
  if (past) check_type(walk, "send: unless", past);
}

// M1: what is chosen at run time is declared.
static void check_template(walk *walk, int table, const char *field) {
  int value = value_of(&walk->words, table, field);
  const md_token *token = at(&walk->words, value);
  if (!value || walk->lint->templates_declared) return;
  if (token->kind == MD_TOKEN_STRING && !is(&walk->words, value + 1, "..")) return;
  char text[200];
  snprintf(text, sizeof text,
           "m:send: %s is chosen at run time: declare what it may be in the moment's templates = { … }", field);
  walk->lint->found(walk->lint->context, token->line, text);
}

// H1: with a name the call is one call, whatever its body.
static void check_call(walk *walk, int table, int line) {
  int method = value_of(&walk->words, table, "method");
  char word[WORD_MAX];
  bool posts =
      method ? strcmp(copy(word, at(&walk->words, method)), "POST") == 0 : value_of(&walk->words, table, "json") != 0;
  if (!walk->open_loops || !posts || value_of(&walk->words, table, "name")) return;
  walk->lint->found(
      walk->lint->context, line,
      "m:http posts in a loop without a name: a try with another body is another call, and done anew; give "
      "name = \"…\"");
}

// A value that is written out, or NULL.
static const md_token *literal(const walk *walk, int table, const char *name) {
  int value = value_of(&walk->words, table, name);
  const md_token *token = at(&walk->words, value);
  return value && token->kind == MD_TOKEN_STRING && !is(&walk->words, value + 1, "..") ? token : NULL;
}

static void tell(walk *walk, int line, const char *step, const char *format, ...) __attribute__((format(printf, 4, 5)));

static void tell(walk *walk, int line, const char *step, const char *format, ...) {
  char text[600];
  va_list args;
  va_start(args, format);
  int len = snprintf(text, sizeof text, "m:%s: ", step);
  vsnprintf(text + len, sizeof text - (size_t)len, format, args);
  va_end(args);
  walk->lint->found(walk->lint->context, line, text);
}

// W7
static void check_late(walk *walk, const char *step, int table) {
  const md_token *late = literal(walk, table, "late");
  char word[WORD_MAX];
  if (!late) return;
  copy(word, late);
  if (strcmp(word, "branch") != 0 && strcmp(word, "go_on") != 0 && strcmp(word, "skip") != 0)
    tell(walk, late->line, step, "late is '%.60s'; it must be one of: branch go_on skip", word);
  else if (!value_of(&walk->words, table, "max_lateness"))
    tell(walk, late->line, step, "late says what to do past max_lateness: give max_lateness too");
}

static void check_durations(walk *walk, const char *step, int table) {
  static const char *const names[] = {"within", "quiet", "max_lateness", "ttl", NULL};
  for (int i = 0; names[i]; i++) {
    const md_token *token = literal(walk, table, names[i]);
    md_micros span;
    md_error why = {0};
    if (token && md_duration_parse(token->text, token->len, &span, &why))
      tell(walk, token->line, step, "%s: %s", names[i], why.text);
  }
}

static void check_clock(walk *walk, int table) {
  static const struct {
    const char *name;
    long most;
  } hands[] = {{"hour", 23}, {"minute", 59}};
  for (int i = 0; i < 2; i++) {
    int value = value_of(&walk->words, table, hands[i].name);
    const md_token *token = at(&walk->words, value);
    char word[WORD_MAX], *end = NULL;
    if (!value || token->kind != MD_TOKEN_SYMBOL ||
        !(is(&walk->words, value + 1, ",") || is(&walk->words, value + 1, "}")))
      continue;
    long number = strtol(copy(word, token), &end, 10);
    if (end != word && *end == '\0' && (number < 0 || number > hands[i].most))
      tell(walk, token->line, "sleep_until", "%s must be a whole number from 0 to %ld", hands[i].name, hands[i].most);
  }
}

// What only the configuration knows is asked where one is given.
static void check_connection(walk *walk, int table) {
  const md_token *token = literal(walk, table, "connection");
  char name[WORD_MAX];
  const char *near = NULL;
  if (!token || !walk->lint->unknown_connection) return;
  if (!walk->lint->unknown_connection(walk->lint->context, copy(name, token), &near)) return;
  tell(walk, token->line, "http", "the configuration has no connection '%.60s'; %s%.60s%s", name,
       near ? "did you mean '" : "connections = { … } names them", near ? near : "", near ? "'?" : "");
}

static bool takes_types(const char *step) {
  return strcmp(step, "wait_for") == 0 || strcmp(step, "collect") == 0 || strcmp(step, "past") == 0;
}

// What the step would raise for at once, when it runs.
static void check_values(walk *walk, const char *step, const int begins[static ARGUMENTS_MAX + 1]) {
  bool first = strcmp(step, "sleep_until") == 0 && is(&walk->words, begins[1], "{");
  bool timed = takes_types(step) || strncmp(step, "sleep", 5) == 0;
  int table = first ? begins[1] : begins[2];
  if (timed) check_late(walk, step, table);
  if (timed) check_durations(walk, step, table);
  if (strcmp(step, "set") == 0) check_durations(walk, step, begins[3]);
  if (strcmp(step, "send") == 0) check_durations(walk, step, begins[1]);
  if (first) check_clock(walk, table);
}

// "x" of m:experiment("x"), which begins at `index`; or NULL.
static const md_token *experiment_at(const words *words, int index) {
  if (!(is(words, index, "m") && is(words, index + 1, ":") && is(words, index + 2, "experiment"))) return NULL;
  const md_token *name = at(words, is(words, index + 3, "(") ? index + 4 : index + 3);
  return name->kind == MD_TOKEN_STRING ? name : NULL;
}

// variant = m:experiment("x"), or a name that was given it last before.
static void check_variant(walk *walk, int table) {
  const words *words = &walk->words;
  const md_token *template = literal(walk, table, "template");
  int value = value_of(words, table, "variant");
  if (!template || !value) return;
  const md_token *token = at(words, value), *experiment = experiment_at(words, value);
  for (int i = value; i > 1 && !experiment && token->kind == MD_TOKEN_NAME; i--)
    if (is(words, i - 1, "=") && at(words, i - 2)->kind == MD_TOKEN_NAME && at(words, i - 2)->len == token->len &&
        memcmp(at(words, i - 2)->text, token->text, token->len) == 0)
      experiment = experiment_at(words, i);
  if (experiment)
    walk->lint->variant(walk->lint->context, token->line, template->text, template->len, experiment->text,
                        experiment->len);
}

// `index`: the m of `m:name(`.
static void check_step(walk *walk, int index) {
  const md_token *token = at(&walk->words, index + 2);
  int begins[ARGUMENTS_MAX + 1];
  char name[WORD_MAX];
  copy(name, token);
  find_arguments(&walk->words, index + 3, begins);
  check_values(walk, name, begins);
  if (takes_types(name)) {
    check_types(walk, name, begins[1]);
    check_by(walk, name, begins[2]);
  }
  if (strcmp(name, "http") == 0) {
    check_call(walk, begins[1], token->line);
    check_connection(walk, begins[1]);
  }
  if (strcmp(name, "send") != 0) return;
  check_template(walk, begins[1], "template");
  check_template(walk, begins[1], "fallback_template");
  check_unless(walk, begins[1]);
  check_variant(walk, begins[1]);
}

static void open_block(walk *walk, bool loop) {
  if (walk->depth < BLOCKS_MAX) walk->loops[walk->depth] = loop;
  walk->depth++;
  walk->open_loops += loop && walk->depth <= BLOCKS_MAX;
}

static void close_block(walk *walk) {
  if (walk->depth == 0) return;
  walk->depth--;
  if (walk->depth < BLOCKS_MAX) walk->open_loops -= walk->loops[walk->depth];
}

static void follow_blocks(walk *walk, int index) {
  const words *words = &walk->words;
  if (is(words, index, "while") || is(words, index, "for")) walk->loop_begins = true;
  if (is(words, index, "repeat")) open_block(walk, true);
  if (is(words, index, "function") || is(words, index, "if")) open_block(walk, false);
  if (is(words, index, "do")) {
    open_block(walk, walk->loop_begins);
    walk->loop_begins = false;
  }
  if (is(words, index, "end") || is(words, index, "until")) close_block(walk);
}

static bool is_call(const words *words, int index) {
  bool free = index == 0 || !(is(words, index - 1, ".") || is(words, index - 1, ":"));
  return free && is(words, index, "m") && is(words, index + 1, ":") && at(words, index + 2)->kind == MD_TOKEN_NAME;
}

int md_lint_calls(const md_call_lint *lint, const char *text, size_t len, md_arena *arena) {
  walk walk = {.lint = lint};
  int code = read_words(text, len, arena, &walk.words);
  for (int i = 0; i < walk.words.count && !code; i++) {
    follow_blocks(&walk, i);
    if (is_call(&walk.words, i)) check_step(&walk, i);
  }
  return code;
}

static void tell_strings(const words *words, int open, md_arena *arena, void (*each)(void *context, const char *type),
                         void *context) {
  for (int i = open + 1, depth = 1; i < words->count && (depth += step_of(words, i)) > 0; i++) {
    const md_token *token = at(words, i);
    const char *type = token->kind == MD_TOKEN_STRING ? md_arena_strndup(arena, token->text, token->len) : NULL;
    if (type) each(context, type);
  }
}

int md_lint_emitted(const char *text, size_t len, md_arena *arena, void (*each)(void *context, const char *type),
                    void *context) {
  words words = {0};
  int code = read_words(text, len, arena, &words);
  for (int i = 0; i < words.count && !code; i++) {
    if (!is_call(&words, i)) continue;
    if (is(&words, i + 2, "page")) tell_strings(&words, i + 3, arena, each, context);
    if (!is(&words, i + 2, "emit")) continue;
    int table = is(&words, i + 3, "(") ? i + 4 : i + 3, value = value_of(&words, table, "type");
    const md_token *token = at(&words, value);
    const char *type =
        value && token->kind == MD_TOKEN_STRING ? md_arena_strndup(arena, token->text, token->len) : NULL;
    if (type) each(context, type);
  }
  return code;
}

int md_lint_line_of(const char *text, size_t len, const char *name) {
  md_lexer lexer;
  md_lexer_init(&lexer, text, len);
  for (md_token token = md_lexer_next(&lexer); token.kind != MD_TOKEN_END; token = md_lexer_next(&lexer)) {
    md_lexer ahead = lexer;
    md_token next = md_lexer_next(&ahead);
    if (md_token_is(&token, name) && md_token_is(&next, "=")) return token.line;
  }
  return 1;
}
