// SPDX-License-Identifier: Apache-2.0
// The functions of `table` with their costs (S3). insert, remove and concat ask for the length once, since a __len may
// answer otherwise the second time. The engine's thread.
#include "script/lib.h"
#include "script/limits.h"
#include "script/sandbox.h"

enum { VALUES = 4 }; // values moved an instruction

// The values from `first` to `last`, saturated: what moving them costs.
static int64_t span(lua_Integer first, lua_Integer last) {
  int64_t count;
  if (last < first) return 0;
  return __builtin_sub_overflow(last, first, &count) ? INT64_MAX : count;
}

static MD_RAISES int l_insert(lua_State *L) {
  int count = lua_gettop(L);
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_Integer end = (lua_Integer)((lua_Unsigned)luaL_len(L, 1) + 1), at = end;
  if (count != 2 && count != 3) md_raise(L, "wrong number of arguments to 'insert'");
  if (count == 3) {
    at = luaL_checkinteger(L, 2);
    luaL_argcheck(L, (lua_Unsigned)at - 1U < (lua_Unsigned)end, 2, "position out of bounds");
    md_limits_charge(L, span(at, end) / VALUES);
    for (lua_Integer i = end; i > at; i--) {
      lua_geti(L, 1, i - 1);
      lua_seti(L, 1, i);
    }
  }
  lua_seti(L, 1, at);
  return 0;
}

static MD_RAISES int l_remove(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_Integer size = luaL_len(L, 1), at = luaL_optinteger(L, 2, size);
  if (at != size) luaL_argcheck(L, (lua_Unsigned)at - 1U <= (lua_Unsigned)size, 2, "position out of bounds");
  md_limits_charge(L, span(at, size) / VALUES);
  lua_geti(L, 1, at);
  for (; at < size; at++) {
    lua_geti(L, 1, at + 1);
    lua_seti(L, 1, at);
  }
  lua_pushnil(L);
  lua_seti(L, 1, at);
  return 1;
}

// upvalue 1: the stock function, which is given all of its four arguments
static MD_RAISES int l_concat(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 4);
  lua_Integer first = luaL_optinteger(L, 3, 1);
  lua_Integer last = lua_isnil(L, 4) ? luaL_len(L, 1) : luaL_checkinteger(L, 4);
  int64_t count = span(first, last);
  md_limits_charge(L, count > INT32_MAX ? count : count * (1 + (int64_t)md_lib_length(L, 2) / 64));
  lua_pushinteger(L, first);
  lua_replace(L, 3);
  lua_pushinteger(L, last);
  lua_replace(L, 4);
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

// upvalue 1: the stock function, which is given all of its three arguments
static MD_RAISES int l_unpack(lua_State *L) {
  lua_settop(L, 3);
  lua_Integer first = luaL_optinteger(L, 2, 1);
  lua_Integer last = lua_isnil(L, 3) ? luaL_len(L, 1) : luaL_checkinteger(L, 3);
  md_limits_charge(L, span(first, last) / VALUES);
  lua_pushinteger(L, first);
  lua_replace(L, 2);
  lua_pushinteger(L, last);
  lua_replace(L, 3);
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

static int64_t cost_move(lua_State *L) {
  return span(lua_tointeger(L, 2), lua_tointeger(L, 3)) / VALUES;
}

static int64_t cost_pack(lua_State *L) {
  return lua_gettop(L) / VALUES;
}

static MD_RAISES void wrap(lua_State *L, const char *name, lua_CFunction f) {
  lua_getfield(L, -1, name);
  lua_pushcclosure(L, f, 1);
  lua_setfield(L, -2, name);
}

void md_lib_table(lua_State *L) {
  static const md_lib_cost costs[] = {{"move", cost_move}, {"pack", cost_pack}, {NULL, NULL}};
  static const luaL_Reg own[] = {{"insert", l_insert}, {"remove", l_remove}, {"sort", md_sort}, {NULL, NULL}};
  md_lib_charge(L, costs);
  wrap(L, "concat", l_concat);
  wrap(L, "unpack", l_unpack);
  luaL_setfuncs(L, own, 0);
}
