// SPDX-License-Identifier: Apache-2.0
// Copy files read without data, for `check`. Pure; any thread.
#include "base/json.h"
#include "base/utf8.h"
#include "message/copy_files.h"
#include "message/frontmatter.h"
#include "message/layout.h"
#include "message/markdown.h"
#include "message/mustache_node.h"
#include <string.h>

typedef struct linter {
  const char *path;
  md_arena *arena;
  md_error *err;
  md_copy_partials partials;
} linter;

static int no_tag(void *context, const md_mustache_node *node, bool close, const char *indent, md_buffer *out,
                  md_error *err) {
  (void)context, (void)node, (void)close, (void)indent, (void)out, (void)err;
  return 0;
}

static md_mustache_options options_of(linter *l) {
  return (md_mustache_options){.strict = true, .partial = md_copy_partial, .partial_context = &l->partials};
}

// Compiles, and follows every partial that has a fixed name.
static int lint_mustache(linter *l, int line, const char *text, size_t len) {
  const md_mustache *template;
  int rc = md_mustache_compile(l->path, line, text, len, l->arena, &template, l->err);
  if (rc) return rc;
  const md_mustache_expander expander = {.tag = no_tag, .skip_dynamic = true};
  md_mustache_options options = options_of(l);
  md_buffer ignored;
  md_buffer_init(&ignored);
  rc = md_mustache_expand(template, &options, &expander, l->arena, &ignored, l->err);
  md_buffer_deinit(&ignored);
  return rc;
}

static int lint_head(linter *l, const md_frontmatter *head) {
  int rc = 0;
  if (head->subject && strchr(head->subject, '\n'))
    return md_error_set(l->err, MD_EINVAL, "%s:%d: a subject has one line", l->path, head->subject_line);
  if (head->subject) rc = lint_mustache(l, head->subject_line, head->subject, strlen(head->subject));
  if (rc == 0 && head->preview) rc = lint_mustache(l, head->preview_line, head->preview, strlen(head->preview));
  return rc;
}

static int lint_markdown(linter *l, const md_frontmatter *head) {
  md_markdown body;
  md_mustache_options options = options_of(l);
  int rc = md_markdown_compile(l->path, head->body_line, head->body, head->body_len, &options, l->arena, &body, l->err);
  if (rc == 0 && body.raw_html_line)
    rc = md_error_set(l->err, MD_EINVAL, "%s:%d: HTML in Markdown is left out: write Markdown, or a .html file",
                      l->path, body.raw_html_line);
  return rc;
}

// Of a mail that is HTML and text the text may have the subject.
static bool text_has_subject(linter *l) {
  size_t len = 0;
  int stem = (int)(strrchr(l->path, '.') - l->path);
  const char *path = md_arena_printf(l->arena, "%.*s.txt", stem, l->path);
  const md_copy_source *source = l->partials.source;
  const char *text = path ? source->get(source->context, path, &len) : NULL;
  md_frontmatter head;
  return text && md_frontmatter_parse(path, text, len, l->arena, &head, NULL) == 0 && head.subject;
}

static int lint_subject(linter *l, const char *ending, const md_frontmatter *head) {
  if (head->subject || strcmp(ending, "txt") == 0) return 0;
  if (strcmp(ending, "html") == 0 && text_has_subject(l)) return 0;
  return md_error_set(l->err, MD_EINVAL,
                      "%s:1: no subject: write \"subject: …\" between two lines --- (a text for SMS is a .txt file)",
                      l->path);
}

static int lint_copy(linter *l, const char *ending, const char *text, size_t len) {
  md_frontmatter head;
  int rc = md_frontmatter_parse(l->path, text, len, l->arena, &head, l->err);
  if (rc == 0) rc = lint_head(l, &head);
  if (rc == 0) rc = lint_subject(l, ending, &head);
  if (rc) return rc;
  return strcmp(ending, "md") == 0 ? lint_markdown(l, &head)
                                   : lint_mustache(l, head.body_line, head.body, head.body_len);
}

static int lint_layout(linter *l, bool html, const char *text, size_t len) {
  int rc = lint_mustache(l, 1, text, len);
  if (rc) return rc;
  const md_layout layout = {l->path, text, len};
  const md_layout_parts parts = {"<p>body</p>", "subject", "preview", "da"};
  md_mustache_options options = options_of(l);
  options.strict = false;
  options.html = html;
  md_buffer out;
  md_buffer_init(&out);
  rc = md_layout_render(&layout, &parts, &options, NULL, 0, l->arena, &out, l->err);
  md_buffer_deinit(&out);
  return rc;
}

static bool ends(const char *path, const char *ending) {
  size_t len = strlen(path), ending_len = strlen(ending);
  return len > ending_len && strcmp(path + len - ending_len, ending) == 0;
}

static int lint(linter *l, const md_copy_source *source, const char *text, size_t len) {
  md_copy_path file;
  if (strncmp(l->path, "shared/layout", 13) == 0 && (ends(l->path, ".html") || ends(l->path, ".txt")))
    return lint_layout(l, ends(l->path, ".html"), text, len);
  if (ends(l->path, ".mustache")) return lint_mustache(l, 1, text, len);
  return md_copy_path_split(source, l->path, &file) ? lint_copy(l, file.ending, text, len) : 0;
}

static bool is_copy(const md_copy_source *source, const char *path) {
  md_copy_path file;
  return strncmp(path, "shared/layout", 13) == 0 || ends(path, ".mustache") || md_copy_path_split(source, path, &file);
}

int md_copy_lint(const md_copy_source *source, const char *path, md_arena *arena, md_error *err) {
  size_t len = 0;
  const char *text = is_copy(source, path) ? source->get(source->context, path, &len) : NULL;
  if (!text) return 0;
  if (!md_utf8_valid(text, len)) return md_error_set(err, MD_EINVAL, "%s: it is not UTF-8: save it as UTF-8", path);
  linter l = {.path = path, .arena = arena, .err = err, .partials = {source, arena}};
  md_arena *before = md_json_scope(arena);
  int rc = lint(&l, source, text, len);
  md_json_scope(before);
  if (rc && rc != MD_ENOMEM) {
    rc = MD_EINVAL;
    if (err) err->code = rc;
  }
  return rc;
}
