// SPDX-License-Identifier: Apache-2.0
// What was live when the process before ended goes on being live: the plan (without it, secrets of the events that come
// now would be stored readable, X1), the experiments, and each moment's version.
#include "base/digest.h"
#include "base/log.h"
#include "engine/prepared.h"
#include <string.h>

const char md_plan_none[] = "return require 'plan'.define {}";

static bool is_experiment(const char *path) {
  size_t len = strlen(path);
  return strncmp(path, "experiments/", 12) == 0 && len > 16 && strcmp(path + len - 4, ".lua") == 0;
}

json_t *md_experiments_texts(const md_source *source) {
  json_t *all = json_object();
  for (int i = 0; all && i < source->count; i++) {
    const md_source_file *file = &source->files[i];
    json_t *text = is_experiment(file->path) ? json_stringn(file->data, file->len) : NULL;
    if (text) json_object_set_new(all, file->path, text);
  }
  return all;
}

static int read_texts(const char *text, md_arena *arena, md_source *out, md_error *err) {
  const char *path;
  md_error why = {0};
  json_t *value, *all = md_json_parse(text, strlen(text), false, &why);
  if (!all) return md_error_set(err, why.code == MD_ENOMEM ? MD_ENOMEM : MD_ECORRUPT, "%s", why.text);
  out->files = md_arena_alloc(arena, sizeof *out->files * (json_object_size(all) + 1));
  if (!out->files) return md_error_set(err, MD_ENOMEM, "out of memory for the experiments");
  // Canonical: the paths are sorted, and jansson keeps their order.
  json_object_foreach(all, path, value) out->files[out->count++] =
      (md_source_file){.path = path, .data = json_string_value(value), .len = json_string_length(value)};
  return 0;
}

static void digest_text(const char *text, size_t len, char out[static 65]) {
  uint8_t digest[MD_SHA256_SIZE];
  md_sha256(text, len, digest);
  md_hex(digest, sizeof digest, out);
}

static int take_up_plan(md_engine *engine, md_error *err) {
  const char *text = NULL;
  md_plan *plan = NULL;
  int rc = md_settings_get(engine->store, "plan", engine->arena, &text, err);
  if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
  md_source_file file = {.path = "events.lua", .data = text, .len = strlen(text)};
  md_error why = {0};
  rc = md_plan_new(&plan, &file, &why);
  if (rc == MD_ENOMEM) return md_error_set(err, rc, "out of memory for the plan");
  if (rc) {
    md_log(MD_LOG_ERROR, "engine", "the plan of before cannot be used any more", "error", why.text, NULL);
    return 0;
  }
  md_plan_free(engine->plan);
  engine->plan = plan;
  engine->plan_taken = true;
  if (strcmp(text, md_plan_none) != 0) digest_text(file.data, file.len, engine->plan_digest);
  return 0;
}

static void tell_experiment(void *context, const char *name, const char *text) {
  (void)context;
  md_log(MD_LOG_ERROR, "engine", "an experiment of before cannot be used any more", "file", name, "error", text, NULL);
}

static int take_up_experiments(md_engine *engine, md_error *err) {
  const char *text = NULL;
  md_source source = {0};
  md_error why = {0};
  int rc = md_settings_get(engine->store, "experiments", engine->arena, &text, err);
  if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
  rc = read_texts(text, engine->arena, &source, &why);
  if (rc == MD_ECORRUPT) {
    tell_experiment(NULL, "experiments", why.text);
    return 0;
  }
  if (rc == 0) rc = md_experiments_new(&engine->experiments, &source, NULL, tell_experiment, NULL, &why);
  if (rc) return md_error_set(err, rc, "%s", why.text);
  digest_text(text, strlen(text), engine->experiments_digest);
  return 0;
}

typedef struct taking_up {
  md_engine *engine;
  struct live_row {
    const char *name;
    int64_t live;
    bool paused;
    struct live_row *next;
  } * rows;
} taking_up;

static int note_row(void *context, const md_moment_row *row) {
  taking_up *at = context;
  struct live_row *copy = md_arena_alloc(at->engine->arena, sizeof *copy);
  if (!copy) return MD_ENOMEM;
  *copy = (struct live_row){md_arena_strdup(at->engine->arena, row->name), row->live, row->paused_at != 0, at->rows};
  at->rows = copy;
  return copy->name ? 0 : MD_ENOMEM;
}

// What a live version's limit counts must be kept: with less retention than it needs the engine does not start, rather
// than answer events that would then start nothing.
static int take_up_version(md_engine *engine, md_moment *moment, int64_t version, md_error *err) {
  md_loaded *loaded = NULL;
  md_error why = {0};
  int rc = md_loaded_get(engine, version, &loaded, err);
  if (rc) return rc;
  moment->live = loaded;
  rc = md_loaded_vm(loaded, &why);
  if (rc == MD_ENOMEM) return md_error_set(err, rc, "out of memory for the moment %s", moment->name);
  if (rc || md_loaded_check_limit(loaded, engine->options.retention, &why) == 0) return 0;
  return md_error_set(err, MD_EINVAL,
                      "the live version of %s: %s (start with the retention of before, make another version live, "
                      "then shorten it)",
                      moment->name, why.text);
}

static int take_up_moments(md_engine *engine, md_error *err) {
  taking_up at = {engine, NULL};
  md_moment *moment;
  int rc = md_moments_list(engine->store, note_row, &at, err);
  for (struct live_row *row = at.rows; rc == 0 && row; row = row->next) {
    rc = md_moment_slot(engine, row->name, &moment);
    if (rc == 0) moment->paused = row->paused;
    if (rc == 0 && row->live) rc = take_up_version(engine, moment, row->live, err);
  }
  return rc;
}

int md_engine_take_up(md_engine *engine, md_error *err) {
  if (engine->taken_up) return 0;
  md_arena *scope = md_json_scope(engine->arena);
  int rc = take_up_plan(engine, err);
  if (rc == 0) rc = take_up_experiments(engine, err);
  if (rc == 0) rc = take_up_moments(engine, err);
  engine->taken_up = rc == 0;
  md_arena_reset(engine->arena);
  md_json_scope(scope);
  return rc;
}

int md_engine_recover(md_engine *engine, void (*problem)(void *context, const char *moment, const char *text),
                      void *context, md_error *err) {
  int rc = md_engine_take_up(engine, err);
  for (int i = 0; rc == 0 && i < engine->moment_count; i++) {
    md_error why = {0};
    int code = engine->moments[i].live ? md_loaded_vm(engine->moments[i].live, &why) : 0;
    if (code == MD_ENOMEM) return md_error_set(err, code, "out of memory for the moment %s", engine->moments[i].name);
    if (code) problem(context, engine->moments[i].name, why.text);
  }
  return rc;
}

bool md_engine_has_moments(const md_engine *engine) {
  for (int i = 0; i < engine->moment_count; i++)
    if (engine->moments[i].live) return true;
  return false;
}
