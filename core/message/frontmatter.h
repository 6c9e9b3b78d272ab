// SPDX-License-Identifier: Apache-2.0
// The head of a copy file: "key: value" lines between two lines "---". Pure; any thread.
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include <stddef.h>

typedef struct md_frontmatter {
  const char *subject; // NUL-terminated Mustache; NULL when not given
  const char *preview;
  int subject_line, preview_line; // from 1
  const char *body;               // what follows, within the text given
  size_t body_len;
  int body_line; // of the body's first line
} md_frontmatter;

// Reads `text` of `len` bytes; `file` is named in errors. A text that does not begin with "---" is all body. An
// unquoted value is literal to the end of its line (white space at both ends cut); one in double quotes knows \" \\ \n.
// Empty lines and lines that begin with '#' are skipped. Keys are subject and preview, each once. Values go into
// `arena`. MD_ESYNTAX with file and line; MD_ENOMEM.
int md_frontmatter_parse(const char *file, const char *text, size_t len, md_arena *arena, md_frontmatter *out,
                         md_error *err);
