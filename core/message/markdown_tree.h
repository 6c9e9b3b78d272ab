// SPDX-License-Identifier: Apache-2.0
// The two renderings of a joined Markdown document. Pure.
#pragma once
#include "message/markdown_out.h"
#include <cmark.h>

enum { MD_MARKDOWN_INLINES = 64 }; // emphasis, links … in each other

void md_markdown_html(cmark_node *document, md_markdown_out *out);
void md_markdown_text(cmark_node *document, md_markdown_out *out);

// Whether a paragraph stands in a list without empty lines between its items.
bool md_markdown_is_tight(cmark_node *paragraph);
// The tag that an inline comment stands for; -1.
int md_markdown_inline_marker(cmark_node *node, const md_markdown_tags *tags);
// Appends the text of a link's target with what no URL may hold percent-encoded.
void md_markdown_target(md_buffer *out, const char *text, size_t len);
