// SPDX-License-Identifier: Apache-2.0
// Looks for the steps that take event types and for the fields on, about and class, in the words of Lua texts.
#include "script/needs.h"
#include "script/lexer.h"
#include <string.h>

// A list of texts in the making, NULL-terminated.
typedef struct list {
  const char **texts;
  int count, capacity;
} list;

typedef struct reader {
  md_arena *arena;
  list types, kinds;
  bool all_types, all_kinds;
  bool starts;            // somewhere says on = …
  bool class_is_computed; // or two are named
  const char *class_name;
  bool failed; // out of memory
} reader;

// A lexer with the word before the one at hand.
typedef struct walk {
  md_lexer lexer;
  md_token before, token;
} walk;

static void step(walk *w) {
  w->before = w->token;
  w->token = md_lexer_next(&w->lexer);
}

static md_token peek(const walk *w) {
  md_lexer ahead = w->lexer;
  return md_lexer_next(&ahead);
}

static void add(reader *r, list *to, const md_token *token) {
  for (int i = 0; i < to->count; i++)
    if (strlen(to->texts[i]) == token->len && memcmp(to->texts[i], token->text, token->len) == 0) return;
  if (to->count + 1 >= to->capacity) {
    int room = to->capacity ? 2 * to->capacity : 16;
    const char **grown = md_arena_alloc_zero(r->arena, (size_t)room * sizeof *grown);
    if (grown && to->count) memcpy(grown, to->texts, (size_t)to->count * sizeof *grown);
    if (!grown) r->failed = true;
    if (!grown) return;
    to->texts = grown;
    to->capacity = room;
  }
  const char *text = md_arena_strndup(r->arena, token->text, token->len);
  if (text) to->texts[to->count++] = text;
  r->failed = r->failed || !text;
}

static bool ends_value(const md_token *token) {
  static const char *const ends[] = {",", ";", ")", "}", NULL};
  if (token->kind == MD_TOKEN_END) return true;
  for (int i = 0; ends[i]; i++)
    if (md_token_is(token, ends[i])) return true;
  return false;
}

// A text without escapes, and nothing is joined to it.
static bool is_literal(const md_token *value, const md_token *after) {
  return value->kind == MD_TOKEN_STRING && !memchr(value->text, '\\', value->len) && ends_value(after);
}

// At a list of types: whether it is one. Leaves the walk at its end.
static bool read_list(reader *r, walk *w) {
  if (!md_token_is(&w->token, "{")) return false;
  for (step(w); !md_token_is(&w->token, "}"); step(w)) {
    md_token after = peek(w);
    if (is_literal(&w->token, &after))
      add(r, &r->types, &w->token);
    else if (!md_token_is(&w->token, ",") && !md_token_is(&w->token, ";"))
      return false;
  }
  return true;
}

// At a value: a type or a list of them. What is neither may be any type.
static void read_types(reader *r, walk *w) {
  md_token after = peek(w);
  if (is_literal(&w->token, &after))
    add(r, &r->types, &w->token);
  else if (!read_list(r, w))
    r->all_types = true;
}

// At the value of about or by.
static void read_kind(reader *r, const walk *w) {
  md_token after = peek(w);
  if (is_literal(&w->token, &after))
    add(r, &r->kinds, &w->token);
  else
    r->all_kinds = true;
}

static int nesting(const md_token *token) {
  if (token->kind != MD_TOKEN_SYMBOL || token->len != 1) return 0;
  return strchr("({[", *token->text) ? 1 : strchr(")}]", *token->text) ? -1 : 0;
}

static bool is_assigned(walk w) {
  md_token equals = peek(&w);
  step(&w);
  md_token after = peek(&w);
  return md_token_is(&equals, "=") && !md_token_is(&after, "=");
}

// To the value of `name = value`.
static void to_value(walk *w) {
  step(w);
  step(w);
}

// Behind the types, within the parentheses of the call: by = "…".
static void read_options(reader *r, walk w) {
  md_token after = peek(&w);
  if (md_token_is(&after, ")")) return;
  step(&w);
  if (md_token_is(&w.token, ",")) step(&w);
  if (!md_token_is(&w.token, "{")) r->all_kinds = true; // a table made elsewhere
  for (int depth = 1; depth > 0 && w.token.kind != MD_TOKEN_END; step(&w)) {
    depth += nesting(&w.token);
    if (w.token.kind != MD_TOKEN_NAME || !md_token_is(&w.token, "by") || !is_assigned(w)) continue;
    walk value = w;
    to_value(&value);
    read_kind(r, &value);
  }
}

