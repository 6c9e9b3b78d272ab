// SPDX-License-Identifier: Apache-2.0
// Copy in Markdown → two Mustache templates, HTML and plain text, from one source (M6). Pure; any thread.
#pragma once
#include "message/mustache.h"

// What a source becomes. Data is put in by md_mustache_render afterwards, so that it is never read as Markdown.
typedef struct md_markdown {
  const md_mustache *html; // render with options.html
  const md_mustache *text; // render without; then md_markdown_tidy
  int raw_html_line;       // where HTML was left out, 0 if nowhere
} md_markdown;

// Compiles Markdown with Mustache tags. Partials are put in first, as Markdown (options: partial, partial_context,
// strict). Sections may span inline text, or, with both tags on lines of their own, whole blocks and list items; a
// section whose tags lie in different elements is MD_ESYNTAX. {{{x}}} is {{x}}: there is no raw HTML. Everything is
// kept in `arena`. MD_ESYNTAX, MD_ETOOBIG, MD_EINVAL with file and line; MD_ENOMEM.
int md_markdown_compile(const char *file, int first_line, const char *text, size_t len,
                        const md_mustache_options *options, md_arena *arena, md_markdown *out, md_error *err);

// Makes a rendered text part fit to read: LF ends, no white space before them, never more than one empty line, one
// line end at the end. In place; returns the new length.
size_t md_markdown_tidy(char *text, size_t len);
