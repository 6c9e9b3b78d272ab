// SPDX-License-Identifier: Apache-2.0
// Versions that can run: loaded from the script tree or from the database, VMs built when needed (R7).
#include "base/alloc.h"
#include "base/log.h"
#include "engine/state.h"
#include <string.h>

md_moment *md_moment_find(md_engine *engine, const char *name) {
  for (int i = 0; i < engine->moment_count; i++)
    if (strcmp(engine->moments[i].name, name) == 0) return &engine->moments[i];
  return NULL;
}

static md_loaded *find(md_engine *engine, int64_t version) {
  for (md_loaded *at = engine->loaded; at; at = at->next)
    if (at->version == version) return at;
  return NULL;
}

static md_loaded *loaded_new(void) {
  md_arena *arena = md_arena_new(0);
  md_loaded *loaded = arena ? md_arena_alloc_zero(arena, sizeof *loaded) : NULL;
  if (loaded)
    loaded->arena = arena;
  else if (arena)
    md_arena_free(arena);
  return loaded;
}

static void loaded_free(md_loaded *loaded) {
  md_loaded_forget_vm(loaded);
  md_arena_free(loaded->arena);
}

void md_loaded_free_all(md_engine *engine) {
  while (engine->loaded) {
    md_loaded *next = engine->loaded->next;
    loaded_free(engine->loaded);
    engine->loaded = next;
  }
}

void md_loaded_forget_vm(md_loaded *loaded) {
  if (loaded->vm) md_vm_free(loaded->vm);
  loaded->vm = NULL;
}

int md_loaded_vm(md_loaded *loaded, md_error *err) {
  if (loaded->vm) return 0;
  return md_vm_new(&loaded->vm, loaded->moment, &loaded->source, NULL, err);
}

