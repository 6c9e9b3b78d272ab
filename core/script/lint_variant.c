// SPDX-License-Identifier: Apache-2.0
// Follows the values that a send's `variant` can have back to the experiment whose arms they are, as far as the text
// says it: the arm itself, a name that was given it, texts joined to it, `and` and `or`. Pure.
#include "script/lint_walk.h"
#include <string.h>

enum { CHOICES_MAX = 8, NAMES_DEEP = 4 };

typedef struct choices {
  md_lint_variant_text all[CHOICES_MAX];
  int count;
  bool unclear;
} choices;

typedef struct reader {
  md_lint_walk *walk;
  const md_words *words;
  int at;
  int deep; // names followed
  choices *out;
} reader;

static bool is(const reader *r, const char *text) {
  return md_words_is(r->words, r->at, text);
}

static bool take(reader *r, const char *text) {
  bool found = is(r, text);
  r->at += found;
  return found;
}

// The name of the experiment whose arm is asked for at `index`, or NULL.
static const md_token *experiment_at(const md_words *words, int index) {
  if (!md_words_step(words, index) || !md_words_is(words, index + 2, "experiment")) return NULL;
  const md_token *name = md_words_at(words, index + (md_words_is(words, index + 3, "(") ? 4 : 3));
  return name->kind == MD_TOKEN_STRING ? name : NULL;
}

// Where the value begins that the name at `index` was given last before it; 0 for none.
static int given(const md_words *words, int index) {
  const md_token *name = md_words_at(words, index);
  for (int i = index - 1; i > 0 && name->kind == MD_TOKEN_NAME; i--) {
    const md_token *other = md_words_at(words, i - 1);
    bool same =
        other->kind == MD_TOKEN_NAME && other->len == name->len && memcmp(other->text, name->text, name->len) == 0;
    bool member = i > 1 && (md_words_is(words, i - 2, ".") || md_words_is(words, i - 2, ":"));
    if (same && !member && md_words_is(words, i, "=") && !md_words_is(words, i + 1, "=")) return i + 1;
  }
  return 0;
}

static bool read_choice(reader *r);

// A name stands for the value that it was given.
static bool read_name(reader *r, md_lint_variant_text *out) {
  int value = given(r->words, r->at++);
  choices inner = {.count = 0};
  reader there = {r->walk, r->words, value, r->deep + 1, &inner};
  if (!value || r->deep == NAMES_DEEP || !read_choice(&there) || inner.count != 1) return false;
  *out = inner.all[0];
  return true;
}

static const char *text_of(reader *r, const md_token *token) {
  return md_arena_strndup(r->walk->arena, token->text, token->len);
}

// A text, an arm, a name, or any of them in brackets.
static bool read_one(reader *r, md_lint_variant_text *out) {
  const md_token *token = md_words_at(r->words, r->at), *experiment = experiment_at(r->words, r->at);
  *out = (md_lint_variant_text){.before = "", .after = "", .line = token->line};
  if (experiment) {
    out->experiment = text_of(r, experiment);
    r->at += md_words_is(r->words, r->at + 3, "(") ? 6 : 4;
    return out->experiment != NULL;
  }
  if (token->kind == MD_TOKEN_STRING) {
    out->before = text_of(r, token);
    r->at++;
    return out->before != NULL;
  }
  if (!take(r, "(")) return token->kind == MD_TOKEN_NAME && read_name(r, out);
  return read_one(r, out) && take(r, ")");
}

// What `a .. b` is; false where both are arms.
static bool join(reader *r, md_lint_variant_text *left, const md_lint_variant_text *right) {
  md_arena *arena = r->walk->arena;
  if (left->experiment && right->experiment) return false;
  if (left->experiment) {
    left->after = md_arena_printf(arena, "%s%s", left->after, right->before);
    return left->after != NULL;
  }
  left->before = md_arena_printf(arena, "%s%s", left->before, right->before);
  left->experiment = right->experiment;
  left->after = right->after;
  return left->before != NULL;
}

