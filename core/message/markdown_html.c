// SPDX-License-Identifier: Apache-2.0
// A Markdown document as HTML with Mustache tags. HTML that the author wrote is left out. Pure.
#include "message/html.h"
#include "message/markdown_blocks.h"
#include "message/markdown_tree.h"
#include <stdio.h>
#include <string.h>

static void blocks(cmark_node *parent, md_markdown_out *out);
static void inlines(cmark_node *parent, md_markdown_out *out, int level);

bool md_markdown_is_tight(cmark_node *paragraph) {
  cmark_node *item = cmark_node_parent(paragraph);
  return cmark_node_get_type(item) == CMARK_NODE_ITEM && cmark_node_get_list_tight(cmark_node_parent(item));
}

int md_markdown_inline_marker(cmark_node *node, const md_markdown_tags *tags) {
  return md_markdown_tags_marker(tags, cmark_node_get_literal(node));
}

void md_markdown_target(md_buffer *out, const char *text, size_t len) {
  for (size_t i = 0; i < len; i++) {
    unsigned char byte = (unsigned char)text[i];
    if (byte <= 0x20 || byte >= 0x7f || strchr("\"<>\\^`{|}", byte))
      md_buffer_printf(out, "%%%02X", byte);
    else
      md_buffer_putc(out, text[i]);
  }
}

// Text with words for tags, escaped; `owner` is the element (or attribute) that it stands in.
static void literal(const char *text, md_markdown_out *out, const void *owner) {
  md_markdown_piece piece;
  while (md_markdown_tags_next(out->tags, &text, &piece)) {
    if (piece.tag >= 0)
      md_markdown_out_tag(out, piece.tag, owner, MD_MARKDOWN_PLAIN);
    else
      md_html_escape(&out->pending, piece.text, piece.len);
  }
}

static void target(const char *url, md_markdown_out *out) {
  const char *at = url;
  md_markdown_piece piece;
  md_buffer encoded;
  md_buffer_init(&encoded);
  while (md_markdown_tags_next(out->tags, &at, &piece)) {
    if (piece.tag >= 0) {
      md_markdown_out_tag(out, piece.tag, url, MD_MARKDOWN_TARGET);
      continue;
    }
    md_buffer_clear(&encoded);
    md_markdown_target(&encoded, piece.text, piece.len);
    if (encoded.len) md_html_escape(&out->pending, encoded.data, encoded.len);
  }
  if (!md_buffer_ok(&encoded)) out->pending.failed = true;
  md_buffer_deinit(&encoded);
}

static void link(cmark_node *node, md_markdown_out *out, int level) {
  const char *title = cmark_node_get_title(node);
  md_markdown_out_text(out, "<a href=\"");
  target(cmark_node_get_url(node), out);
  if (title && *title) {
    md_markdown_out_text(out, "\" title=\"");
    literal(title, out, title);
  }
  md_markdown_out_text(out, "\">");
  inlines(node, out, level + 1);
  md_markdown_out_text(out, "</a>");
}

// An image's description: its content without any markup.
static void description(cmark_node *parent, md_markdown_out *out, const void *owner, int level) {
  for (cmark_node *n = cmark_node_first_child(parent); n && level < MD_MARKDOWN_INLINES; n = cmark_node_next(n)) {
    cmark_node_type type = cmark_node_get_type(n);
    if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE)
      literal(cmark_node_get_literal(n), out, owner);
    else if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK)
      md_markdown_out_text(out, " ");
    else
      description(n, out, owner, level + 1);
  }
}

static void image(cmark_node *node, md_markdown_out *out, int level) {
  md_markdown_out_text(out, "<img src=\"");
  target(cmark_node_get_url(node), out);
  md_markdown_out_text(out, "\" alt=\"");
  description(node, out, node, level + 1);
  md_markdown_out_text(out, "\">");
}

static void element(cmark_node *node, md_markdown_out *out, const char *begin, const char *end, int level) {
  md_markdown_out_text(out, begin);
  inlines(node, out, level + 1);
  md_markdown_out_text(out, end);
}

static void inline_node(cmark_node *n, md_markdown_out *out, const void *owner, int level) {
  switch (cmark_node_get_type(n)) {
  case CMARK_NODE_TEXT:
    literal(cmark_node_get_literal(n), out, owner);
    break;
  case CMARK_NODE_SOFTBREAK:
    md_markdown_out_text(out, "\n");
    break;
  case CMARK_NODE_LINEBREAK:
    md_markdown_out_text(out, "<br>\n");
    break;
  case CMARK_NODE_CODE:
    md_markdown_out_text(out, "<code>");
    literal(cmark_node_get_literal(n), out, n);
    md_markdown_out_text(out, "</code>");
    break;
  case CMARK_NODE_HTML_INLINE:
    if (md_markdown_inline_marker(n, out->tags) >= 0)
      md_markdown_out_tag(out, md_markdown_inline_marker(n, out->tags), owner, MD_MARKDOWN_PLAIN);
    break;
  case CMARK_NODE_EMPH:
    element(n, out, "<em>", "</em>", level);
    break;
  case CMARK_NODE_STRONG:
    element(n, out, "<strong>", "</strong>", level);
    break;
  case CMARK_NODE_LINK:
    link(n, out, level);
    break;
  case CMARK_NODE_IMAGE:
    image(n, out, level);
    break;
  default:
    break;
  }
}

