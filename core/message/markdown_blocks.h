// SPDX-License-Identifier: Apache-2.0
// Sections that span blocks: puts what Markdown took apart at their tags together again. Pure.
#pragma once
#include "message/markdown_tags.h"
#include <cmark.h>

// Changes the tree of a document: lists that only tags separate become one list, in which a tag is an item with
// nothing but its comment; text lines that only tags separate become one paragraph, in which it is an inline comment.
// MD_ETOOBIG when it nests too deep, naming `file`.
int md_markdown_blocks_join(cmark_node *document, const md_markdown_tags *tags, const char *file, md_error *err);

// The tag that a block, or an item with nothing else in it, stands for; -1.
int md_markdown_blocks_marker(cmark_node *node, const md_markdown_tags *tags);
