// SPDX-License-Identifier: Apache-2.0
// How a stock function is charged, and the base functions that need it. The engine's thread.
#include "script/lib.h"
#include "script/limits.h"

enum { SCANNED = 8, COPIED = 64, VALUES = 4 }; // bytes, and values moved, an instruction

// upvalues: the stock function, its md_lib_cost. The stock function runs in this very call, so that its errors have the
// right position and name.
static MD_RAISES int charged(lua_State *L) {
  const md_lib_cost *cost = lua_touserdata(L, lua_upvalueindex(2));
  md_limits_charge(L, cost->cost(L));
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

void md_lib_charge(lua_State *L, const md_lib_cost *costs) {
  for (; costs->name; costs++) {
    lua_getfield(L, -1, costs->name);
    lua_pushlightuserdata(L, (void *)costs);
    lua_pushcclosure(L, charged, 2);
    lua_setfield(L, -2, costs->name);
  }
}

size_t md_lib_length(lua_State *L, int index) {
  return lua_type(L, index) == LUA_TSTRING ? lua_rawlen(L, index) : 0;
}

static int64_t cost_select(lua_State *L) {
  return lua_gettop(L) / VALUES;
}

static int64_t cost_tonumber(lua_State *L) {
  return (int64_t)md_lib_length(L, 1) / SCANNED;
}

static int64_t cost_rawequal(lua_State *L) {
  size_t a = md_lib_length(L, 1);
  return a == md_lib_length(L, 2) ? (int64_t)a / COPIED : 0;
}

void md_lib_base(lua_State *L) {
  static const md_lib_cost costs[] = {
      {"rawequal", cost_rawequal}, {"select", cost_select}, {"tonumber", cost_tonumber}, {NULL, NULL}};
  md_lib_charge(L, costs);
}
