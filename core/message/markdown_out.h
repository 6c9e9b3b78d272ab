// SPDX-License-Identifier: Apache-2.0
// A Mustache tree as it is written by the two renderings of a Markdown document. The first error stays, what comes
// after it does nothing: look at `rc` at the end. Pure.
#pragma once
#include "message/markdown_tags.h"

enum { MD_MARKDOWN_LEVELS = 128 };

typedef struct md_markdown_out {
  const md_markdown_tags *tags;
  md_arena *arena;
  const char *file;
  md_buffer pending; // text that is not a node yet
  struct {
    md_mustache_node **end;
    md_mustache_node *wrap; // NULL for a section
    int tag;                // of a section: its opening tag
    const void *owner;      // the element that the opening tag stands in
  } stack[MD_MARKDOWN_LEVELS];
  int depth;
  md_mustache *template;
  int rc;
  md_error *err;
} md_markdown_out;

int md_markdown_out_init(md_markdown_out *out, const md_markdown_tags *tags, const char *file, md_arena *arena,
                         md_error *err);
// What was written, or the error. Gives back what init took.
int md_markdown_out_finish(md_markdown_out *out, const md_mustache **template);

void md_markdown_out_text(md_markdown_out *out, const char *text);
typedef enum md_markdown_place {
  MD_MARKDOWN_PLAIN,  // the value as it is, but for HTML's escapes
  MD_MARKDOWN_FLAT,   // in running plain text: without line breaks
  MD_MARKDOWN_TARGET, // within a link's target
} md_markdown_place;

// A tag that stands in `owner`: a section has to close in the element it was opened in.
void md_markdown_out_tag(md_markdown_out *out, int tag, const void *owner, md_markdown_place place);
// An element that is left out when nothing is in it. `underline`: 0, or what to draw under it.
void md_markdown_out_open(md_markdown_out *out, const char *text, const char *tail, char underline);
void md_markdown_out_close(md_markdown_out *out);
void md_markdown_out_number(md_markdown_out *out, int slot, int number); // sets a counter
void md_markdown_out_counted(md_markdown_out *out, int slot);            // writes it and counts
void md_markdown_out_too_deep(md_markdown_out *out, const char *what);   // "lists nest too deep"
