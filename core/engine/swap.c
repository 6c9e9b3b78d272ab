// SPDX-License-Identifier: Apache-2.0
// Takes what was prepared: stored inside a batch's transaction, then, after its commit, pointers are swapped. What is
// swapped has its memory before: after a commit nothing can fail.
#include "base/alloc.h"
#include "engine/prepared.h"
#include <string.h>

// What is live, compared with what the preparation knew.
typedef struct comparing {
  const md_prepared *prepared;
  int index;
  bool differs;
} comparing;

static bool same_text(const char *a, const char *b) {
  return a == b || (a && b && strcmp(a, b) == 0);
}

static int compare_row(void *context, const md_moment_row *row) {
  comparing *at = context;
  const md_prepared_row *known =
      at->index < at->prepared->row_count ? &at->prepared->rows[at->index] : &(md_prepared_row){0};
  at->index++;
  at->differs |= !known->name || strcmp(known->name, row->name) != 0 || known->live != row->live ||
                 !same_text(known->passed, row->rolled_back_from);
  return 0;
}

static int check_fresh(md_engine *engine, const md_prepared *prepared, md_error *err) {
  comparing at = {.prepared = prepared};
  int rc = md_moments_list(engine->store, compare_row, &at, err);
  if (rc || (!at.differs && at.index == prepared->row_count)) return rc;
  return md_error_set(err, MD_ECONFLICT, "what is live was changed while the scripts were prepared: prepare them anew");
}

// `text` NULL: the part stays as it is. A deploy's is passed over by the files until they change.
static int store_part(md_engine *engine, const md_prepared *prepared, const char *name, const md_prepared_part *part,
                      md_error *err) {
  const char *passed = md_arena_printf(engine->arena, "%s_passed", name);
  if (!passed) return md_error_set(err, MD_ENOMEM, "out of memory while the scripts were taken");
  int rc = part->text ? md_settings_set(engine->store, name, part->text, err) : 0;
  if (rc) return rc;
  if (prepared->options.deploy) return md_settings_set(engine->store, passed, part->files, err);
  bool holds = part->passed && strcmp(part->passed, part->digest) == 0;
  return part->passed && !holds ? md_settings_delete(engine->store, passed, err) : 0;
}

static int store_version(md_engine *engine, md_change *change, const md_version_origin *origin, md_error *err) {
  md_loaded *built = change->built;
  int rc = md_versions_put(engine->store, built->moment, built->digest, built->files, built->source.count, origin,
                           engine->now, &built->version, err);
  if (rc == 0) rc = md_moments_set_live(engine->store, built->moment, built->version, engine->now, err);
  return rc ? rc : md_schedules_sync(engine, built->moment, built->definition, err);
}

static int retire(md_engine *engine, const md_change *change, md_error *err) {
  int rc = md_moments_set_live(engine->store, change->moment, 0, engine->now, err);
  return rc ? rc : md_schedules_sync(engine, change->moment, NULL, err);
}

// After a deploy the files' own version is passed over; after a change of the files nothing is.
static int store_mark(md_engine *engine, const md_prepared *prepared, const md_change *change, md_error *err) {
  if (prepared->options.deploy) {
    bool same = strcmp(change->files, change->digest) == 0;
    return md_moments_set_rolled_back(engine->store, change->moment, same ? NULL : change->files, err);
  }
  bool decided = change->kind != MD_CHANGE_HELD && change->kind != MD_CHANGE_REFUSED;
  return decided && change->marked ? md_moments_set_rolled_back(engine->store, change->moment, NULL, err) : 0;
}

static int store_change(md_engine *engine, const md_prepared *prepared, md_change *change,
                        const md_version_origin *origin, md_error *err) {
  int rc = change->built || change->files[0] ? md_moment_slot(engine, change->moment, &(md_moment *){NULL}) : 0;
  if (rc) return md_error_set(err, rc, "out of memory while the scripts were taken");
  if (change->built)
    rc = store_version(engine, change, origin, err);
  else if (change->kind == MD_CHANGE_RETIRED)
    rc = retire(engine, change, err);
  else if (change->files[0] && !change->was[0]) // of the files alone, and not deployed: a row to bear the mark
    rc = md_moments_set_live(engine->store, change->moment, 0, engine->now, err);
  return rc ? rc : store_mark(engine, prepared, change, err);
}

