// SPDX-License-Identifier: Apache-2.0
// Matching of Lua's patterns, the work of it counted (S3): what a stock string.find would spend on backtracking ends
// with the budget here. The algorithm is that of Lua 5.4's lstrlib.c. Private to core/script.
#pragma once
#include "script/state.h"

enum { MD_PATTERN_CAPTURES = 32 };

// Borrows both texts, which the Lua stack must hold for as long.
typedef struct md_match {
  lua_State *L;
  const char *begin, *end; // of the text
  const char *pattern_end;
  int depth;     // of recursion that is left
  int64_t steps; // not charged yet
  int level;     // captures so far, finished or not
  struct {
    const char *at;
    ptrdiff_t len; // or one of the marks in pattern.c
  } captures[MD_PATTERN_CAPTURES];
} md_match;

void md_match_init(md_match *m, lua_State *L, const char *text, size_t len, const char *pattern_end);
// Where a match of `pattern` that begins at `at` ends, or NULL. A malformed pattern raises.
MD_RAISES const char *md_match_at(md_match *m, const char *at, const char *pattern);
// Counts work of the caller's own, in bytes copied; charged with the steps.
MD_RAISES void md_match_copied(md_match *m, size_t bytes);
// Charges what is left. Every use of a matcher ends with it, unless it raised.
MD_RAISES void md_match_settle(md_match *m);

// Pushes capture `index` (0 is the first; the whole match [from, to) where there is none).
MD_RAISES void md_match_push(md_match *m, int index, const char *from, const char *to);
// Pushes all captures, the whole match where there is none and `from` is not NULL; returns how many.
MD_RAISES int md_match_push_all(md_match *m, const char *from, const char *to);
