// SPDX-License-Identifier: Apache-2.0
// Runs the files of experiments and keeps what they declare.
#include "script/experiment.h"
#include "base/alloc.h"
#include "script/experiment_define.h"
#include "script/limits.h"
#include "script/modules.h"
#include "script/options.h"
#include "script/step_options.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE = 1, NAME_BYTES = 64, MEMORY = 8 << 20 };

struct md_experiments {
  md_arena *arena;
  md_experiment *items;
  int count;
};

static MD_RAISES const char *keep(lua_State *L, const char *text) {
  const char *copy = md_arena_strdup(md_vm_of(L)->arena, text);
  if (text && !copy) md_raise_nomem(L);
  return copy;
}

static MD_RAISES const char *read_name(lua_State *L, const char *option) {
  const char *name = md_options_find_text(L, TABLE, "experiment.define", option, NAME_BYTES);
  if (name && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")])
    md_raise(L, "experiment.define: %s '%s' must be made of a-z, 0-9 and _", option, name);
  return keep(L, name);
}

// One of the list: { "control", 0.5 }.
static MD_RAISES void read_arm(lua_State *L, md_experiment *out) {
  bool pair = lua_istable(L, -1) && lua_rawlen(L, -1) == 2;
  if (pair) {
    lua_rawgeti(L, -1, 1);
    lua_rawgeti(L, -2, 2);
    pair = lua_type(L, -2) == LUA_TSTRING && lua_type(L, -1) == LUA_TNUMBER;
  }
  if (!pair) md_raise(L, "experiment.define: an arm is a name with its weight: { \"control\", 0.5 }");
  const char *name = lua_tostring(L, -2);
  double weight = lua_tonumber(L, -1);
  if (!*name || strlen(name) > NAME_BYTES || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")])
    md_raise(L, "experiment.define: the arm '%s' must be made of a-z, 0-9 and _", name);
  if (!(weight >= 0 && weight <= 1)) md_raise(L, "experiment.define: the weight of %s must be from 0 to 1", name);
  for (int i = 0; i < out->arm_count; i++)
    if (strcmp(out->arms[i], name) == 0) md_raise(L, "experiment.define: the arm %s is named twice", name);
  out->arms[out->arm_count] = keep(L, name);
  out->weights[out->arm_count++] = weight;
  lua_pop(L, 2);
}

static MD_RAISES void read_arms(lua_State *L, md_experiment *out) {
  double sum = 0;
  if (md_options_get(L, TABLE, "arms") != LUA_TTABLE || lua_rawlen(L, -1) < 2)
    md_raise(L, "experiment.define needs arms: { { \"control\", 0.5 }, { \"friendly\", 0.5 } }, the control first");
  if (lua_rawlen(L, -1) > MD_EXPERIMENT_ARMS) md_raise(L, "experiment.define: at most %d arms", MD_EXPERIMENT_ARMS);
  lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, -1, i);
    read_arm(L, out);
    lua_pop(L, 1);
  }
  for (int i = 0; i < out->arm_count; i++)
    sum += out->weights[i];
  if (fabs(sum - 1) > 1e-6) md_raise(L, "experiment.define: the weights of the arms must make 1 together");
  lua_pop(L, 1);
}

static MD_RAISES void read_coverage(lua_State *L, md_experiment *out) {
  int type = md_options_get(L, TABLE, "coverage");
  out->coverage = type == LUA_TNIL ? 1 : lua_tonumber(L, -1);
  if ((type != LUA_TNIL && type != LUA_TNUMBER) || !(out->coverage >= 0 && out->coverage <= 1))
    md_raise(L, "experiment.define: coverage must be a number from 0 to 1");
  lua_pop(L, 1);
}

int md_experiment_define(lua_State *L) {
  md_experiment *out = md_vm_of(L)->user;
  if (!out || md_vm_of(L)->moment) md_raise(L, "experiment.define belongs in a file of the folder experiments");
  if (out->name) md_raise(L, "experiment.define is called twice: a file is one experiment");
  if (lua_type(L, TABLE) != LUA_TTABLE)
    md_raise(L, "experiment.define takes a table: experiment.define { name = …, moment = …, arms = … }");
  lua_settop(L, TABLE);
  md_options_check(L, TABLE, "experiment.define", md_options_experiment);
  const char *name = read_name(L, "name");
  out->moment = read_name(L, "moment");
  if (!name || !out->moment) md_raise(L, "experiment.define needs name and moment");
  out->seed = keep(L, md_options_find_text(L, TABLE, "experiment.define", "seed", NAME_BYTES));
  if (!out->seed) out->seed = name;
  read_arms(L, out);
  read_coverage(L, out);
  out->name = name;
  lua_settop(L, TABLE);
  return 1;
}

static MD_RAISES int run_file(lua_State *L) {
  md_vm *vm = md_vm_of(L);
  md_modules_fresh(L);
  md_modules_run_main(L);
  if (((md_experiment *)vm->user)->name) return 0;
  lua_pushfstring(L, "%s:1: the file must end with: return experiment.define { … }", vm->main->path);
  lua_error(L);
  return 0;
}

