// SPDX-License-Identifier: Apache-2.0
// Follows {{> partial}} and {{< parent}} from the copy of a moment and from its layouts.
#include "message/copy_uses.h"
#include "base/json.h"
#include "message/copy_files.h"
#include "message/frontmatter.h"
#include "message/layout.h"
#include "message/mustache_node.h"
#include <string.h>

#define PARTIALS "shared/partials/"

typedef struct follower {
  const md_new_version *version;
  md_copy_source source;
  md_copy_partials partials;
  bool *used; // of files in the moment's folder too: they are followed
  bool any_partial;
  bool failed; // out of memory
  md_arena *arena;
} follower;

static int index_of(const md_new_version *version, const char *path) {
  for (int i = 0; i < version->file_count; i++)
    if (strcmp(version->files[i].path, path) == 0) return i;
  return -1;
}

static const char *get_file(void *context, const char *path, size_t *len) {
  const follower *f = context;
  int i = index_of(f->version, path);
  if (i < 0) return NULL;
  *len = f->version->files[i].len;
  return f->version->files[i].data;
}

static bool has_prefix(const char *text, const char *prefix) {
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool ends(const char *path, const char *ending) {
  size_t len = strlen(path), ending_len = strlen(ending);
  return len > ending_len && strcmp(path + len - ending_len, ending) == 0;
}

static void follow_file(follower *f, const char *path);

static void follow_name(follower *f, const md_mustache_node *node) {
  size_t len = 0;
  const char *file = NULL;
  if (node->dynamic)
    f->any_partial = true;
  else if (md_copy_partial(&f->partials, node->text, &len, &file))
    follow_file(f, file);
}

static void follow_nodes(follower *f, const md_mustache_node *node) {
  for (; node; node = node->next) {
    if (node->kind == MD_MUSTACHE_PARTIAL || node->kind == MD_MUSTACHE_PARENT) follow_name(f, node);
    if (node->children) follow_nodes(f, node->children);
  }
}

static bool out_of_memory(follower *f, int rc) {
  f->failed = f->failed || rc == MD_ENOMEM;
  return rc == MD_ENOMEM;
}

// A text that is no template is refused elsewhere: until it is mended it may use anything.
static void follow_text(follower *f, const char *path, const char *text, size_t len) {
  const md_mustache *template = NULL;
  int rc = text ? md_mustache_compile(path, 1, text, len, f->arena, &template, NULL) : 0;
  if (out_of_memory(f, rc)) return;
  if (rc)
    f->any_partial = true;
  else if (template)
    follow_nodes(f, template->first);
}

static void follow_copy(follower *f, const char *path, const char *text, size_t len) {
  md_frontmatter head;
  int rc = md_frontmatter_parse(path, text, len, f->arena, &head, NULL);
  if (out_of_memory(f, rc)) return;
  if (rc) f->any_partial = true;
  if (rc) return;
  follow_text(f, path, head.subject, head.subject ? strlen(head.subject) : 0);
  follow_text(f, path, head.preview, head.preview ? strlen(head.preview) : 0);
  follow_text(f, path, head.body, head.body_len);
}

static void follow_file(follower *f, const char *path) {
  int i = index_of(f->version, path);
  if (i < 0 || f->used[i]) return;
  f->used[i] = true;
  md_copy_path copy;
  const md_version_file *file = &f->version->files[i];
  if (md_copy_path_split(&f->source, path, &copy))
    follow_copy(f, path, file->data, file->len);
  else if (ends(path, ".mustache") || has_prefix(path, "shared/layout"))
    follow_text(f, path, file->data, file->len);
}

// Layouts are found when a mail is laid out: by its class, which may not be known yet.
static void follow_layouts(follower *f, const char *class_name, bool html) {
  md_layout layout;
  if (class_name) {
    int rc = md_layout_find(get_file, f, class_name, html, f->arena, &layout);
    if (!out_of_memory(f, rc)) follow_file(f, layout.file);
    return;
  }
  for (int i = 0; i < f->version->file_count; i++) {
    const char *path = f->version->files[i].path;
    if (has_prefix(path, "shared/layout") && ends(path, html ? ".html" : ".txt")) follow_file(f, path);
  }
}

static void follow_own(follower *f, const char *class_name) {
  bool html = false, text = false;
  for (int i = 0; i < f->version->file_count; i++) {
    const char *path = f->version->files[i].path;
    md_copy_path copy;
    if (md_copy_path_split(&f->source, path, &copy)) {
      html = html || strcmp(copy.ending, "txt") != 0;
      text = text || strcmp(copy.ending, "html") != 0;
      follow_file(f, path);
    } else if (has_prefix(path, f->source.folder) && ends(path, ".mustache")) {
      follow_file(f, path);
    }
  }
  if (html) follow_layouts(f, class_name, true);
  if (text) follow_layouts(f, class_name, false);
}

static void add_partials(follower *f) {
  for (int i = 0; i < f->version->file_count; i++)
    if (has_prefix(f->version->files[i].path, PARTIALS)) follow_file(f, f->version->files[i].path);
}

int md_copy_uses(const md_new_version *version, const char *class_name, bool *used, md_arena *arena, md_error *err) {
  const char *folder = md_arena_printf(arena, "%s/", version->moment);
  if (!folder) return md_error_set(err, MD_ENOMEM, "out of memory");
  follower f = {.version = version, .used = used, .arena = arena};
  f.source = (md_copy_source){.context = &f, .folder = folder, .get = get_file};
  f.partials = (md_copy_partials){&f.source, arena};
  md_arena *before = md_json_scope(arena);
  memset(used, 0, (size_t)version->file_count * sizeof *used);
  follow_own(&f, class_name);
  if (f.any_partial) add_partials(&f);
  md_json_scope(before);
  return f.failed ? md_error_set(err, MD_ENOMEM, "out of memory") : 0;
}
