// SPDX-License-Identifier: Apache-2.0
// The words of a Lua text, without comments: enough to follow `require` and to find `<close>`. Pure; any thread.
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef enum md_token_kind { MD_TOKEN_END, MD_TOKEN_NAME, MD_TOKEN_STRING, MD_TOKEN_SYMBOL } md_token_kind;

typedef struct md_token {
  md_token_kind kind; // a number is a SYMBOL; so is each byte of punctuation but ".." and "..."
  const char *text;   // a string without its quotes, escapes as written
  size_t len;
  int line;
} md_token;

typedef struct md_lexer {
  const char *at, *end;
  int line;
} md_lexer;

void md_lexer_init(md_lexer *lexer, const char *text, size_t len);
// A text that is no Lua gives some words all the same: the compiler says what is wrong with it.
md_token md_lexer_next(md_lexer *lexer);
bool md_token_is(const md_token *token, const char *text); // a name or symbol

// The line of the first `<close>` attribute, or 0.
int md_lexer_find_close(const char *text, size_t len);
