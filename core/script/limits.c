// SPDX-License-Identifier: Apache-2.0
// The count hook, charging, and collection inside a turn. The engine's thread.
#include "script/limits.h"
#include "script/guard.h"

enum { SMALL_CHARGE = 64 }; // the next look is soon enough for it

void md_meter_begin(md_vm *vm, int64_t work, int64_t replay) {
  vm->meter = (md_meter){.work_limit = work, .replay_limit = replay};
  md_guard_restart(vm);
}

void md_meter_step(md_vm *vm, bool replayed) {
  *(replayed ? &vm->meter.replay : &vm->meter.work) += vm->meter.pending;
  vm->meter.pending = 0;
}

static bool replaying(const md_vm *vm) {
  const md_turn_host *host = vm->host;
  return host && host->replaying && host->replaying(host->context);
}

static bool over(const md_vm *vm) {
  const md_meter *meter = &vm->meter;
  if (replaying(vm)) return meter->replay + meter->pending > meter->replay_limit;
  return meter->work + meter->pending > meter->work_limit || meter->replay > meter->replay_limit;
}

// Leaves by a yield, which nothing catches; where C stands in between, by an error that pcall passes on. Inside the
// hook lua_yield returns and takes effect when the hook has returned.
static MD_RAISES void exceed(lua_State *L) {
  md_vm *vm = md_vm_of(L);
  md_meter *meter = &vm->meter;
  if (!meter->exceeded) {
    md_caller(L, &meter->file, &meter->line);
    meter->of_replay = meter->replay > meter->replay_limit || replaying(vm);
  }
  meter->exceeded = true;
  if (lua_isyieldable(L))
    lua_yield(L, 0);
  else
    md_raise(L, "the budget of instructions is exceeded");
}

static MD_RAISES void charge(lua_State *L, md_vm *vm, int64_t instructions) {
  if (instructions > vm->meter.replay_limit + vm->meter.work_limit)
    instructions = vm->meter.replay_limit + vm->meter.work_limit + 1;
  vm->meter.pending += instructions;
  if (vm->meter.exceeded || over(vm)) exceed(L);
}

void md_limits_charge(lua_State *L, int64_t instructions) {
  md_vm *vm = md_vm_of(L);
  if (instructions >= SMALL_CHARGE || vm->meter.exceeded)
    charge(L, vm, instructions);
  else
    vm->meter.pending += instructions;
}

void md_limits_count(lua_State *L, int64_t instructions) {
  md_vm_of(L)->meter.pending += instructions;
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
  if (!lua_checkstack(L, 6)) return;
  strip_modes(vm, L);
  lua_gc(L, LUA_GCCOLLECT);
  md_memory_collected(&vm->memory);
}

static void tick(lua_State *L, lua_Debug *ar) {
  (void)ar;
  md_vm *vm = md_vm_of(L);
  bool asked = vm->memory.asked, looked = vm->guard.look;
  if (asked) collect(vm, L);
  int64_t owed = md_guard_owed(vm, looked ? 0 : vm->guard.tick);
  if (asked || looked) md_limits_hook(L, vm->guard.tick);
  charge(L, vm, owed);
}

void md_limits_hook(lua_State *L, int instructions) {
  lua_sethook(L, tick, LUA_MASKCOUNT, instructions);
}

void md_limits_install(md_vm *vm) {
  vm->guard.tick = MD_GUARD_TICK;
  md_limits_hook(vm->L, MD_GUARD_TICK);
}

// lua_sethook may be called at any moment, as from a signal.
void md_limits_ask_collection(md_vm *vm) {
  vm->memory.asked = true;
  md_limits_hook(vm->running, 1);
}
