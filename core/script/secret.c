// SPDX-License-Identifier: Apache-2.0
// The object that stands for a secret. Whatever a script does with it but handing it on raises. The engine's thread.
#include "script/secret.h"
#include "base/secret.h"
#include <string.h>

#define METATABLE "md.secret"

// upvalue 1: what was tried
static MD_RAISES int refuse(lua_State *L) {
  md_raise(L, "a secret cannot be %s: give it to m:send, in data, and to nothing else",
           lua_tostring(L, lua_upvalueindex(1)));
}

static MD_RAISES void push_metatable(lua_State *L) {
  static const char *const tried[][2] = {
      {"__index", "read"},           {"__newindex", "changed"},    {"__call", "called"},
      {"__concat", "joined"},        {"__len", "measured"},        {"__eq", "compared"},
      {"__lt", "compared"},          {"__le", "compared"},         {"__pairs", "read"},
      {"__tostring", "made a text"}, {"__add", "calculated with"}, {"__sub", "calculated with"},
      {"__mul", "calculated with"},  {"__div", "calculated with"}, {"__mod", "calculated with"},
      {"__pow", "calculated with"},  {"__unm", "calculated with"}, {"__idiv", "calculated with"},
      {"__band", "calculated with"}, {"__bor", "calculated with"}, {"__bxor", "calculated with"},
      {"__bnot", "calculated with"}, {"__shl", "calculated with"}, {"__shr", "calculated with"},
  };
  if (!luaL_newmetatable(L, METATABLE)) return;
  for (size_t i = 0; i < sizeof tried / sizeof tried[0]; i++) {
    lua_pushstring(L, tried[i][1]);
    lua_pushcclosure(L, refuse, 1);
    lua_setfield(L, -2, tried[i][0]);
  }
  lua_pushliteral(L, "secret"); // as messages about wrong arguments name it
  lua_setfield(L, -2, "__name");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
}

void md_secret_push(lua_State *L, const json_t *mark) {
  size_t len = json_string_length(mark);
  luaL_checkstack(L, 4, "too deep");
  memcpy(lua_newuserdatauv(L, len, 0), json_string_value(mark), len);
  push_metatable(L);
  lua_setmetatable(L, -2);
}

bool md_secret_at(lua_State *L, int index) {
  return luaL_testudata(L, index, METATABLE) != NULL;
}

json_t *md_secret_mark_at(lua_State *L, int index) {
  return json_stringn_nocheck(lua_touserdata(L, index), lua_rawlen(L, index));
}
