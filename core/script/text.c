// SPDX-License-Identifier: Apache-2.0
// string.format without addresses, and setmetatable without finalizers and weak tables (S1, S2). The engine's thread.
#include "script/event_table.h"
#include "script/guard.h"
#include "script/limits.h"
#include "script/sandbox.h"
#include <string.h>

// Past the flags, width and precision of a conversion.
static const char *conversion(const char *at, const char *end) {
  while (at < end && strchr("-+ #0123456789.", *at))
    at++;
  return at;
}

// What %s would write with an address is written without.
static MD_RAISES void replace_argument(lua_State *L, int argument) {
  int type = lua_type(L, argument);
  if (type == LUA_TNONE || type == LUA_TSTRING || type == LUA_TNUMBER) return;
  md_sandbox_text(L, argument, NULL);
  lua_replace(L, argument);
}

enum { PER_CONVERSION = 50, SCANNED = 8 }; // instructions, bytes an instruction

// What the stock function will do, once all arguments are texts or numbers (S3).
static MD_RAISES void charge_format(lua_State *L, size_t len, int conversions) {
  int64_t cost = (int64_t)len / SCANNED + (int64_t)conversions * PER_CONVERSION;
  for (int i = 2; i <= lua_gettop(L); i++)
    if (lua_type(L, i) == LUA_TSTRING) cost += (int64_t)lua_rawlen(L, i) / SCANNED;
  md_limits_charge(L, cost);
}

// upvalue 1: the stock function, which then runs in this very call so that its errors have the right position
int md_string_format(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len), *end = text + len;
  int argument = 1;
  for (const char *at = text; at < end; at++) {
    if (*at != '%') continue;
    if (at + 1 < end && at[1] == '%') {
      at++;
      continue;
    }
    argument++;
    at = conversion(at + 1, end);
    if (at < end && *at == 'p') md_raise(L, "%%p is not available in scripts: an address differs from run to run");
    if (at < end && *at == 's') replace_argument(L, argument);
  }
  charge_format(L, len, argument - 1);
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

static MD_RAISES void refuse_field(lua_State *L, const char *name, const char *why) {
  lua_pushstring(L, name);
  if (lua_rawget(L, 2) != LUA_TNIL) md_raise(L, "setmetatable: %s is not available in scripts: %s", name, why);
  lua_pop(L, 1);
}

// Remembered, so that __mode can be taken out before a collection.
static MD_RAISES void remember_metatable(lua_State *L) {
  md_vm *vm = md_vm_of(L);
  vm->metatables_used = true;
  md_guard_clock(vm);
  if (lua_rawgeti(L, LUA_REGISTRYINDEX, vm->refs.metatables) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_createtable(L, 0, 4);
    lua_pushvalue(L, -1);
    lua_rawseti(L, LUA_REGISTRYINDEX, vm->refs.metatables);
  }
  lua_pushvalue(L, 2);
  lua_pushboolean(L, 1);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

int md_setmetatable(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_argexpected(L, lua_isnil(L, 2) || lua_istable(L, 2), 2, "nil or table");
  md_event_table_settle(L, 1);
  if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL) md_raise(L, "cannot change a protected metatable");
  lua_settop(L, 2);
  if (lua_istable(L, 2)) {
    refuse_field(L, "__gc", "when memory is collected must change nothing");
    refuse_field(L, "__mode", "when memory is collected must change nothing");
    refuse_field(L, "__close", "write what is to happen at the end where it happens");
    remember_metatable(L);
  }
  lua_settop(L, 2);
  lua_setmetatable(L, 1);
  return 1;
}