// At the name of a step that takes types. One that is not called there may be called with anything.
static void read_step(reader *r, walk w) {
  bool member = md_token_is(&w.before, ":") || md_token_is(&w.before, ".");
  if (!member) return;
  step(&w);
  bool parenthesis = md_token_is(&w.token, "(");
  if (!parenthesis) {
    md_token text = w.token;
    if (text.kind == MD_TOKEN_STRING && !memchr(text.text, '\\', text.len))
      add(r, &r->types, &text);
    else
      r->all_types = r->all_kinds = true;
    return;
  }
  step(&w);
  read_types(r, &w);
  read_options(r, w);
}

// At moment.schedule(…): whether it is that. Leaves the walk at its last word.
static bool skip_schedule(walk *w) {
  static const char *const words[] = {"moment", ".", "schedule", "(", NULL};
  for (int i = 0; words[i]; i++, step(w))
    if (!md_token_is(&w->token, words[i])) return false;
  for (int depth = 1; w->token.kind != MD_TOKEN_END; step(w))
    if ((depth += nesting(&w->token)) == 0) return true;
  return false;
}

// A type or a schedule.
static bool read_start(reader *r, walk *w) {
  md_token after = peek(w);
  if (is_literal(&w->token, &after)) {
    add(r, &r->types, &w->token);
    return true;
  }
  if (!skip_schedule(w)) return false;
  after = peek(w);
  return ends_value(&after);
}

// on = a type, a schedule, or a list of them.
static bool read_starts(reader *r, walk w) {
  to_value(&w);
  if (!md_token_is(&w.token, "{")) return read_start(r, &w);
  for (step(&w); !md_token_is(&w.token, "}"); step(&w)) {
    bool separates = md_token_is(&w.token, ",") || md_token_is(&w.token, ";");
    if (!separates && !read_start(r, &w)) return false;
  }
  return true;
}

static void read_class(reader *r, walk w) {
  to_value(&w);
  md_token after = peek(&w);
  const char *text = is_literal(&w.token, &after) ? md_arena_strndup(r->arena, w.token.text, w.token.len) : NULL;
  if (!text || (r->class_name && strcmp(r->class_name, text) != 0)) r->class_is_computed = true;
  r->class_name = text;
}

static bool takes_types(const md_token *token) {
  return md_token_is(token, "wait_for") || md_token_is(token, "collect") || md_token_is(token, "past");
}

static void read_field(reader *r, walk w) {
  if (md_token_is(&w.token, "on")) {
    r->starts = true;
    r->all_types = !read_starts(r, w) || r->all_types;
  }
  if (md_token_is(&w.token, "class")) read_class(r, w);
  if (!md_token_is(&w.token, "about") && !md_token_is(&w.token, "past")) return; // unless = { past = … }
  bool past = md_token_is(&w.token, "past");
  to_value(&w);
  if (past)
    read_types(r, &w);
  else
    read_kind(r, &w);
}

// A name in quotes may come to stand between brackets: m["wait_for"], t["class"].
static void read_quoted(reader *r, const md_token *token) {
  static const char *const typed[] = {"wait_for", "collect", "past", "on", NULL};
  for (int i = 0; typed[i]; i++)
    if (strlen(typed[i]) == token->len && memcmp(typed[i], token->text, token->len) == 0)
      r->all_types = r->all_kinds = true;
  if (token->len == 5 && memcmp(token->text, "about", 5) == 0) r->all_kinds = true;
  if (token->len == 2 && memcmp(token->text, "by", 2) == 0) r->all_kinds = true;
  if (token->len == 5 && memcmp(token->text, "class", 5) == 0) r->class_is_computed = true;
}

static void read_text(reader *r, const char *text, size_t len) {
  walk w = {0};
  md_lexer_init(&w.lexer, text, len);
  for (step(&w); w.token.kind != MD_TOKEN_END; step(&w)) {
    if (w.token.kind == MD_TOKEN_STRING) read_quoted(r, &w.token);
    if (w.token.kind != MD_TOKEN_NAME) continue;
    if (is_assigned(w))
      read_field(r, w);
    else if (takes_types(&w.token))
      read_step(r, w);
  }
}

static bool ends_with(const char *text, const char *end) {
  size_t len = strlen(text), tail = strlen(end);
  return len >= tail && strcmp(text + len - tail, end) == 0;
}

bool md_source_is_spec(const char *path) {
  return ends_with(path, "_spec.lua");
}

int md_needs_read(const md_source *version, md_arena *arena, md_needs *out) {
  static const char *const none[] = {NULL};
  reader r = {.arena = arena};
  for (int i = 0; i < version->count; i++) {
    const md_source_file *file = &version->files[i];
    if (ends_with(file->path, ".lua") && !md_source_is_spec(file->path)) read_text(&r, file->data, file->len);
  }
  *out = (md_needs){.types = r.types.texts ? r.types.texts : none,
                    .all_types = r.all_types || !r.starts,
                    .kinds = r.kinds.texts ? r.kinds.texts : none,
                    .all_kinds = r.all_kinds,
                    .class_name = r.class_is_computed ? NULL : r.class_name};
  return r.failed ? MD_ENOMEM : 0;
}
