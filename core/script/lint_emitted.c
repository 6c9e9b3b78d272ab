// SPDX-License-Identifier: Apache-2.0
// Finds in a text the event types that it emits, and the lines of its fields. Pure.
#include "script/lint_calls.h"
#include "script/words.h"

static void tell_strings(const md_words *words, int open, md_arena *arena,
                         void (*each)(void *context, const char *type), void *context) {
  for (int i = open + 1, depth = 1; i < words->count && (depth += md_words_nesting(words, i)) > 0; i++) {
    const md_token *token = md_words_at(words, i);
    const char *type = token->kind == MD_TOKEN_STRING ? md_arena_strndup(arena, token->text, token->len) : NULL;
    if (type) each(context, type);
  }
}

int md_lint_emitted(const char *text, size_t len, md_arena *arena, void (*each)(void *context, const char *type),
                    void *context) {
  md_words words = {0};
  int code = md_words_read(text, len, arena, &words);
  for (int i = 0; i < words.count && !code; i++) {
    if (!md_words_step(&words, i)) continue;
    if (md_words_is(&words, i + 2, "page")) tell_strings(&words, i + 3, arena, each, context);
    if (!md_words_is(&words, i + 2, "emit")) continue;
    int table = md_words_is(&words, i + 3, "(") ? i + 4 : i + 3, value = md_words_value(&words, table, "type");
    const md_token *token = md_words_at(&words, value);
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
