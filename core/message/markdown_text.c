// SPDX-License-Identifier: Apache-2.0
// A Markdown document as plain text with Mustache tags: lists with "- ", links as "text <url>", lines as the author
// broke them. Pure.
#include "base/buffer.h"
#include "message/markdown_blocks.h"
#include "message/markdown_tree.h"
#include <stdio.h>
#include <string.h>

enum { PREFIX_MAX = 200 };

typedef struct writer {
  md_markdown_out *out;
  char prefix[PREFIX_MAX]; // what each line begins with: quotes and the indentation of lists
  size_t prefix_len;
  bool begun; // a list's sign was written, the line goes on
  int lists;  // ordered ones around
} writer;

static void blocks(writer *w, cmark_node *parent);
static void inlines(writer *w, cmark_node *parent, const void *owner, int level);

static void literal(writer *w, const char *text, const void *owner) {
  md_markdown_piece piece;
  while (md_markdown_tags_next(w->out->tags, &text, &piece)) {
    if (piece.tag >= 0)
      md_markdown_out_tag(w->out, piece.tag, owner, MD_MARKDOWN_FLAT);
    else
      md_buffer_append(&w->out->pending, piece.text, piece.len);
  }
}

static void target(writer *w, const char *url) {
  const char *at = url;
  md_markdown_piece piece;
  while (md_markdown_tags_next(w->out->tags, &at, &piece)) {
    if (piece.tag >= 0)
      md_markdown_out_tag(w->out, piece.tag, url, MD_MARKDOWN_TARGET);
    else
      md_markdown_target(&w->out->pending, piece.text, piece.len);
  }
}

static void new_line(writer *w) {
  md_markdown_out_text(w->out, "\n");
  md_markdown_out_text(w->out, w->prefix);
}

// A link whose text is its target: <https://shop.dk>, <ida@shop.dk>, <{{url}}>.
static bool says_itself(cmark_node *node) {
  cmark_node *child = cmark_node_first_child(node);
  if (!child || cmark_node_next(child) || cmark_node_get_type(child) != CMARK_NODE_TEXT) return false;
  const char *url = cmark_node_get_url(node), *text = cmark_node_get_literal(child);
  return strcmp(url, text) == 0 || (strncmp(url, "mailto:", 7) == 0 && strcmp(url + 7, text) == 0);
}

static void link(writer *w, cmark_node *node, int level) {
  if (says_itself(node)) {
    literal(w, cmark_node_get_literal(cmark_node_first_child(node)), node);
    return;
  }
  inlines(w, node, node, level + 1);
  md_markdown_out_text(w->out, cmark_node_first_child(node) ? " <" : "<");
  target(w, cmark_node_get_url(node));
  md_markdown_out_text(w->out, ">");
}

static void inline_node(writer *w, cmark_node *n, const void *owner, int level) {
  switch (cmark_node_get_type(n)) {
  case CMARK_NODE_TEXT:
    literal(w, cmark_node_get_literal(n), owner);
    break;
  case CMARK_NODE_CODE:
    literal(w, cmark_node_get_literal(n), n);
    break;
  case CMARK_NODE_SOFTBREAK:
  case CMARK_NODE_LINEBREAK:
    new_line(w);
    break;
  case CMARK_NODE_HTML_INLINE:
    if (md_markdown_inline_marker(n, w->out->tags) >= 0)
      md_markdown_out_tag(w->out, md_markdown_inline_marker(n, w->out->tags), owner, MD_MARKDOWN_FLAT);
    break;
  case CMARK_NODE_LINK:
    link(w, n, level);
    break;
  default: // emphasis, and an image by its description
    inlines(w, n, n, level + 1);
    break;
  }
}

static void inlines(writer *w, cmark_node *parent, const void *owner, int level) {
  if (level > MD_MARKDOWN_INLINES) md_markdown_out_too_deep(w->out, "emphasis and links");
  for (cmark_node *n = cmark_node_first_child(parent); n && w->out->rc == 0; n = cmark_node_next(n))
    inline_node(w, n, owner, level);
}

// What the first line of a block begins with.
static const char *lead(writer *w) {
  bool begun = w->begun;
  w->begun = false;
  return begun ? "" : w->prefix;
}

static void paragraph(writer *w, cmark_node *node) {
  md_markdown_out_open(w->out, lead(w), md_markdown_is_tight(node) ? "\n" : "\n\n", 0);
  inlines(w, node, node, 0);
  md_markdown_out_close(w->out);
}

static void heading(writer *w, cmark_node *node) {
  int level = cmark_node_get_heading_level(node);
  char underline = w->prefix_len ? 0 : level == 1 ? '=' : level == 2 ? '-' : 0;
  md_markdown_out_open(w->out, lead(w), "\n\n", underline);
  inlines(w, node, node, 0);
  md_markdown_out_close(w->out);
}

