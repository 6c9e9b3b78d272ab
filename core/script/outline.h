// SPDX-License-Identifier: Apache-2.0
// What a Lua text says of a moment before it runs, as far as it is written out: the steps that it takes, the outcomes
// that its run returns, what its definition's fields are. Pure; any thread.
#pragma once
#include "script/words.h"
#include <stdbool.h>

enum { MD_OUTLINE_FIELDS = 24 };

// A part of the text, as it stands there.
typedef struct md_outline_span {
  const char *text; // not NUL-terminated
  size_t len;
  int line;
  bool literal; // one text in quotes; `text` is what is between them
} md_outline_span;

typedef struct md_outline_field {
  const char *name; // "1" … "8": an argument; else a field of the call's tables: "within"
  md_outline_span value;
} md_outline_field;

typedef struct md_outline_step {
  const char *method;   // of m: "wait_for"
  int line;             // where its arguments begin, which Lua gives as the call's
  md_outline_span call; // from m to the last argument
  md_outline_field fields[MD_OUTLINE_FIELDS];
  int field_count;
} md_outline_step;

// Each m:METHOD of the text that is a method of m. 0 or MD_ENOMEM; names lie in `arena`.
int md_outline_steps(const char *text, size_t len, md_arena *arena,
                     void (*each)(void *context, const md_outline_step *step), void *context);
// The field of that name of a step, or NULL.
const md_outline_span *md_outline_field_of(const md_outline_step *step, const char *name);

// The value of a field of what moment.define is given: where = function … end. False where there is none.
bool md_outline_define(const char *text, size_t len, md_arena *arena, const char *name, md_outline_span *out);
// A literal as Lua has it: escapes of one character are undone, others stay as they are written. NULL: out of memory.
const char *md_outline_text(const md_outline_span *literal, md_arena *arena);

// Each text that `run` returns in so many words, other functions within it left out. 0 or MD_ENOMEM.
int md_outline_outcomes(const char *text, size_t len, md_arena *arena,
                        void (*each)(void *context, const md_outline_span *outcome), void *context);
// The comment that the text begins with, without its dashes, lines joined; NULL where there is none.
const char *md_outline_comment(const char *text, size_t len, md_arena *arena);