// Copies the files, from wherever they are, into the version's own arena in both shapes.
static int take_files(md_loaded *loaded, const char *moment, const md_version_file *files, int count) {
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

static void keep(md_engine *engine, md_loaded *loaded) {
  loaded->next = engine->loaded;
  engine->loaded = loaded;
}

int md_loaded_get(md_engine *engine, int64_t version, md_loaded **out, md_error *err) {
  *out = find(engine, version);
  if (*out) return 0;
  md_loaded *loaded = loaded_new();
  if (!loaded) return md_error_set(err, MD_ENOMEM, "out of memory while version %lld was loaded", (long long)version);
  md_version row;
  md_version_file *files = NULL;
  int count = 0;
  int rc = md_versions_get(engine->store, version, engine->arena, &row, err);
  if (rc == 0) rc = md_versions_files(engine->store, version, engine->arena, &files, &count, err);
  if (rc == 0) rc = take_files(loaded, row.moment, files, count);
  if (rc) {
    loaded_free(loaded);
    return rc;
  }
  loaded->version = version;
  memcpy(loaded->digest, row.digest, sizeof loaded->digest);
  keep(engine, loaded);
  *out = loaded;
  return 0;
}

// Builds the version of one folder aside: compiled, defined and its copy read before anything is stored.
static int build(md_engine *engine, const md_source *source, const char *moment, md_loaded **out, md_error *err) {
  md_arena *arena = engine->arena;
  md_source own;
  int rc = md_source_of_moment(source, moment, arena, &own, err);
  if (rc) return rc;
  md_loaded *loaded = loaded_new();
  md_version_file *files = md_arena_alloc(arena, sizeof *files * (size_t)(own.count + 1));
  if (!loaded || !files) return MD_ENOMEM;
  for (int i = 0; i < own.count; i++)
    files[i] = (md_version_file){own.files[i].path, own.files[i].data, own.files[i].len};
  md_source_digest(&own, loaded->digest);
  rc = take_files(loaded, moment, files, own.count);
  if (rc == 0) rc = md_loaded_vm(loaded, err);
  if (rc == 0) rc = md_loaded_check_limit(engine, loaded, err);
  if (rc == 0) rc = md_loaded_check_copy(engine, loaded, err);
  if (rc)
    loaded_free(loaded);
  else
    *out = loaded;
  return rc;
}

static int store_version(md_engine *engine, md_loaded *loaded, md_error *err) {
  int rc = md_versions_put(engine->store, loaded->moment, loaded->digest, loaded->files, loaded->source.count, NULL,
                           engine->now, &loaded->version, err);
  return rc ? rc : md_moments_set_live(engine->store, loaded->moment, loaded->version, err);
}

static int moment_slot(md_engine *engine, const char *name, md_moment **out) {
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

static int make_live(md_engine *engine, md_loaded *loaded, md_error *err) {
  md_moment *moment = NULL;
  int rc = moment_slot(engine, loaded->moment, &moment);
  if (rc == 0) rc = store_version(engine, loaded, err);
  if (rc == 0) rc = md_schedules_sync(engine, loaded->moment, md_vm_definition(loaded->vm), err);
  md_loaded *same = rc ? NULL : find(engine, loaded->version);
  if (rc || same)
    loaded_free(loaded);
  else
    keep(engine, loaded);
  if (rc == 0) moment->live = same ? same : loaded;
  return rc;
}

// "order_confirmation/moment.lua" → the folder's length; 0 for anything else.
static size_t moment_folder(const char *path) {
  const char *slash = strchr(path, '/');
  return slash && strcmp(slash, "/moment.lua") == 0 ? (size_t)(slash - path) : 0;
}

static int load_moments(md_engine *engine, const md_source *source,
                        void (*problem)(void *context, const char *moment, const char *text), void *context,
                        md_error *err) {
  for (int i = 0; i < source->count; i++) {
    size_t len = moment_folder(source->files[i].path);
    if (!len) continue;
    const char *name = md_arena_strndup(engine->arena, source->files[i].path, len);
    if (name && md_refusal_of_folder(source->refused, name)) continue; // told already
    md_loaded *loaded = NULL;
    md_error why = {0};
    int rc = name ? build(engine, source, name, &loaded, &why) : MD_ENOMEM;
    if (rc == MD_ENOMEM) return md_error_set(err, rc, "out of memory while %s was loaded", name ? name : "a moment");
    if (rc)
      problem(context, name, why.text);
    else if ((rc = make_live(engine, loaded, err)) != 0)
      return rc;
  }
  return 0;
}

static bool in_source(const md_source *source, const char *moment) {
  char path[300];
  snprintf(path, sizeof path, "%s/moment.lua", moment);
  return md_source_find(source, path) != NULL;
}

// A folder that cannot be read whole is not gone: its version stays.
static int retire_missing(md_engine *engine, const md_source *source, md_error *err) {
  for (int i = 0; i < engine->moment_count; i++) {
    const char *name = engine->moments[i].name;
    if (!engine->moments[i].live || in_source(source, name) || md_refusal_of_folder(source->refused, name)) continue;
    engine->moments[i].live = NULL;
    int rc = md_moments_set_live(engine->store, engine->moments[i].name, 0, err);
    if (rc == 0) rc = md_schedules_sync(engine, engine->moments[i].name, NULL, err);
    if (rc) return rc;
  }
  return 0;
}

static int restore_moment(void *context, const char *name, int64_t version) {
  md_engine *engine = context;
  md_moment *moment = NULL;
  md_loaded *loaded = NULL;
  md_error why = {0};
  if (!version) return 0;
  int rc = moment_slot(engine, name, &moment);
  if (rc == 0) rc = md_loaded_get(engine, version, &loaded, &why);
  if (rc == 0) rc = md_loaded_vm(loaded, &why);
  if (rc == 0) rc = md_loaded_check_limit(engine, loaded, &why);
  if (rc == MD_ENOMEM) return rc;
  if (rc == 0)
    moment->live = loaded;
  else
    md_log(MD_LOG_ERROR, "engine", "the version of before cannot run any more", "moment", name, "error", why.text,
           NULL);
  return 0;
}

// What the process before ran goes on running until the tree has something else in its place.
static int restore_moments(md_engine *engine, md_error *err) {
  int rc = engine->moments_restored ? 0 : md_moments_list(engine->store, restore_moment, engine, err);
  engine->moments_restored = rc == 0;
  return rc;
}

static int take_plan(md_engine *engine, const md_source_file *events_lua, md_error *err) {
  md_plan *plan = NULL;
  int rc = md_plan_new(&plan, events_lua, err);
  if (rc) return rc;
  md_plan_free(engine->plan);
  engine->plan = plan;
  engine->plan_taken = true;
  return 0;
}

// The plan of the process before: without one, secrets of the events that come now would be stored readable (X1).
static void restore_plan(md_engine *engine) {
  const char *text = NULL;
  md_error why = {0};
  int rc = md_settings_get(engine->store, "plan", engine->arena, &text, &why);
  md_source_file file = {"events.lua", text, text ? strlen(text) : 0};
  if (rc == 0) rc = take_plan(engine, &file, &why);
  if (rc && rc != MD_ENOTFOUND)
    md_log(MD_LOG_ERROR, "engine", "the plan of before cannot be used either", "error", why.text, NULL);
}

// A plan that is wrong is refused whole (P8): the old one stays, over a restart too.
static bool load_plan(md_engine *engine, const md_source_file *events_lua, bool refused,
                      void (*problem)(void *context, const char *moment, const char *text), void *context) {
  md_error why = {0};
  if (!refused && take_plan(engine, events_lua, &why) == 0) return true;
  if (!refused) problem(context, "events.lua", why.text);
  if (!engine->plan_taken) restore_plan(engine);
  return false;
}

static int remember_plan(md_engine *engine, const md_source_file *events_lua, md_error *err) {
  static const char none[] = "return require 'plan'.define {}";
  const char *text = events_lua ? md_arena_strndup(engine->arena, events_lua->data, events_lua->len) : none;
  return text ? md_settings_set(engine->store, "plan", text, err) : MD_ENOMEM;
}

static int load_experiments(md_engine *engine, const md_source *source,
                            void (*problem)(void *context, const char *moment, const char *text), void *context,
                            md_error *err) {
  md_experiments *experiments = NULL;
  int rc = md_experiments_new(&experiments, source, engine->experiments, problem, context, err);
  if (rc) return rc;
  md_experiments_free(engine->experiments);
  engine->experiments = experiments;
  return 0;
}

// By the folder that it costs.
static void tell_refused(md_engine *engine, const md_source *source,
                         void (*problem)(void *context, const char *moment, const char *text), void *context) {
  for (const md_refusal *at = source->refused; at; at = at->next) {
    const char *folder = md_arena_strndup(engine->arena, at->path, strcspn(at->path, "/"));
    problem(context, folder ? folder : at->path, at->why);
  }
}

int md_engine_load(md_engine *engine, const md_source *source,
                   void (*problem)(void *context, const char *moment, const char *text), void *context, md_error *err) {
  md_arena *scope = md_json_scope(engine->arena);
  const md_source_file *events_lua = md_source_find(source, "events.lua");
  tell_refused(engine, source, problem, context);
  bool planned =
      load_plan(engine, events_lua, md_refusal_of_path(source->refused, "events.lua") != NULL, problem, context);
  if (engine->now == 0) engine->now = engine->timekeeper.at;
  int rc = load_experiments(engine, source, problem, context, err);
  if (rc == 0) rc = md_store_begin(engine->store, err);
  if (rc == 0) {
    rc = planned ? remember_plan(engine, events_lua, err) : 0;
    if (rc == 0) rc = restore_moments(engine, err);
    if (rc == 0) rc = load_moments(engine, source, problem, context, err);
    if (rc == 0) rc = retire_missing(engine, source, err);
    if (rc == 0)
      rc = md_store_commit(engine->store, err);
    else
      md_store_rollback(engine->store);
  }
  md_arena_reset(engine->arena);
  md_json_scope(scope);
  return rc;
}
