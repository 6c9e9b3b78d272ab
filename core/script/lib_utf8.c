// SPDX-License-Identifier: Apache-2.0
// The functions of `utf8` with their costs (S3). The engine's thread.
#include "script/lib.h"
#include "script/limits.h"

enum { SCANNED = 8, VALUES = 4 }; // bytes and values an instruction

static int64_t cost_char(lua_State *L) {
  return lua_gettop(L) / VALUES;
}

static int64_t cost_codepoint(lua_State *L) {
  return lua_isnoneornil(L, 3) ? 0 : (int64_t)md_lib_length(L, 1) / VALUES;
}

static int64_t cost_scan(lua_State *L) {
  return (int64_t)md_lib_length(L, 1) / SCANNED;
}

// The bytes from index 2 on that continue a character: the stock iterator goes past all of them.
static int64_t cost_step(lua_State *L) {
  size_t len = md_lib_length(L, 1);
  const char *text = len ? lua_tostring(L, 1) : "";
  lua_Integer from = lua_tointeger(L, 2);
  int64_t run = 0;
  for (size_t i = from < 0 ? 0 : (size_t)from; i < len && (text[i] & 0xC0) == 0x80 && run < SCANNED; i++)
    run++;
  return run < SCANNED ? 0 : (int64_t)len / SCANNED;
}

// upvalue 1: the stock iterator
static MD_RAISES int step(lua_State *L) {
  md_limits_charge(L, cost_step(L));
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

// upvalue 1: the stock function
static MD_RAISES int l_codes(lua_State *L) {
  int count = lua_tocfunction(L, lua_upvalueindex(1))(L);
  lua_pushvalue(L, -count);
  lua_pushcclosure(L, step, 1);
  lua_replace(L, -count - 1);
  return count;
}

void md_lib_utf8(lua_State *L) {
  static const md_lib_cost costs[] = {
      {"char", cost_char}, {"codepoint", cost_codepoint}, {"len", cost_scan}, {"offset", cost_scan}, {NULL, NULL}};
  md_lib_charge(L, costs);
  lua_getfield(L, -1, "codes");
  lua_pushcclosure(L, l_codes, 1);
  lua_setfield(L, -2, "codes");
}
