// SPDX-License-Identifier: Apache-2.0
// Versions that can run: loaded from the database when needed, VMs built when needed (R7); and the moments.
#include "base/alloc.h"
#include "engine/prepared.h"
#include <string.h>

md_moment *md_moment_find(md_engine *engine, const char *name) {
  for (int i = 0; i < engine->moment_count; i++)
    if (strcmp(engine->moments[i].name, name) == 0) return &engine->moments[i];
  return NULL;
}

int md_engine_live(md_engine *engine, const char *moment, int64_t *version, md_error *err) {
  const md_moment *found = md_moment_find(engine, moment);
  if (!found) return md_error_set(err, MD_ENOTFOUND, "there is no moment %s", moment);
  if (!found->live)
    return md_error_set(err, MD_ENOTFOUND, "%s was removed: it has no version that new runs take", moment);
  *version = found->live->version;
  return 0;
}

md_loaded *md_loaded_find(md_engine *engine, int64_t version) {
  for (md_loaded *at = engine->loaded; at; at = at->next)
    if (at->version == version) return at;
  return NULL;
}

md_loaded *md_loaded_new(void) {
  md_arena *arena = md_arena_new(0);
  md_loaded *loaded = arena ? md_arena_alloc_zero(arena, sizeof *loaded) : NULL;
  if (loaded)
    loaded->arena = arena;
  else if (arena)
    md_arena_free(arena);
  return loaded;
}

void md_loaded_free(md_loaded *loaded) {
  md_loaded_forget_vm(loaded);
  md_plan_free(loaded->plan);
  md_arena_free(loaded->arena);
}

void md_loaded_free_all(md_engine *engine) {
  while (engine->loaded) {
    md_loaded *next = engine->loaded->next;
    md_loaded_free(engine->loaded);
    engine->loaded = next;
  }
}

void md_loaded_forget_vm(md_loaded *loaded) {
  if (loaded->vm) md_vm_free(loaded->vm);
  loaded->vm = NULL;
}

int md_loaded_vm(md_loaded *loaded, md_error *err) {
  if (loaded->vm) return 0;
  int rc = md_loaded_read_plan(loaded, err);
  if (rc == 0) rc = md_vm_new(&loaded->vm, loaded->moment, &loaded->source, NULL, err);
  if (rc || loaded->definition) return rc;
  loaded->definition = md_definition_copy(md_vm_definition(loaded->vm), loaded->arena);
  if (loaded->definition) return 0;
  md_loaded_forget_vm(loaded);
  return md_error_set(err, MD_ENOMEM, "out of memory for the moment %s", loaded->moment);
}

int md_loaded_take_files(md_loaded *loaded, const char *moment, const md_version_file *files, int count) {
  loaded->moment = md_arena_strdup(loaded->arena, moment);
  loaded->source.files = md_arena_alloc(loaded->arena, sizeof *loaded->source.files * (size_t)(count + 1));
  loaded->files = md_arena_alloc(loaded->arena, sizeof *loaded->files * (size_t)(count + 1));
  loaded->source.count = count;
  if (!loaded->moment || !loaded->source.files || !loaded->files) return MD_ENOMEM;
  for (int i = 0; i < count; i++) {
    const char *path = md_arena_strdup(loaded->arena, files[i].path);
    const char *data = md_arena_strndup(loaded->arena, files[i].data, files[i].len);
    if (!path || !data) return MD_ENOMEM;
    loaded->source.files[i] = (md_source_file){path, data, files[i].len};
    loaded->files[i] = (md_version_file){path, data, files[i].len};
  }
  return 0;
}

void md_loaded_keep(md_engine *engine, md_loaded *loaded) {
  loaded->next = engine->loaded;
  engine->loaded = loaded;
}

int md_loaded_get(md_engine *engine, int64_t version, md_loaded **out, md_error *err) {
  *out = md_loaded_find(engine, version);
  if (*out) return 0;
  md_loaded *loaded = md_loaded_new();
  if (!loaded) return md_error_set(err, MD_ENOMEM, "out of memory while version %lld was loaded", (long long)version);
  md_version row;
  md_version_file *files = NULL;
  int count = 0;
  int rc = md_versions_get(engine->store, version, engine->arena, &row, err);
  if (rc == 0) rc = md_versions_files(engine->store, version, engine->arena, &files, &count, err);
  if (rc == 0 && count == 0)
    rc = md_error_set(
        err, MD_ENOTFOUND,
        "the files of version %.12s of %s are not kept any more: nothing has needed them for long; load or "
        "deploy them again",
        row.digest, row.moment);
  if (rc == 0) rc = md_loaded_take_files(loaded, row.moment, files, count);
  if (rc) {
    md_loaded_free(loaded);
    return rc;
  }
  loaded->version = version;
  memcpy(loaded->digest, row.digest, sizeof loaded->digest);
  md_loaded_keep(engine, loaded);
  *out = loaded;
  return 0;
}

int md_moment_slot(md_engine *engine, const char *name, md_moment **out) {
  *out = md_moment_find(engine, name);
  if (*out) return 0;
  md_moment *grown = md_realloc(engine->moments, sizeof *grown * (size_t)(engine->moment_count + 1));
  char *copy = grown ? md_strdup(name) : NULL;
  if (grown) engine->moments = grown;
  if (!copy) return MD_ENOMEM;
  int at = engine->moment_count;
  for (; at > 0 && strcmp(grown[at - 1].name, name) > 0; at--)
    grown[at] = grown[at - 1];
  grown[at] = (md_moment){.name = copy};
  engine->moment_count++;
  *out = &grown[at];
  return 0;
}
