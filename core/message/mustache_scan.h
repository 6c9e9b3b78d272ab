// SPDX-License-Identifier: Apache-2.0
// A Mustache text as tokens: tags apart from text, matched, their names checked. Pure; any thread.
#pragma once
#include "message/mustache_node.h"

typedef struct md_mustache_token {
  char kind;   // 't' text, up to and with the end of its line; else the tag: 'v' '&' '#' '^' '/' '>' '<' '$' '!' '='
  char closes; // of '/': the kind of the tag that it closes
  bool line_start; // the first of its line
  bool dynamic;    // {{>*name}}
  int line;
  int match;        // index of the token that closes this one or is closed by it; -1
  const char *text; // of a text its bytes; of a tag its name, without white space around it
  size_t len;
  const char *indent; // as in md_mustache_node; settled by md_mustache_settle
} md_mustache_token;

typedef struct md_mustache_tokens {
  const char *file;
  md_arena *arena;
  md_mustache_token *items;
  int count, capacity;
  md_error *err;
} md_mustache_tokens;

// Splits and matches. `tokens` has file, arena and err set. Errors as md_mustache_compile.
int md_mustache_scan(md_mustache_tokens *tokens, int first_line, const char *text, size_t len);

// Takes away the lines of tags that stand alone, and moves the indentation of blocks from their text into `indent`.
int md_mustache_settle(md_mustache_tokens *tokens);