static void code_block(writer *w, cmark_node *node) {
  const char *text = cmark_node_get_literal(node);
  md_markdown_piece piece;
  md_markdown_out_text(w->out, lead(w));
  md_markdown_out_text(w->out, "    ");
  while (md_markdown_tags_next(w->out->tags, &text, &piece)) {
    if (piece.tag >= 0) {
      md_markdown_out_tag(w->out, piece.tag, node, MD_MARKDOWN_PLAIN);
      continue;
    }
    for (size_t i = 0; i < piece.len; i++) {
      md_buffer_putc(&w->out->pending, piece.text[i]);
      if (piece.text[i] != '\n') continue;
      md_markdown_out_text(w->out, w->prefix);
      md_markdown_out_text(w->out, "    ");
    }
  }
  md_markdown_out_text(w->out, "\n\n");
}

// Makes the prefix longer; false (and an error) when there is no room.
static bool extend(writer *w, const char *by) {
  size_t len = strlen(by);
  if (w->prefix_len + len >= PREFIX_MAX) {
    md_markdown_out_too_deep(w->out, "lists and quotes");
    return false;
  }
  memcpy(w->prefix + w->prefix_len, by, len + 1);
  w->prefix_len += len;
  return true;
}

static void shorten(writer *w, size_t to) {
  w->prefix_len = to;
  w->prefix[to] = '\0';
}

static void item(writer *w, cmark_node *node) {
  int tag = md_markdown_blocks_marker(node, w->out->tags);
  if (tag >= 0) {
    md_markdown_out_tag(w->out, tag, cmark_node_parent(node), MD_MARKDOWN_FLAT);
    return;
  }
  size_t before = w->prefix_len;
  bool ordered = cmark_node_get_list_type(cmark_node_parent(node)) == CMARK_ORDERED_LIST;
  char sign[PREFIX_MAX + 4];
  snprintf(sign, sizeof sign, "%s%s", lead(w), ordered ? "" : "- ");
  if (!extend(w, ordered ? "   " : "  ")) return;
  md_markdown_out_open(w->out, sign, "", 0);
  if (ordered) {
    md_markdown_out_counted(w->out, (w->lists - 1) % MD_MUSTACHE_COUNTERS);
    md_markdown_out_text(w->out, ". ");
  }
  w->begun = true;
  blocks(w, node);
  if (w->begun) md_markdown_out_text(w->out, "\n"); // nothing in it
  w->begun = false;
  md_markdown_out_close(w->out);
  shorten(w, before);
}

static void list(writer *w, cmark_node *node) {
  bool ordered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST;
  if (ordered) {
    md_markdown_out_number(w->out, w->lists % MD_MUSTACHE_COUNTERS, cmark_node_get_list_start(node));
    w->lists++;
  }
  md_markdown_out_open(w->out, "", "\n", 0);
  blocks(w, node);
  md_markdown_out_close(w->out);
  w->lists -= ordered;
}

static void quote(writer *w, cmark_node *node) {
  size_t before = w->prefix_len;
  if (w->begun) md_markdown_out_text(w->out, "> ");
  if (!extend(w, "> ")) return;
  blocks(w, node);
  shorten(w, before);
}

static void block(writer *w, cmark_node *n) {
  switch (cmark_node_get_type(n)) {
  case CMARK_NODE_PARAGRAPH:
    paragraph(w, n);
    break;
  case CMARK_NODE_HEADING:
    heading(w, n);
    break;
  case CMARK_NODE_LIST:
    list(w, n);
    break;
  case CMARK_NODE_ITEM:
    item(w, n);
    break;
  case CMARK_NODE_BLOCK_QUOTE:
    quote(w, n);
    break;
  case CMARK_NODE_CODE_BLOCK:
    code_block(w, n);
    break;
  case CMARK_NODE_THEMATIC_BREAK:
    md_markdown_out_text(w->out, lead(w));
    md_markdown_out_text(w->out, "----\n\n");
    break;
  case CMARK_NODE_HTML_BLOCK:
    if (md_markdown_blocks_marker(n, w->out->tags) >= 0)
      md_markdown_out_tag(w->out, md_markdown_blocks_marker(n, w->out->tags), cmark_node_parent(n), MD_MARKDOWN_FLAT);
    break;
  default:
    break;
  }
}

static void blocks(writer *w, cmark_node *parent) {
  for (cmark_node *n = cmark_node_first_child(parent); n && w->out->rc == 0; n = cmark_node_next(n))
    block(w, n);
}

void md_markdown_text(cmark_node *document, md_markdown_out *out) {
  writer w = {.out = out};
  blocks(&w, document);
}
