// SPDX-License-Identifier: Apache-2.0
// A Lua text as a list of its words, and what can be read in it without running it: arguments, fields of tables, values
// that are written out. Pure; any thread.
#pragma once
#include "base/arena.h"
#include "script/lexer.h"

enum { MD_WORDS_ARGUMENTS = 8, MD_WORD_TEXT = 256 };

typedef struct md_words {
  md_token *all; // ended by MD_TOKEN_END
  int count;
} md_words;

int md_words_read(const char *text, size_t len, md_arena *arena, md_words *out); // 0 or MD_ENOMEM

// The word at `index`, the last one past the end.
const md_token *md_words_at(const md_words *words, int index);
bool md_words_is(const md_words *words, int index, const char *text);
const char *md_token_text(char out[static MD_WORD_TEXT], const md_token *token); // `out`, cut at its length

// 1 for a word that opens a bracket, -1 for one that closes it, else 0.
int md_words_nesting(const md_words *words, int index);

// Where the arguments of a call begin, by their number; 0 for one that is not there. `open` is the word behind the
// function's name.
void md_words_arguments(const md_words *words, int open, int begins[static MD_WORDS_ARGUMENTS + 1]);

// The fields of a table, one after the other: `name = value` and `["name"] = value`.
typedef struct md_words_table {
  const md_words *words;
  int next, depth;
  const md_token *name; // of the field
  int value;            // where its value begins
} md_words_table;
md_words_table md_words_table_at(const md_words *words, int open); // `open` is its brace
bool md_words_field(md_words_table *table);                        // false at the end

// Where the value of the field `name` begins in the table that opens at `table`; 0 where there is none, or no table.
int md_words_value(const md_words *words, int table, const char *name);
// Likewise a text that is written out, by itself and not as part of an expression; or NULL.
const md_token *md_words_text(const md_words *words, int table, const char *name);
// Where the expression that begins at `index` ends: the word behind it.
int md_words_end(const md_words *words, int index);

// Whether `m:name` stands at `index`.
bool md_words_step(const md_words *words, int index);
