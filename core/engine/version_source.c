// SPDX-License-Identifier: Apache-2.0
// Chooses the files of a version, and digests them.
#include "engine/version_source.h"
#include "script/needs.h"
#include "script/plan_part.h"
#include <string.h>

// One choice under way: the files that a version could have, and those it has.
typedef struct choice {
  const md_messenger *messenger;
  const char *moment;
  md_arena *arena;
  md_source candidates;
  md_needs needs;
  bool *used; // of the candidates
  md_error *err;
} choice;

static int no_memory(md_error *err) {
  return md_error_set(err, MD_ENOMEM, "out of memory for the files of a version");
}

static bool ends_with(const char *text, const char *end) {
  size_t len = strlen(text), tail = strlen(end);
  return len >= tail && strcmp(text + len - tail, end) == 0;
}

// The moment's own files and the modules that it requires.
static bool always(const choice *c, const char *path) {
  size_t folder = strlen(c->moment);
  return ends_with(path, ".lua") || (strncmp(path, c->moment, folder) == 0 && path[folder] == '/');
}

static int ask_messenger(choice *c) {
  int count = c->candidates.count;
  md_version_file *files = md_arena_alloc(c->arena, (size_t)(count + 1) * sizeof *files);
  if (!files) return no_memory(c->err);
  for (int i = 0; i < count; i++)
    files[i] = (md_version_file){c->candidates.files[i].path, c->candidates.files[i].data, c->candidates.files[i].len};
  const md_new_version version = {.moment = c->moment, .files = files, .file_count = count};
  return c->messenger->uses(&version, c->needs.class_name, c->used, c->arena, c->err);
}

static int mark_used(choice *c) {
  c->used = md_arena_alloc_zero(c->arena, (size_t)(c->candidates.count + 1) * sizeof *c->used);
  if (!c->used) return no_memory(c->err);
  bool asks = c->messenger && c->messenger->uses;
  int rc = asks ? ask_messenger(c) : 0;
  for (int i = 0; i < c->candidates.count; i++)
    c->used[i] = c->used[i] || !asks || always(c, c->candidates.files[i].path);
  return rc;
}

// The used files and the part of the plan, which has its place among them by its path.
static int collect(choice *c, const char *part, md_source *out) {
  md_source_file *files = md_arena_alloc(c->arena, (size_t)(c->candidates.count + 1) * sizeof *files);
  if (!files) return no_memory(c->err);
  *out = (md_source){.files = files};
  for (int i = 0; i < c->candidates.count; i++) {
    if (part && strcmp(c->candidates.files[i].path, MD_PLAN_PART) > 0) {
      files[out->count++] = (md_source_file){MD_PLAN_PART, part, strlen(part)};
      part = NULL;
    }
    if (c->used[i]) files[out->count++] = c->candidates.files[i];
  }
  if (part) files[out->count++] = (md_source_file){MD_PLAN_PART, part, strlen(part)};
  return 0;
}

static int digest(choice *c, md_version_source *out) {
  md_source_file *files = md_arena_alloc(c->arena, (size_t)(out->files.count + 1) * sizeof *files);
  if (!files) return no_memory(c->err);
  md_source without_specs = {.files = files};
  for (int i = 0; i < out->files.count; i++)
    if (!md_source_is_spec(out->files.files[i].path)) files[without_specs.count++] = out->files.files[i];
  md_source_digest(&without_specs, out->digest);
  return 0;
}

int md_version_source_read(const md_messenger *messenger, const md_plan *plan, const md_source *tree,
                           const char *moment, md_arena *arena, md_version_source *out, md_error *err) {
  choice c = {.messenger = messenger, .moment = moment, .arena = arena, .err = err};
  const char *part = NULL;
  int rc = md_source_of_moment(tree, moment, arena, &c.candidates, err);
  if (rc == 0 && md_needs_read(&c.candidates, arena, &c.needs)) rc = no_memory(err);
  if (rc == 0) rc = mark_used(&c);
  if (rc == 0) rc = md_plan_part_write(plan, &c.needs, arena, &part, err);
  if (rc == 0) rc = collect(&c, part, &out->files);
  return rc ? rc : digest(&c, out);
}
