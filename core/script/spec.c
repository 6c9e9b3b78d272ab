// SPDX-License-Identifier: Apache-2.0
// Collects and runs the cases of a spec file.
#include "script/spec.h"
#include "base/alloc.h"
#include "script/bind.h"
#include "script/limits.h"
#include "script/modules.h"
#include "script/options.h"
#include "script/spec_state.h"
#include <string.h>

enum { NAME_LENGTH = 200, CASE_INSTRUCTIONS = 100000000 };

static MD_RAISES void take_function(lua_State *L, const char *what) {
  if (lua_type(L, -1) != LUA_TFUNCTION) md_raise(L, "%s takes a name and a function", what);
}

static MD_RAISES md_spec *collecting(lua_State *L, const char *what) {
  md_spec *spec = md_spec_of(L);
  if (!spec->collecting) md_raise(L, "%s cannot be called inside a spec", what);
  return spec;
}

static MD_RAISES int l_spec_describe(lua_State *L) {
  md_spec *spec = collecting(L, "describe");
  const char *name = md_options_text(L, 1, "describe: the name", NAME_LENGTH);
  lua_settop(L, 2);
  take_function(L, "describe");
  if (spec->group_count == MD_SPEC_DEPTH) md_raise(L, "describe is nested more than %d deep", MD_SPEC_DEPTH);
  int before = spec->before_count;
  spec->groups[spec->group_count++] = name; // anchored by the caller's stack
  lua_call(L, 0, 0);
  spec->group_count--;
  spec->before_count = before;
  return 0;
}

static MD_RAISES const char *full_name(lua_State *L, md_spec *spec, const char *own) {
  const char *name = "";
  for (int i = 0; i < spec->group_count && name; i++)
    name = md_arena_printf(spec->arena, "%s%s: ", name, spec->groups[i]);
  name = name ? md_arena_printf(spec->arena, "%s%s", name, own) : NULL;
  if (!name) md_raise_nomem(L);
  return name;
}

static MD_RAISES int l_spec_it(lua_State *L) {
  md_spec *spec = collecting(L, "it");
  const char *own = md_options_text(L, 1, "it: the name", NAME_LENGTH);
  lua_settop(L, 2);
  take_function(L, "it");
  md_spec_case *cases = md_arena_alloc(spec->arena, (size_t)(spec->count + 1) * sizeof *cases);
  if (!cases) md_raise_nomem(L);
  if (spec->count) memcpy(cases, spec->cases, (size_t)spec->count * sizeof *cases);
  md_spec_case *added = &cases[spec->count];
  *added = (md_spec_case){.name = full_name(L, spec, own), .before_count = spec->before_count};
  memcpy(added->before, spec->before, sizeof added->before);
  added->function = luaL_ref(L, LUA_REGISTRYINDEX);
  spec->cases = cases;
  spec->count++;
  return 0;
}

static MD_RAISES int l_spec_before_each(lua_State *L) {
  md_spec *spec = collecting(L, "before_each");
  lua_settop(L, 1);
  if (lua_type(L, 1) != LUA_TFUNCTION) md_raise(L, "before_each takes a function");
  if (spec->before_count == MD_SPEC_STEPS) md_raise(L, "there are more than %d before_each", MD_SPEC_STEPS);
  spec->before[spec->before_count++] = luaL_ref(L, LUA_REGISTRYINDEX);
  return 0;
}

const luaL_Reg md_bind_spec[] = {
    {"before_each", l_spec_before_each}, {"describe", l_spec_describe}, {"it", l_spec_it}, {NULL, NULL}};

// A body for md_script_run: the file with describe, it and before_each in its environment.
static MD_RAISES int collect(lua_State *L) {
  md_modules_fresh(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, md_vm_of(L)->refs.env);
  luaL_setfuncs(L, md_bind_spec, 0);
  lua_settop(L, 0);
  md_modules_run_main(L);
  return 0;
}

static int load(md_spec *spec, const md_source_file *file, md_error *err) {
  int code = md_vm_open(&spec->vm, NULL, err);
  if (code) return code;
  spec->vm->user = spec;
  code = md_modules_compile_text(spec->vm, file->path, file->data, file->len, err);
  if (code) return code;
  spec->collecting = true;
  md_meter_begin(spec->vm, CASE_INSTRUCTIONS, 0);
  code = md_script_code(md_script_run(spec->vm, collect, NULL, err));
  spec->collecting = false;
  return code;
}

int md_spec_new(md_spec **out, const md_source_file *file, const md_spec_host *host, md_error *err) {
  md_spec *spec = md_alloc_zero(sizeof *spec);
  md_arena *arena = spec ? md_arena_new(0) : NULL;
  if (!arena) {
    md_free(spec);
    return md_error_set(err, MD_ENOMEM, "out of memory for the spec");
  }
  spec->arena = arena;
  spec->host = host;
  int code = load(spec, file, err);
  if (code)
    md_spec_free(spec);
  else
    *out = spec;
  return code;
}

void md_spec_free(md_spec *spec) {
  if (!spec) return;
  md_vm_free(spec->vm);
  md_arena_free(spec->arena);
  md_free(spec);
}

int md_spec_count(const md_spec *spec) {
  return spec->count;
}

const char *md_spec_name(const md_spec *spec, int index) {
  return spec->cases[index].name;
}

static MD_RAISES void call_with_shop(lua_State *L, int function) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, function);
  md_shop_push(L);
  lua_call(L, 1, 0);
}

static MD_RAISES int run_case(lua_State *L) {
  const md_spec_case *at = lua_touserdata(L, 1);
  for (int i = 0; i < at->before_count; i++)
    call_with_shop(L, at->before[i]);
  call_with_shop(L, at->function);
  return 0;
}

int md_spec_run(md_spec *spec, int index, md_error *err) {
  md_arena *arena = md_arena_new(0);
  if (!arena) return md_error_set(err, MD_ENOMEM, "out of memory for the spec");
  md_arena *scope = md_json_scope(arena);
  md_meter_begin(spec->vm, CASE_INSTRUCTIONS, 0);
  int code = md_script_code(md_script_run(spec->vm, run_case, &spec->cases[index], err));
  md_vm_tidy(spec->vm);
  md_json_scope(scope);
  md_arena_free(arena);
  return code;
}