int md_prepared_take(md_engine *engine, md_prepared *prepared, const md_version_origin *origin, md_error *err) {
  if (prepared->options.deploy && prepared->problems)
    return md_error_set(err, MD_EINVAL, "a deploy is taken whole or not at all, and %d things are wrong with this one",
                        prepared->problems);
  if (engine->now == 0) engine->now = engine->timekeeper.at; // before the first batch
  int rc = check_fresh(engine, prepared, err);
  if (rc == 0) rc = store_part(engine, prepared, "plan", &prepared->plan_part, err);
  if (rc == 0) rc = store_part(engine, prepared, "experiments", &prepared->experiments_part, err);
  for (int i = 0; rc == 0 && i < prepared->change_count; i++)
    rc = store_change(engine, prepared, &prepared->changes[i], origin, err);
  return rc;
}

// The version may be loaded already, for runs that are on it.
static md_loaded *keep(md_engine *engine, md_loaded *built) {
  md_loaded *same = md_loaded_find(engine, built->version);
  if (!same) {
    md_loaded_keep(engine, built);
    return built;
  }
  if (!same->vm) {
    same->vm = built->vm;
    built->vm = NULL;
  }
  md_loaded_free(built);
  return same;
}

static void swap_moment(md_engine *engine, md_change *change) {
  md_moment *moment = md_moment_find(engine, change->moment);
  if (change->built)
    moment->live = keep(engine, change->built);
  else if (change->kind == MD_CHANGE_RETIRED && moment)
    moment->live = NULL;
  change->built = NULL;
}

static void swap_plan(md_engine *engine, md_prepared *prepared) {
  if (!prepared->plan) return;
  md_plan_free(engine->plan);
  engine->plan = prepared->plan;
  engine->plan_taken = true;
  memcpy(engine->plan_digest, prepared->plan_part.digest, sizeof engine->plan_digest);
  prepared->plan = NULL;
}

static void swap_experiments(md_engine *engine, md_prepared *prepared) {
  if (!prepared->experiments) return;
  md_experiments_free(engine->experiments);
  engine->experiments = prepared->experiments;
  memcpy(engine->experiments_digest, prepared->experiments_part.digest, sizeof engine->experiments_digest);
  prepared->experiments = NULL;
}

void md_prepared_settle(md_engine *engine, md_prepared *prepared, int code) {
  if (code) return; // md_prepared_free drops what was built
  swap_plan(engine, prepared);
  swap_experiments(engine, prepared);
  for (int i = 0; i < prepared->change_count; i++)
    swap_moment(engine, &prepared->changes[i]);
}

static int take_alone(md_engine *engine, md_prepared *prepared, md_error *err) {
  static const md_version_origin origin = {.door = "start"};
  int rc = md_store_begin(engine->store, err);
  if (rc) return rc;
  rc = md_prepared_take(engine, prepared, &origin, err);
  if (rc == 0)
    rc = md_store_commit(engine->store, err);
  else
    md_store_rollback(engine->store);
  if (rc) engine->schedule_known = false;
  md_prepared_settle(engine, prepared, rc);
  return rc;
}

int md_engine_load(md_engine *engine, const md_source *source,
                   void (*problem)(void *context, const char *moment, const char *text), void *context, md_error *err) {
  md_prepared *prepared = NULL;
  md_arena *scope = md_json_scope(engine->arena);
  md_prepare_options options = {.problem = problem, .context = context};
  int rc = md_prepared_new(&prepared, engine, err);
  if (rc == 0) rc = md_prepare(prepared, source, &options, err);
  if (rc == 0) rc = take_alone(engine, prepared, err);
  md_prepared_free(prepared);
  md_arena_reset(engine->arena);
  md_json_scope(scope);
  return rc;
}
