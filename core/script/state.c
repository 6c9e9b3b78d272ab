// SPDX-License-Identifier: Apache-2.0
// The life of a Lua state: capped memory, collection, and the one protected way into it. The engine's thread.
#include "script/state.h"
#include "base/alloc.h"
#include "base/assert.h"
#include "script/fmt.h"
#include "script/guard.h"
#include "script/limits.h"
#include "script/sandbox.h"
#include "script/secret.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
  MEMORY_DEFAULT = 64 << 20,
  WORK_DEFAULT = 1000000,
  REPLAY_DEFAULT = 50000000,
  GARBAGE_BETWEEN_TURNS = 2 << 20,
  GARBAGE_IN_TURN = 8 << 20,
  BLOCK_CHARGED = 256, // smaller ones are paid by the instruction that makes them
};

void md_memory_collected(md_memory *memory) {
  size_t used = memory->used, left = memory->limit - used;
  size_t garbage = used > GARBAGE_IN_TURN ? used : GARBAGE_IN_TURN;
  memory->tidy_at = used + (used > GARBAGE_BETWEEN_TURNS ? used : GARBAGE_BETWEEN_TURNS);
  memory->collect_at = used + (garbage < left / 2 ? garbage : left / 2);
  memory->asked = false;
}

static void *allocate(void *context, void *old, size_t old_size, size_t size) {
  md_vm *vm = context;
  md_memory *memory = &vm->memory;
  size_t from = old ? old_size : 0;
  if (size == 0) {
    md_pool_free(&memory->pool, old, from);
    memory->used -= from;
    return NULL;
  }
  if (size > from && (memory->refused || memory->used - from + size > memory->limit)) {
    memory->refused = true;
    return NULL;
  }
  void *block = md_pool_resize(&memory->pool, old, from, size);
  if (!block) return NULL;
  memory->used += size - from;
  if (size >= BLOCK_CHARGED && size > from) md_guard_block(vm, size, !old && old_size == LUA_TSTRING);
  if (memory->used > memory->collect_at && !memory->asked && vm->running) md_limits_ask_collection(vm);
  return block;
}

static int panic(lua_State *L) {
  (void)L;
  md_require(!"a Lua error outside md_script_run");
  return 0;
}

static void limits_fill(md_vm *vm, const md_vm_limits *limits) {
  if (limits) vm->limits = *limits;
  md_vm_limits *fill = &vm->limits;
  fill->memory = fill->memory ? fill->memory : MEMORY_DEFAULT;
  fill->instructions = fill->instructions ? fill->instructions : WORK_DEFAULT;
  fill->replay = fill->replay ? fill->replay : REPLAY_DEFAULT;
  fill->define = fill->define ? fill->define : WORK_DEFAULT;
}

static int state_make(md_vm *vm, md_error *err) {
  vm->memory.limit = vm->limits.memory;
  md_memory_collected(&vm->memory);
  vm->arena = md_arena_new(0);
  vm->L = vm->arena ? lua_newstate(allocate, vm) : NULL;
  if (!vm->L) return md_error_set(err, MD_ENOMEM, "out of memory for a Lua state");
  *(md_vm **)lua_getextraspace(vm->L) = vm;
  lua_atpanic(vm->L, panic);
  lua_gc(vm->L, LUA_GCSTOP);
  md_limits_install(vm);
  md_meter_begin(vm, vm->limits.define, 0);
  return md_script_code(md_script_run(vm, md_sandbox_open, NULL, err));
}

int md_vm_open(md_vm **out, const md_vm_limits *limits, md_error *err) {
  md_vm *vm = md_alloc_zero(sizeof *vm);
  if (!vm) return md_error_set(err, MD_ENOMEM, "out of memory for a Lua state");
  limits_fill(vm, limits);
  int code = state_make(vm, err);
  if (code) {
    md_vm_free(vm);
    return code;
  }
  *out = vm;
  return 0;
}

void md_vm_free(md_vm *vm) {
  if (!vm) return;
  if (vm->L) lua_close(vm->L);
  md_pool_deinit(&vm->memory.pool);
  md_fmt_free(vm->fmt);
  md_arena_free(vm->arena);
  md_free(vm);
}