// Into the arena, away from the state that read it.
static int copy(md_experiment *out, const md_experiment *from, const char *file, md_arena *arena) {
  *out = *from;
  out->name = md_arena_strdup(arena, from->name);
  out->moment = md_arena_strdup(arena, from->moment);
  out->seed = md_arena_strdup(arena, from->seed);
  out->file = md_arena_strdup(arena, file);
  bool whole = out->name && out->moment && out->seed && out->file;
  for (int i = 0; i < from->arm_count && whole; i++)
    whole = (out->arms[i] = md_arena_strdup(arena, from->arms[i])) != NULL;
  return whole ? 0 : MD_ENOMEM;
}

static int read_file(md_experiment *out, const md_source_file *file, md_arena *arena, md_error *err) {
  md_vm *vm;
  md_experiment read = {0};
  md_vm_limits limits = {.memory = MEMORY};
  int code = md_vm_open(&vm, &limits, err);
  if (code) return code;
  vm->user = &read;
  code = md_modules_compile_text(vm, file->path, file->data, file->len, err);
  md_meter_begin(vm, vm->limits.define, 0);
  if (!code) code = md_script_code(md_script_run(vm, run_file, NULL, err));
  if (!code) code = copy(out, &read, file->path, arena);
  md_vm_free(vm);
  return code;
}

static const md_experiment *of_file(const md_experiments *all, const char *file) {
  for (int i = 0; all && i < all->count; i++)
    if (strcmp(all->items[i].file, file) == 0) return &all->items[i];
  return NULL;
}

static bool is_experiment(const char *path) {
  size_t len = strlen(path);
  return strncmp(path, "experiments/", 12) == 0 && len > 16 && strcmp(path + len - 4, ".lua") == 0;
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const md_experiment *)a)->name, ((const md_experiment *)b)->name);
}

static int take(md_experiments *all, const md_source_file *file, const md_experiments *old, md_error *why) {
  md_experiment *slot = &all->items[all->count];
  int code = read_file(slot, file, all->arena, why);
  if (code == 0 && md_experiments_find(all, slot->name))
    code =
        md_error_set(why, MD_ECONFLICT, "%s:1: another file has an experiment of the name %s", file->path, slot->name);
  const md_experiment *before = code && code != MD_ENOMEM ? of_file(old, file->path) : NULL;
  if (before && copy(slot, before, file->path, all->arena)) return MD_ENOMEM;
  if (code == 0 || before) all->count++;
  return code;
}

// A file that cannot be read is not gone: what it declared stays.
static int keep_refused(md_experiments *all, const md_source *source, const md_experiments *old) {
  for (int i = 0; old && i < old->count; i++) {
    const md_experiment *before = &old->items[i];
    if (!md_refusal_of_path(source->refused, before->file) || md_experiments_find(all, before->name)) continue;
    if (copy(&all->items[all->count], before, before->file, all->arena)) return MD_ENOMEM;
    all->count++;
  }
  return 0;
}

int md_experiments_new(md_experiments **out, const md_source *source, const md_experiments *old,
                       void (*problem)(void *context, const char *name, const char *text), void *context,
                       md_error *err) {
  md_experiments *all = md_alloc_zero(sizeof *all);
  if (all) all->arena = md_arena_new(0);
  if (all && all->arena)
    all->items = md_arena_alloc(all->arena, sizeof *all->items * (size_t)(source->count + (old ? old->count : 0) + 1));
  int code = all && all->items ? 0 : MD_ENOMEM;
  for (int i = 0; i < source->count && code != MD_ENOMEM; i++) {
    md_error why = {0};
    if (!is_experiment(source->files[i].path)) continue;
    code = take(all, &source->files[i], old, &why);
    if (code && code != MD_ENOMEM) problem(context, source->files[i].path, why.text);
  }
  if (code != MD_ENOMEM) code = keep_refused(all, source, old);
  if (code == MD_ENOMEM) {
    md_experiments_free(all);
    return md_error_set(err, MD_ENOMEM, "out of memory while the experiments were read");
  }
  if (all->count) qsort(all->items, (size_t)all->count, sizeof *all->items, by_name);
  *out = all;
  return 0;
}

void md_experiments_free(md_experiments *experiments) {
  if (!experiments) return;
  if (experiments->arena) md_arena_free(experiments->arena);
  md_free(experiments);
}

int md_experiments_count(const md_experiments *experiments) {
  return experiments->count;
}

const md_experiment *md_experiments_at(const md_experiments *experiments, int index) {
  return &experiments->items[index];
}

const md_experiment *md_experiments_find(const md_experiments *experiments, const char *name) {
  for (int i = 0; i < experiments->count; i++)
    if (strcmp(experiments->items[i].name, name) == 0) return &experiments->items[i];
  return NULL;
}
