// SPDX-License-Identifier: Apache-2.0
// The registrar of everything that scripts call. The engine's thread.
#include "script/bind.h"
#include "script/builtin.h"
#include "script/definition.h"
#include "script/experiment_define.h"
#include "script/plan_define.h"
#include "script/sandbox.h"
#include "script/schedule.h"

const char *const md_builtins[MD_BUILTINS + 1] = {"experiment", "fmt", "moment", "plan", NULL};

static const luaL_Reg *const families[] = {md_bind_event, md_bind_http,    md_bind_message, md_bind_metrics,
                                           md_bind_plain, md_bind_storage, md_bind_wait};

void md_bind_methods(const char *out[static MD_METHODS_MAX]) {
  int count = 0;
  for (size_t i = 0; i < sizeof families / sizeof *families; i++)
    for (const luaL_Reg *at = families[i]; at->name && count < MD_METHODS_MAX - 1; at++)
      out[count++] = at->name;
  out[count] = NULL;
}

static MD_RAISES void make_m(lua_State *L) {
  md_vm *vm = md_vm_of(L);
  lua_createtable(L, 0, 16);
  for (size_t i = 0; i < sizeof families / sizeof *families; i++)
    luaL_setfuncs(L, families[i], 0);
  md_sandbox_readonly(L, "m", true);
  vm->m = lua_topointer(L, -1);
  vm->refs.m = luaL_ref(L, LUA_REGISTRYINDEX);
}

static MD_RAISES int make_module(lua_State *L, const char *name, const luaL_Reg *functions) {
  lua_createtable(L, 0, 4);
  luaL_setfuncs(L, functions, 0);
  md_sandbox_readonly(L, name, true);
  return luaL_ref(L, LUA_REGISTRYINDEX);
}

const luaL_Reg md_bind_experiment[] = {{"define", md_experiment_define}, {NULL, NULL}};
const luaL_Reg md_bind_moment[] = {{"define", md_definition_define}, {"schedule", md_schedule_make}, {NULL, NULL}};
const luaL_Reg md_bind_plan[] = {{"define", md_plan_define}, {NULL, NULL}};

void md_bind_open(lua_State *L) {
  md_vm *vm = md_vm_of(L);
  make_m(L);
  vm->builtins[0] = make_module(L, "experiment", md_bind_experiment);
  vm->builtins[1] = make_module(L, "fmt", md_bind_fmt);
  vm->builtins[2] = make_module(L, "moment", md_bind_moment);
  vm->builtins[3] = make_module(L, "plan", md_bind_plan);
}
