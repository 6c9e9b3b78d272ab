// SPDX-License-Identifier: Apache-2.0
// What differs between two texts, line by line. Pure; any thread.
#pragma once
#include "base/arena.h"

typedef struct md_diff_line {
  char sign; // ' ' in both, '-' only in the old one, '+' only in the new one, '~' lines of both that are left out
  const char *text; // without its line end; NUL-terminated
} md_diff_line;

typedef struct md_diff {
  md_diff_line *lines;
  int count;
} md_diff;

// A longest common subsequence, with two lines of context around what differs. Texts that differ in very many lines are
// replaced whole. 0 or MD_ENOMEM; all in `arena`.
int md_diff_lines(const char *was, const char *is, md_arena *arena, md_diff *out);
