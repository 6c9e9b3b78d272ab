// SPDX-License-Identifier: Apache-2.0
// The walk through the calls of one text, which the checks of calls share. Private to core/script.
#pragma once
#include "script/lint_calls.h"
#include "script/words.h"

enum { MD_LINT_BLOCKS = 200 };

typedef struct md_lint_walk {
  const md_call_lint *lint;
  md_arena *arena;
  md_words words;
  bool loops[MD_LINT_BLOCKS]; // of the open blocks, which are loops
  int depth, open_loops;
  bool loop_begins; // a `while` or `for` whose `do` is to come
} md_lint_walk;

// "m:STEP: …"
void md_lint_tell(md_lint_walk *walk, int line, const char *step, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

// What the step would raise for at once when it runs (lint_values.c). `begins` are its arguments.
void md_lint_values(md_lint_walk *walk, const char *step, const int begins[static MD_WORDS_ARGUMENTS + 1]);
// Whether the step's first argument is event types.
bool md_lint_takes_types(const char *step);
// Event types that nobody sends, kinds that there are not (lint_types.c).
void md_lint_types(md_lint_walk *walk, const char *step, const int begins[static MD_WORDS_ARGUMENTS + 1]);
// The variants that a send's table names (lint_variant.c).
void md_lint_variant(md_lint_walk *walk, int table);
// Its locale, and its data where all of it is written out (lint_data.c).
void md_lint_data(md_lint_walk *walk, int table);