static void inlines(cmark_node *parent, md_markdown_out *out, int level) {
  if (level > MD_MARKDOWN_INLINES) md_markdown_out_too_deep(out, "emphasis and links");
  for (cmark_node *n = cmark_node_first_child(parent); n && out->rc == 0; n = cmark_node_next(n))
    inline_node(n, out, parent, level);
}

static void list(cmark_node *node, md_markdown_out *out) {
  char begin[40] = "<ul>\n";
  bool ordered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST;
  int start = cmark_node_get_list_start(node);
  if (ordered && start == 1) strcpy(begin, "<ol>\n");
  if (ordered && start != 1) snprintf(begin, sizeof begin, "<ol start=\"%d\">\n", start);
  md_markdown_out_open(out, begin, ordered ? "</ol>\n" : "</ul>\n", 0);
  blocks(node, out);
  md_markdown_out_close(out);
}

static void item(cmark_node *node, md_markdown_out *out) {
  int tag = md_markdown_blocks_marker(node, out->tags);
  if (tag >= 0) {
    md_markdown_out_tag(out, tag, cmark_node_parent(node), MD_MARKDOWN_PLAIN);
    return;
  }
  md_markdown_out_open(out, "<li>", "</li>\n", 0);
  blocks(node, out);
  md_markdown_out_close(out);
}

static cmark_node *only_child(cmark_node *node, cmark_node_type type) {
  cmark_node *child = node ? cmark_node_first_child(node) : NULL;
  return child && !cmark_node_next(child) && cmark_node_get_type(child) == type ? child : NULL;
}

// A bold link that stands alone is what the mail asks for: layouts make a button of it.
static bool is_button(cmark_node *paragraph) {
  return only_child(only_child(paragraph, CMARK_NODE_STRONG), CMARK_NODE_LINK) != NULL;
}

static void paragraph(cmark_node *node, md_markdown_out *out) {
  bool tight = md_markdown_is_tight(node);
  const char *begin = is_button(node) ? "<p class=\"button\">" : "<p>";
  md_markdown_out_open(out, tight ? "" : begin, tight ? "" : "</p>\n", 0);
  inlines(node, out, 0);
  md_markdown_out_close(out);
  if (tight && cmark_node_next(node)) md_markdown_out_text(out, "\n");
}

static void heading(cmark_node *node, md_markdown_out *out) {
  char begin[8], end[8];
  snprintf(begin, sizeof begin, "<h%d>", cmark_node_get_heading_level(node) % 10);
  snprintf(end, sizeof end, "</h%d>\n", cmark_node_get_heading_level(node) % 10);
  md_markdown_out_open(out, begin, end, 0);
  inlines(node, out, 0);
  md_markdown_out_close(out);
}

static void block(cmark_node *n, md_markdown_out *out) {
  switch (cmark_node_get_type(n)) {
  case CMARK_NODE_PARAGRAPH:
    paragraph(n, out);
    break;
  case CMARK_NODE_HEADING:
    heading(n, out);
    break;
  case CMARK_NODE_LIST:
    list(n, out);
    break;
  case CMARK_NODE_ITEM:
    item(n, out);
    break;
  case CMARK_NODE_BLOCK_QUOTE:
    md_markdown_out_open(out, "<blockquote>\n", "</blockquote>\n", 0);
    blocks(n, out);
    md_markdown_out_close(out);
    break;
  case CMARK_NODE_CODE_BLOCK:
    md_markdown_out_text(out, "<pre><code>");
    literal(cmark_node_get_literal(n), out, n);
    md_markdown_out_text(out, "</code></pre>\n");
    break;
  case CMARK_NODE_THEMATIC_BREAK:
    md_markdown_out_text(out, "<hr>\n");
    break;
  case CMARK_NODE_HTML_BLOCK:
    if (md_markdown_blocks_marker(n, out->tags) >= 0)
      md_markdown_out_tag(out, md_markdown_blocks_marker(n, out->tags), cmark_node_parent(n), MD_MARKDOWN_PLAIN);
    break;
  default:
    break;
  }
}

static void blocks(cmark_node *parent, md_markdown_out *out) {
  for (cmark_node *n = cmark_node_first_child(parent); n && out->rc == 0; n = cmark_node_next(n))
    block(n, out);
}

void md_markdown_html(cmark_node *document, md_markdown_out *out) {
  blocks(document, out);
}
