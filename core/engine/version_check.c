// SPDX-License-Identifier: Apache-2.0
// Asks the messenger, before a version goes live, whether its copy can be used (M1): every file of it, and every
// template that the moment declares or names in so many words.
#include "base/duration.h"
#include "engine/state.h"
#include "script/lint.h"
#include "script/lint_calls.h"
#include <stdio.h>
#include <string.h>

typedef struct naming {
  md_arena *arena;
  const char *file;
  md_named_template *first, **end;
  int rc;
} naming;

static void name_template(void *context, int line, const char *name, size_t len) {
  naming *at = context;
  md_named_template *named = md_arena_alloc_zero(at->arena, sizeof *named);
  if (named) named->name = md_arena_strndup(at->arena, name, len);
  if (!named || !named->name) {
    at->rc = MD_ENOMEM;
    return;
  }
  named->file = at->file;
  named->line = line;
  *at->end = named;
  at->end = &named->next;
}

static bool ends_with(const char *text, const char *ending) {
  size_t len = strlen(text), tail = strlen(ending);
  return len >= tail && strcmp(text + len - tail, ending) == 0;
}

// Of the moment's own folder: what a shared file names may be another moment's.
static bool is_own_script(const md_loaded *loaded, const char *path) {
  size_t folder = strlen(loaded->moment);
  return strncmp(path, loaded->moment, folder) == 0 && path[folder] == '/' && ends_with(path, ".lua") &&
         !ends_with(path, "_spec.lua");
}

static int name_templates(const md_loaded *loaded, naming *at) {
  const md_definition *definition = loaded->definition;
  for (int i = 0; i < loaded->source.count; i++) {
    const md_source_file *file = &loaded->source.files[i];
    if (!is_own_script(loaded, file->path)) continue;
    at->file = file->path;
    if (ends_with(file->path, "/moment.lua")) {
      int line = md_lint_line_of(file->data, file->len, "templates");
      for (const char *const *name = definition->templates; name && *name; name++)
        name_template(at, line, *name, strlen(*name));
    }
    md_script_templates(file->data, file->len, name_template, at);
  }
  return at->rc;
}

int md_limit_check(const md_definition *definition, const md_source_file *main, md_micros retention, md_error *err) {
  char per[24], kept[24];
  if (!retention || definition->limit_per <= retention) return 0;
  md_duration_format(definition->limit_per, per);
  md_duration_format(retention, kept);
  return md_error_set(err, MD_EINVAL,
                      "%s:%d: limit counts the runs of %s, but retention forgets them after %s: make per shorter, or "
                      "retention longer",
                      main->path, md_lint_line_of(main->data, main->len, "limit"), per, kept);
}

int md_loaded_check_limit(const md_loaded *loaded, md_micros retention, md_error *err) {
  char path[300];
  snprintf(path, sizeof path, "%s/moment.lua", loaded->moment);
  const md_source_file *main = md_source_find(&loaded->source, path);
  return main ? md_limit_check(loaded->definition, main, retention, err) : 0;
}

int md_loaded_check_copy(const md_messenger *messenger, const md_loaded *loaded, md_arena *arena, md_error *err) {
  if (!messenger || !messenger->check_version) return 0;
  naming at = {.arena = arena};
  at.end = &at.first;
  if (name_templates(loaded, &at)) return md_error_set(err, MD_ENOMEM, "out of memory");
  const md_new_version version = {
      .moment = loaded->moment, .files = loaded->files, .file_count = loaded->source.count, .templates = at.first};
  return messenger->check_version(messenger->context, &version, arena, err);
}
