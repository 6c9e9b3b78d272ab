// SPDX-License-Identifier: Apache-2.0
// Reads a Lua text's words, and tables and calls in them. Pure; any thread.
#include "script/words.h"
#include "base/error.h"
#include <stdio.h>
#include <string.h>

int md_words_read(const char *text, size_t len, md_arena *arena, md_words *out) {
  md_lexer lexer;
  int count = 1;
  md_lexer_init(&lexer, text, len);
  while (md_lexer_next(&lexer).kind != MD_TOKEN_END)
    count++;
  *out = (md_words){md_arena_alloc(arena, (size_t)count * sizeof *out->all), count};
  if (!out->all) return MD_ENOMEM;
  md_lexer_init(&lexer, text, len);
  for (int i = 0; i < count; i++)
    out->all[i] = md_lexer_next(&lexer);
  return 0;
}

const md_token *md_words_at(const md_words *words, int index) {
  return &words->all[index < words->count ? index : words->count - 1];
}

bool md_words_is(const md_words *words, int index, const char *text) {
  return md_token_is(md_words_at(words, index), text);
}

const char *md_token_text(char out[static MD_WORD_TEXT], const md_token *token) {
  snprintf(out, MD_WORD_TEXT, "%.*s", (int)token->len, token->text);
  return out;
}

int md_words_nesting(const md_words *words, int index) {
  const md_token *token = md_words_at(words, index);
  if (token->kind != MD_TOKEN_SYMBOL || token->len != 1) return 0;
  return strchr("({[", *token->text) ? 1 : strchr(")}]", *token->text) ? -1 : 0;
}

void md_words_arguments(const md_words *words, int open, int begins[static MD_WORDS_ARGUMENTS + 1]) {
  memset(begins, 0, (MD_WORDS_ARGUMENTS + 1) * sizeof *begins);
  if (!md_words_is(words, open, "(")) {
    begins[1] = open;
    return;
  }
  int depth = 1, argument = 1;
  begins[1] = open + 1;
  for (int i = open + 1; i < words->count && depth > 0; i++) {
    depth += md_words_nesting(words, i);
    if (depth == 1 && md_words_is(words, i, ",") && argument < MD_WORDS_ARGUMENTS) begins[++argument] = i + 1;
  }
}

md_words_table md_words_table_at(const md_words *words, int open) {
  bool table = md_words_is(words, open, "{");
  return (md_words_table){.words = words, .next = open + 1, .depth = table ? 1 : 0};
}

// "=" at `index`, and no "==".
static bool is_assignment(const md_words *words, int index) {
  if (!md_words_is(words, index, "=")) return false;
  return !md_words_is(words, index + 1, "=") ||
         md_words_at(words, index + 1)->text != md_words_at(words, index)->text + 1;
}

// The words of the field's name that begins at `index`, up to its "="; 0 where none begins.
static int name_length(const md_words *words, int index) {
  bool begins =
      md_words_is(words, index - 1, "{") || md_words_is(words, index - 1, ",") || md_words_is(words, index - 1, ";");
  if (!begins) return 0;
  if (md_words_at(words, index)->kind == MD_TOKEN_NAME) return is_assignment(words, index + 1) ? 1 : 0;
  bool quoted = md_words_is(words, index, "[") && md_words_at(words, index + 1)->kind == MD_TOKEN_STRING &&
                md_words_is(words, index + 2, "]");
  return quoted && is_assignment(words, index + 3) ? 3 : 0;
}

bool md_words_field(md_words_table *table) {
  const md_words *words = table->words;
  for (int i = table->next; i < words->count && table->depth > 0; i++) {
    int len = table->depth == 1 ? name_length(words, i) : 0;
    if (len > 0) {
      table->name = md_words_at(words, len == 1 ? i : i + 1);
      table->value = table->next = i + len + 1;
      return true;
    }
    table->depth += md_words_nesting(words, i);
  }
  table->next = words->count;
  return false;
}

int md_words_value(const md_words *words, int table, const char *name) {
  md_words_table fields = md_words_table_at(words, table);
  size_t len = strlen(name);
  while (md_words_field(&fields))
    if (fields.name->len == len && memcmp(fields.name->text, name, len) == 0) return fields.value;
  return 0;
}

const md_token *md_words_text(const md_words *words, int table, const char *name) {
  int value = md_words_value(words, table, name);
  const md_token *token = md_words_at(words, value);
  return value && token->kind == MD_TOKEN_STRING && md_words_end(words, value) == value + 1 ? token : NULL;
}

int md_words_end(const md_words *words, int index) {
  for (int depth = 0; index < words->count - 1; index++) {
    bool stops = md_words_is(words, index, ",") || md_words_is(words, index, ";");
    depth += md_words_nesting(words, index);
    if (depth < 0 || (depth == 0 && stops)) break;
  }
  return index;
}

bool md_words_step(const md_words *words, int index) {
  bool free = index == 0 || !(md_words_is(words, index - 1, ".") || md_words_is(words, index - 1, ":"));
  return free && md_words_is(words, index, "m") && md_words_is(words, index + 1, ":") &&
         md_words_at(words, index + 2)->kind == MD_TOKEN_NAME;
}
