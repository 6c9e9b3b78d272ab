// SPDX-License-Identifier: Apache-2.0
// Copy in Markdown → two Mustache templates, HTML and plain text: tags become words, libcmark parses, the two
// renderings are written with the tags back in place. Pure; any thread.
#include "message/markdown.h"
#include "message/href.h"
#include "message/markdown_blocks.h"
#include "message/markdown_tree.h"
#include <string.h>

typedef struct source {
  const char *file;
  int first_line;
  const char *text;
  size_t len;
} source;

// The line of the source that holds what libcmark gave back, when it does so unchanged; else the first.
static int line_of(const source *s, const char *literal) {
  size_t len = strcspn(literal, "\n");
  const char *at = len ? memmem(s->text, s->len, literal, len) : NULL;
  int line = s->first_line;
  for (const char *c = s->text; at && c < at; c++)
    line += *c == '\n';
  return line;
}

// A link that holds no tag is known to be wrong before there is data.
static int check_link(const source *s, cmark_node *node, const md_markdown_tags *tags, md_error *err) {
  const char *url = cmark_node_get_url(node);
  if (strstr(url, tags->word) || md_href_allowed(url, strlen(url))) return 0;
  return md_error_set(err, MD_EINVAL,
                      "%s:%d: a link leads to \"%.100s\": https and mailto are allowed, http only to this machine",
                      s->file, line_of(s, url), url);
}

static bool is_raw_html(cmark_node *node, const md_markdown_tags *tags) {
  cmark_node_type type = cmark_node_get_type(node);
  if (type != CMARK_NODE_HTML_BLOCK && type != CMARK_NODE_HTML_INLINE) return false;
  const char *literal = cmark_node_get_literal(node);
  return md_markdown_tags_marker(tags, literal) < 0 && strncmp(literal, "<!--", 4) != 0;
}

static int check(const source *s, cmark_node *document, const md_markdown_tags *tags, md_markdown *out, md_error *err) {
  cmark_iter *iter = cmark_iter_new(document);
  int rc = 0;
  while (rc == 0 && cmark_iter_next(iter) != CMARK_EVENT_DONE) {
    cmark_node *node = cmark_iter_get_node(iter);
    cmark_node_type type = cmark_node_get_type(node);
    if (type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE) rc = check_link(s, node, tags, err);
    if (!out->raw_html_line && is_raw_html(node, tags)) out->raw_html_line = line_of(s, cmark_node_get_literal(node));
  }
  cmark_iter_free(iter);
  return rc;
}

static int write(cmark_node *document, void (*rendering)(cmark_node *, md_markdown_out *), const char *file,
                 const md_markdown_tags *tags, md_arena *arena, const md_mustache **out, md_error *err) {
  md_markdown_out writer;
  int rc = md_markdown_out_init(&writer, tags, file, arena, err);
  if (rc) return rc;
  rendering(document, &writer);
  return md_markdown_out_finish(&writer, out);
}

static int compile_tree(const source *s, cmark_node *document, const md_markdown_tags *tags, md_arena *arena,
                        md_markdown *out, md_error *err) {
  int rc = check(s, document, tags, out, err);
  if (rc == 0) rc = md_markdown_blocks_join(document, tags, s->file, err);
  if (rc == 0) rc = write(document, md_markdown_html, s->file, tags, arena, &out->html, err);
  if (rc == 0) rc = write(document, md_markdown_text, s->file, tags, arena, &out->text, err);
  return rc;
}

int md_markdown_compile(const char *file, int first_line, const char *text, size_t len,
                        const md_mustache_options *options, md_arena *arena, md_markdown *out, md_error *err) {
  *out = (md_markdown){0};
  const md_mustache *template;
  md_markdown_tags tags;
  md_buffer marked;
  md_buffer_init(&marked);
  int rc = md_mustache_compile(file, first_line, text, len, arena, &template, err);
  if (rc == 0) rc = md_markdown_tags_write(&tags, template, text, len, options, arena, &marked, err);
  if (rc == 0) {
    const source s = {template->file, first_line, text, len};
    cmark_node *document = cmark_parse_document(marked.data ? marked.data : "", marked.len, CMARK_OPT_DEFAULT);
    rc = compile_tree(&s, document, &tags, arena, out, err);
    cmark_node_free(document);
  }
  md_buffer_deinit(&marked);
  return rc;
}

size_t md_markdown_tidy(char *text, size_t len) {
  size_t to = 0, line_ends = 2; // nothing empty at the beginning
  for (size_t i = 0; i < len; i++) {
    char c = text[i];
    if (c == '\r') {
      if (i + 1 < len && text[i + 1] == '\n') continue;
      c = '\n';
    }
    if (c == '\n') {
      while (to > 0 && (text[to - 1] == ' ' || text[to - 1] == '\t'))
        to--;
      if (++line_ends > 2) continue;
    } else if (c != ' ' && c != '\t') {
      line_ends = 0;
    }
    text[to++] = c;
  }
  while (to > 0 && strchr(" \t\n", text[to - 1]))
    to--;
  if (to > 0) text[to++] = '\n';
  return to;
}