size_t md_vm_memory(const md_vm *vm) {
  const md_pool *pool = &vm->memory.pool;
  return vm->memory.used - pool->small + pool->held + md_arena_used(vm->arena);
}

void md_vm_tidy(md_vm *vm) {
  if (vm->memory.used <= vm->memory.tidy_at && !vm->memory.asked) return;
  lua_gc(vm->L, LUA_GCCOLLECT);
  md_memory_collected(&vm->memory);
}

// The first Lua function at or above `level`.
static bool position_at(lua_State *L, int level, lua_Debug *found) {
  for (; lua_getstack(L, level, found); level++) {
    lua_getinfo(L, "Sl", found);
    if (found->currentline > 0) return true;
  }
  return false;
}

void md_caller(lua_State *L, const char **file, int *line) {
  lua_Debug ar;
  bool found = position_at(L, 0, &ar);
  *file = !found ? "?" : *ar.source == '@' ? ar.source + 1 : ar.source;
  *line = found ? ar.currentline : 0;
}

void md_raise(lua_State *L, const char *format, ...) {
  char text[480];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  lua_Debug ar;
  if (position_at(L, 0, &ar))
    lua_pushfstring(L, "%s:%d: %s", ar.short_src, ar.currentline, text);
  else
    lua_pushstring(L, text);
  lua_error(L);
  __builtin_unreachable();
}

void md_raise_nomem(lua_State *L) {
  md_vm_of(L)->meter.nomem = true;
  lua_pushliteral(L, "not enough memory");
  lua_error(L);
  __builtin_unreachable();
}

// "file:12: " at the start of a message.
static bool has_position(const char *text) {
  const char *colon = strchr(text, ':');
  if (!colon || memchr(text, ' ', (size_t)(colon - text))) return false;
  const char *digit = colon + 1;
  while (isdigit((unsigned char)*digit))
    digit++;
  return digit > colon + 1 && *digit == ':';
}

static void describe(lua_State *co, const char *text, md_error *err) {
  lua_Debug ar;
  if (!has_position(text) && position_at(co, 0, &ar))
    md_error_set(err, MD_ESCRIPT, "%s:%d: %s", ar.short_src, ar.currentline, text);
  else
    md_error_set(err, MD_ESCRIPT, "%s", text);
  if (err) md_forbidden_explain(err);
}

// What was raised, as text. May call __tostring, under the meter.
static void describe_raised(lua_State *L, lua_State *co, md_error *err) {
  if (!lua_checkstack(co, 1)) return;
  lua_pushvalue(co, -1);
  lua_xmove(co, L, 1);
  bool named = lua_type(L, -1) == LUA_TSTRING || luaL_getmetafield(L, -1, "__tostring") != LUA_TNIL;
  if (named) {
    lua_settop(L, 3);
    lua_pushcfunction(L, md_sandbox_tostring);
    lua_pushvalue(L, 3);
    named = lua_pcall(L, 1, 1, 0) == LUA_OK && lua_type(L, -1) == LUA_TSTRING;
  }
  if (named)
    describe(co, lua_tostring(L, -1), err);
  else
    describe(co,
             lua_pushfstring(L, "an error value of type %s was raised",
                             md_secret_at(co, -1) ? "secret" : luaL_typename(co, -1)),
             err);
}

typedef struct entry {
  lua_CFunction body;
  void *context;
  int status;
  md_error *err;
} entry;

// S3: which of the budgets it was, and what can be done. None of them is a setting.
static void describe_budget(const md_vm *vm, md_error *err) {
  const md_meter *meter = &vm->meter;
  const char *after = meter->of_replay ? " for the steps that are behind the run" : "";
  const char *advice = "look for a loop that does not end";
  if (meter->of_replay)
    advice = "begin anew before there are so many, with m:continue_as(state)";
  else if (vm->host)
    advice = "look for a loop that does not end; long work is divided by a step that waits, such as m:sleep(\"0s\"), "
             "since each turn has a budget of its own";
  md_error_set(err, MD_EBUDGET, "%s:%d: the budget of %lld instructions%s is exceeded: %s", meter->file, meter->line,
               (long long)(meter->of_replay ? meter->replay_limit : meter->work_limit), after, advice);
}

