// SPDX-License-Identifier: Apache-2.0
// The count hook, collection inside a turn, and the sandbox's pcall and xpcall. The engine's thread.
#include "script/limits.h"

enum { TICK = 1000 }; // instructions between two looks

void md_meter_begin(md_vm *vm, int64_t work, int64_t replay) {
  vm->meter = (md_meter){.work_limit = work, .replay_limit = replay};
}

void md_meter_step(md_vm *vm, bool replayed) {
  *(replayed ? &vm->meter.replay : &vm->meter.work) += vm->meter.pending;
  vm->meter.pending = 0;
}

static bool over(const md_vm *vm) {
  const md_meter *meter = &vm->meter;
  const md_turn_host *host = vm->host;
  if (host && host->replaying && host->replaying(host->context))
    return meter->replay + meter->pending > meter->replay_limit;
  return meter->work + meter->pending > meter->work_limit || meter->replay > meter->replay_limit;
}

// Leaves by a yield, which nothing catches; where C stands in between, by an error that pcall passes on. Inside the
// hook lua_yield returns and takes effect when the hook has returned.
static MD_RAISES void exceed(lua_State *L) {
  md_meter *meter = &md_vm_of(L)->meter;
  if (!meter->exceeded) md_caller(L, &meter->file, &meter->line);
  meter->exceeded = true;
  if (lua_isyieldable(L))
    lua_yield(L, 0);
  else
    md_raise(L, "the budget of instructions is exceeded");
}

void md_limits_charge(lua_State *L, int64_t instructions) {
  md_vm *vm = md_vm_of(L);
  if (instructions > vm->meter.replay_limit + vm->meter.work_limit)
    instructions = vm->meter.replay_limit + vm->meter.work_limit + 1;
  vm->meter.pending += instructions;
  if (vm->meter.exceeded || over(vm)) exceed(L);
}

// __mode put into a metatable after setmetatable looked at it must have no effect: it goes before the collector comes.
static void strip_modes(md_vm *vm, lua_State *L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, vm->refs.metatables);
  if (lua_istable(L, -1))
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
      lua_pushliteral(L, "__mode");
      lua_pushnil(L);
      lua_rawset(L, -4);
    }
  lua_pop(L, 1);
}

static void collect(md_vm *vm, lua_State *L) {
  vm->memory.asked = false;
  lua_sethook(L, lua_gethook(L), LUA_MASKCOUNT, TICK);
  if (!lua_checkstack(L, 6)) return;
  strip_modes(vm, L);
  lua_gc(L, LUA_GCCOLLECT);
  md_memory_collected(&vm->memory);
}

static void tick(lua_State *L, lua_Debug *ar) {
  (void)ar;
  md_vm *vm = md_vm_of(L);
  if (vm->memory.asked) collect(vm, L);
  md_limits_charge(L, TICK);
}

void md_limits_install(md_vm *vm) {
  lua_sethook(vm->L, tick, LUA_MASKCOUNT, TICK);
}

// lua_sethook may be called at any moment, as from a signal.
void md_limits_ask_collection(md_vm *vm) {
  vm->memory.asked = true;
  lua_sethook(vm->running, tick, LUA_MASKCOUNT, 1);
}

// What must not be caught is raised again.
static MD_RAISES void pass_on(lua_State *L, int status) {
  md_meter *meter = &md_vm_of(L)->meter;
  if (status == LUA_ERRMEM) meter->nomem = true;
  if (meter->exceeded || meter->nomem) lua_error(L);
}

static MD_RAISES int finish(lua_State *L, int status, lua_KContext skip) {
  if (status != LUA_OK && status != LUA_YIELD) {
    pass_on(L, status);
    lua_pushboolean(L, 0);
    lua_pushvalue(L, -2);
    return 2;
  }
  return lua_gettop(L) - (int)skip;
}

int md_limits_pcall(lua_State *L) {
  luaL_checkany(L, 1);
  lua_pushboolean(L, 1);
  lua_insert(L, 1);
  int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish);
  return finish(L, status, 0);
}

// Around the script's own handler: once exceeded, no script runs any more (the hook is off while it raises).
static MD_RAISES int handler(lua_State *L) {
  lua_settop(L, 1);
  if (md_vm_of(L)->meter.exceeded) return 1;
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, 1, 1);
  return 1;
}

int md_limits_xpcall(lua_State *L) {
  int n = lua_gettop(L);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_pushvalue(L, 2);
  lua_pushcclosure(L, handler, 1);
  lua_replace(L, 2);
  lua_pushboolean(L, 1);
  lua_pushvalue(L, 1);
  lua_rotate(L, 3, 2); // [f, handler, true, f, args…]
  int status = lua_pcallk(L, n - 2, LUA_MULTRET, 2, 2, finish);
  return finish(L, status, 2);
}
