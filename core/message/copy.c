// SPDX-License-Identifier: Apache-2.0
// The door of the pure part of this room: a template's name, data and wanted locales in, one rendered mail out. Pure;
// any thread.
#include "message/copy.h"
#include "base/json.h"
#include "base/utf8.h"
#include "message/copy_files.h"
#include "message/frontmatter.h"
#include "message/href.h"
#include "message/layout.h"
#include "message/markdown.h"
#include "message/mime.h"
#include "message/names.h"
#include <string.h>
#include <strings.h>

typedef struct job {
  const md_copy_request *request;
  md_arena *arena;
  md_error *err;
  md_copy_partials partials;
  const json_t *stack[2]; // data, and over it the links of the host
  size_t depth;
} job;

static md_mustache_options options_of(job *j, bool html) {
  return (md_mustache_options){
      .html = html, .strict = true, .partial = md_copy_partial, .partial_context = &j->partials};
}

// Moves a buffer's bytes into the arena; they must be UTF-8. `file` is what they were rendered from.
static int keep(job *j, const char *file, md_buffer *buffer, const char **out) {
  if (!md_buffer_ok(buffer)) return md_error_set(j->err, MD_ENOMEM, "%s: out of memory", file);
  const char *text = buffer->data ? buffer->data : "";
  if (!md_utf8_valid(text, buffer->len))
    return md_error_set(j->err, MD_EINVAL, "%s: it or a partial is not UTF-8: save it as UTF-8", file);
  *out = md_arena_strndup(j->arena, text, buffer->len);
  return *out ? 0 : md_error_set(j->err, MD_ENOMEM, "%s: out of memory", file);
}

static int render(job *j, const md_mustache *template, bool html, bool tidy, const char *file, const char **out) {
  md_mustache_options options = options_of(j, html);
  md_buffer buffer;
  md_buffer_init(&buffer);
  int rc = md_mustache_render(template, &options, j->stack, j->depth, j->arena, &buffer, j->err);
  if (tidy && buffer.data && md_buffer_ok(&buffer)) {
    buffer.len = md_markdown_tidy(buffer.data, buffer.len);
    if (buffer.len && buffer.data[buffer.len - 1] == '\n') buffer.len--;
  }
  if (rc == 0) rc = keep(j, file, &buffer, out);
  md_buffer_deinit(&buffer);
  return rc;
}

static int render_source(job *j, const char *file, int line, const char *text, size_t len, bool html,
                         const char **out) {
  const md_mustache *template;
  int rc = md_mustache_compile(file, line, text, len, j->arena, &template, j->err);
  return rc ? rc : render(j, template, html, !html, file, out);
}

static int render_head(job *j, const char *file, const md_frontmatter *head, md_copy *out) {
  int rc = 0;
  if (head->subject && !out->subject) {
    rc = render_source(j, file, head->subject_line, head->subject, strlen(head->subject), false, &out->subject);
    if (rc == 0) {
      md_error why;
      if (md_mime_value_check("the subject", out->subject, &why))
        rc = md_error_set(j->err, MD_EINVAL, "%s:%d: %s", file, head->subject_line, why.text);
    }
  }
  if (rc == 0 && head->preview && !*out->preview)
    rc = render_source(j, file, head->preview_line, head->preview, strlen(head->preview), false, &out->preview);
  return rc;
}

static int render_markdown(job *j, const md_copy_file *file, md_copy *out) {
  md_frontmatter head;
  md_markdown body;
  md_mustache_options options = options_of(j, false);
  int rc = md_frontmatter_parse(file->path, file->text, file->len, j->arena, &head, j->err);
  if (rc == 0) rc = render_head(j, file->path, &head, out);
  if (rc == 0)
    rc = md_markdown_compile(file->path, head.body_line, head.body, head.body_len, &options, j->arena, &body, j->err);
  if (rc == 0 && !j->request->bare) rc = render(j, body.html, true, false, file->path, &out->html);
  return rc ? rc : render(j, body.text, false, true, file->path, &out->text);
}