static void describe_limit(const md_vm *vm, lua_State *co, md_error *err) {
  char text[120];
  if (vm->meter.exceeded) {
    describe_budget(vm, err);
    return;
  }
  snprintf(text, sizeof text, "out of memory: a script has %zu KiB", vm->memory.limit >> 10);
  describe(co, text, err);
  if (err) err->code = vm->memory.refused ? MD_EBUDGET : MD_ENOMEM;
}

// Pushes the coroutine that the run before left, or a new one.
static MD_RAISES lua_State *push_coroutine(lua_State *L) {
  md_vm *vm = md_vm_of(L);
  if (vm->refs.coroutine && lua_rawgeti(L, LUA_REGISTRYINDEX, vm->refs.coroutine) == LUA_TTHREAD)
    return lua_tothread(L, -1);
  lua_settop(L, 1);
  return lua_newthread(L);
}

// Nothing of a run survives in its coroutine. One that ended in an error is not used again, as its hook may be off, nor
// one whose hook was set for a collection that did not come.
static MD_RAISES void put_away(lua_State *L, lua_State *co, int status) {
  md_vm *vm = md_vm_of(L);
  if (!vm->refs.coroutine) return;
  if (status > LUA_YIELD || vm->meter.exceeded || vm->memory.asked || md_guard_hooked(vm) ||
      lua_resetthread(co) != LUA_OK)
    lua_pushboolean(L, 0);
  else
    lua_pushvalue(L, 2);
  lua_rawseti(L, LUA_REGISTRYINDEX, vm->refs.coroutine);
}

// Runs in protected mode on the main state: stack is [entry, coroutine].
static int enter(lua_State *L) {
  entry *e = lua_touserdata(L, 1);
  md_vm *vm = md_vm_of(L);
  lua_State *co = push_coroutine(L);
  vm->running = co;
  md_guard_begin(vm);
  lua_pushcfunction(co, e->body);
  lua_pushlightuserdata(co, e->context);
  int results;
  e->status = lua_resume(co, L, 1, &results);
  vm->meter.nomem = vm->meter.nomem || e->status == LUA_ERRMEM;
  if (e->status > LUA_YIELD && !vm->meter.exceeded && !vm->meter.nomem) describe_raised(L, co, e->err);
  if (vm->meter.exceeded || vm->meter.nomem) describe_limit(vm, co, e->err); // or while describing
  put_away(L, co, e->status);
  return 0;
}

static md_script_result result_of(const md_vm *vm, int status) {
  if (vm->meter.exceeded) return MD_SCRIPT_BUDGET;
  if (vm->meter.nomem) return vm->memory.refused ? MD_SCRIPT_MEMORY : MD_SCRIPT_NOMEM;
  if (status == LUA_YIELD) return MD_SCRIPT_SUSPENDED;
  return status == LUA_OK ? MD_SCRIPT_OK : MD_SCRIPT_ERROR;
}

md_script_result md_script_run(md_vm *vm, lua_CFunction body, void *context, md_error *err) {
  entry e = {.body = body, .context = context, .status = LUA_ERRMEM, .err = err};
  vm->memory.refused = false;
  lua_pushcfunction(vm->L, enter);
  lua_pushlightuserdata(vm->L, &e);
  if (lua_pcall(vm->L, 1, 0, 0) != LUA_OK) {
    vm->meter.nomem = true; // entering or describing could not get memory: nothing else in enter raises
    md_error_set(err, vm->memory.refused ? MD_EBUDGET : MD_ENOMEM, "out of memory: a script has %zu KiB",
                 vm->memory.limit >> 10);
  }
  lua_settop(vm->L, 0);
  vm->running = NULL;
  return result_of(vm, e.status);
}

int md_script_code(md_script_result result) {
  switch (result) {
  case MD_SCRIPT_OK:
  case MD_SCRIPT_SUSPENDED:
    return MD_OK;
  case MD_SCRIPT_ERROR:
    return MD_ESCRIPT;
  case MD_SCRIPT_BUDGET:
  case MD_SCRIPT_MEMORY:
    return MD_EBUDGET;
  case MD_SCRIPT_NOMEM:
    return MD_ENOMEM;
  }
  return MD_ESCRIPT;
}
