// SPDX-License-Identifier: Apache-2.0
// Goes through the variables of a copy file.
#include "message/copy_asks.h"
#include "base/json.h"
#include "message/copy_files.h"
#include "message/frontmatter.h"
#include "message/mustache_node.h"
#include <string.h>

typedef struct asker {
  const char *path;
  md_arena *arena;
  void (*each)(void *context, const char *name, int line);
  void *context;
} asker;

static int ask(const asker *a, int line, const char *text, size_t len) {
  const md_mustache *template = NULL;
  int rc = text ? md_mustache_compile(a->path, line, text, len, a->arena, &template, NULL) : 0;
  for (const md_mustache_node *node = template ? template->first : NULL; node && !rc; node = node->next) {
    if (node->kind != MD_MUSTACHE_VARIABLE || strcmp(node->text, ".") == 0) continue;
    const char *name = md_arena_strndup(a->arena, node->text, strcspn(node->text, "."));
    if (!name) return MD_ENOMEM;
    a->each(a->context, name, node->line);
  }
  return rc == MD_ENOMEM ? rc : 0;
}

static int ask_file(const asker *a, const char *text, size_t len) {
  md_frontmatter head;
  int rc = md_frontmatter_parse(a->path, text, len, a->arena, &head, NULL);
  if (rc) return rc == MD_ENOMEM ? rc : 0;
  rc = ask(a, head.subject_line, head.subject, head.subject ? strlen(head.subject) : 0);
  if (!rc) rc = ask(a, head.preview_line, head.preview, head.preview ? strlen(head.preview) : 0);
  return rc ? rc : ask(a, head.body_line, head.body, head.body_len);
}

int md_copy_asks(const md_copy_source *source, const char *path, md_arena *arena,
                 void (*each)(void *context, const char *name, int line), void *context) {
  const asker a = {path, arena, each, context};
  md_copy_path file;
  size_t len = 0;
  const char *text = md_copy_path_split(source, path, &file) ? source->get(source->context, path, &len) : NULL;
  if (!text) return 0;
  md_arena *before = md_json_scope(arena);
  int rc = ask_file(&a, text, len);
  md_json_scope(before);
  return rc;
}