static bool read_joined(reader *r, md_lint_variant_text *out) {
  md_lint_variant_text more;
  if (!read_one(r, out)) return false;
  while (take(r, ".."))
    if (!read_one(r, &more) || !join(r, out, &more)) return false;
  return true;
}

// `arm == "b" and`: what stands before it is compared, not sent. Answers whether that was read.
static bool skip_condition(reader *r) {
  md_lint_variant_text left;
  reader ahead = *r;
  if (!read_one(&ahead, &left)) return false;
  bool compared = (take(&ahead, "=") || take(&ahead, "~")) && take(&ahead, "=") && read_one(&ahead, &left);
  if (!compared || !take(&ahead, "and")) return false;
  r->at = ahead.at;
  return true;
}

static void add(reader *r, const md_lint_variant_text *choice) {
  if (r->out->count < CHOICES_MAX)
    r->out->all[r->out->count++] = *choice;
  else
    r->out->unclear = true;
}

// One or more of them with `or` between; nil and false choose the plain file. What follows must end an expression.
static bool read_choice(reader *r) {
  static const char *const goes_on[] = {".", ":", "[", "(", "{", "=", "~", "and", "..", "+", NULL};
  md_lint_variant_text one;
  do {
    skip_condition(r);
    if (take(r, "nil") || take(r, "false")) continue;
    if (!read_joined(r, &one)) return false;
    add(r, &one);
  } while (take(r, "or"));
  for (int i = 0; goes_on[i]; i++)
    if (is(r, goes_on[i])) return false;
  return !r->out->unclear;
}

// An experiment that the expression asks, itself or by a name; or NULL.
static const md_token *asked(const md_words *words, int from, int end) {
  const md_token *experiment = NULL;
  for (int i = from; i < end && !experiment; i++) {
    int value = given(words, i);
    experiment = experiment_at(words, i);
    if (!experiment && value) experiment = experiment_at(words, value);
  }
  return experiment;
}

// A variable alone stands for what it was given last. Answers whether the value is that of a statement now.
static bool follow_variable(const md_words *words, int *value, int end) {
  bool followed = false;
  for (int next, deep = 0; deep < NAMES_DEEP && *value + 1 == end && (next = given(words, *value)) != 0; deep++) {
    *value = next;
    followed = true;
    end = md_words_at(words, next + 1)->line > md_words_at(words, next)->line ? next + 1 : 0;
  }
  return followed;
}

// Of a statement nothing says where it ends but, mostly, its line.
static int line_end(const md_words *words, int index) {
  int line = md_words_at(words, index)->line;
  while (index < words->count - 1 && md_words_at(words, index)->line == line)
    index++;
  return index;
}

static void tell_choices(md_lint_walk *walk, const char *template_name, choices *all, const char *decides, int line) {
  for (int i = 0; i < all->count && !decides; i++)
    decides = all->all[i].experiment;
  for (int i = 0; i < all->count; i++) {
    all->all[i].line = line;
    all->all[i].asked = decides;
    walk->lint->variant(walk->lint->context, template_name, &all->all[i]);
  }
}

void md_lint_variant(md_lint_walk *walk, int table) {
  const md_words *words = &walk->words;
  const md_token *template = md_words_text(words, table, "template");
  int value = md_words_value(words, table, "variant"), line = md_words_at(words, value)->line;
  if (!template || !value) return;
  int end = md_words_end(words, value);
  bool statement = follow_variable(words, &value, end);
  choices choices = {.count = 0};
  reader r = {walk, words, value, 0, &choices};
  bool clear = read_choice(&r) && (statement || r.at == end);
  if (statement) end = clear ? r.at : line_end(words, value);
  const md_token *experiment = asked(words, value, end);
  const char *name = text_of(&r, template), *decides = experiment ? text_of(&r, experiment) : NULL;
  if (clear && name)
    tell_choices(walk, name, &choices, decides, line);
  else if (decides)
    md_lint_tell(walk, line, "send",
                 "check cannot see which variants come of the arms of %s: give the arm itself (variant = arm) and name "
                 "the copy after the arms",
                 decides);
}
