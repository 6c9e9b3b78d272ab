// SPDX-License-Identifier: Apache-2.0
// The sandbox's pcall and xpcall: they catch neither the budget's end nor memory's (S3, S4). The engine's thread.
#include "script/limits.h"

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