static int render_raw(job *j, const md_copy_file *file, bool html, md_copy *out) {
  md_frontmatter head;
  if (!file->text) return 0;
  int rc = md_frontmatter_parse(file->path, file->text, file->len, j->arena, &head, j->err);
  if (rc == 0) rc = render_head(j, file->path, &head, out);
  if (rc || (html && j->request->bare)) return rc;
  return render_source(j, file->path, head.body_line, head.body, head.body_len, html, html ? &out->html : &out->text);
}

// A raw file may be a whole document, which then needs no layout.
static bool is_document(const char *html) {
  for (const char *at = html; (at = strchr(at, '<')); at++)
    if (strncasecmp(at, "<html", 5) == 0) return true;
  return false;
}

static int lay_out(job *j, md_copy *copy, bool html, const char **body) {
  const md_copy_request *request = j->request;
  md_layout layout;
  if (md_layout_find(request->source.get, request->source.context, request->class_name, html, j->arena, &layout))
    return md_error_set(j->err, MD_ENOMEM, "out of memory");
  md_layout_parts parts = {*body, copy->subject, copy->preview, copy->locale};
  md_mustache_options options = options_of(j, html);
  md_buffer buffer;
  md_buffer_init(&buffer);
  int rc = md_layout_render(&layout, &parts, &options, j->stack, j->depth, j->arena, &buffer, j->err);
  if (rc == 0) rc = keep(j, layout.file, &buffer, body);
  md_buffer_deinit(&buffer);
  return rc;
}

// What a mail needs besides its parts' texts: a subject, the layouts, and links that may be followed.
static int complete(job *j, md_copy *copy) {
  if (!copy->subject || copy->subject[strspn(copy->subject, " ")] == '\0')
    return md_error_set(j->err, MD_EINVAL, "%s:1: the mail has no subject: write \"subject: …\" between two lines ---",
                        copy->file);
  int rc = 0;
  if (copy->html && !is_document(copy->html)) rc = lay_out(j, copy, true, &copy->html);
  if (rc == 0 && copy->text) rc = lay_out(j, copy, false, &copy->text);
  if (rc == 0 && copy->html)
    rc = md_href_check(copy->file, copy->html, strlen(copy->html), j->request->placeholder, j->err);
  return rc;
}

static int run(job *j, md_copy *out) {
  md_copy_files files;
  int rc = md_copy_files_find(j->request, j->arena, &files, j->err);
  if (rc) return rc;
  *out = (md_copy){.locale = files.locale,
                   .file = md_copy_files_first(&files)->path,
                   .why = files.why,
                   .wanted = files.wanted,
                   .preview = ""};
  if (files.markdown.text) {
    rc = render_markdown(j, &files.markdown, out);
  } else {
    rc = render_raw(j, &files.html, true, out);
    if (rc == 0) rc = render_raw(j, &files.txt, false, out);
  }
  if (rc == 0 && !j->request->bare) rc = complete(j, out);
  if (rc == 0 && j->request->bare && !out->text)
    rc = md_error_set(j->err, MD_EINVAL, "%s: there is no text for this channel: add a .txt file", out->file);
  return rc;
}

static int prepare(job *j) {
  const json_t *data = j->request->data ? j->request->data : json_object();
  if (data && !json_is_object(data)) return md_error_set(j->err, MD_EINVAL, "a mail's data is an object");
  data = data ? md_names_apply(data, j->request->name_paths) : NULL;
  if (!data) return md_error_set(j->err, MD_ENOMEM, "out of memory");
  j->stack[j->depth++] = data;
  if (j->request->links) j->stack[j->depth++] = j->request->links;
  return 0;
}

int md_copy_render(const md_copy_request *request, md_arena *arena, md_copy *out, md_error *err) {
  md_error ignored;
  job j = {.request = request, .arena = arena, .err = err ? err : &ignored};
  j.partials = (md_copy_partials){&request->source, arena};
  md_arena *before = md_json_scope(arena);
  int rc = prepare(&j);
  if (rc == 0) rc = run(&j, out);
  md_json_scope(before);
  if (rc && rc != MD_ENOMEM && rc != MD_ENOTFOUND) rc = MD_EINVAL;
  if (rc) j.err->code = rc;
  return rc;
}
