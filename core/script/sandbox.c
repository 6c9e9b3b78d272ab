// SPDX-License-Identifier: Apache-2.0
// Builds the environment that all turns of a state share, read-only (S1, S2). The engine's thread.
#include "script/sandbox.h"
#include "base/suggest.h"
#include "script/bind.h"
#include "script/event_table.h"
#include "script/lib.h"
#include "script/limits.h"
#include "script/modules.h"
#include <string.h>

enum { SUGGESTIONS_MAX = 64 };

MD_RAISES const char *md_sandbox_text(lua_State *L, int index, size_t *len) {
  int type = lua_type(L, index);
  if (type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TBOOLEAN || type == LUA_TNIL)
    return luaL_tolstring(L, index, len);
  if (luaL_callmeta(L, index, "__tostring")) {
    if (!lua_isstring(L, -1)) md_raise(L, "__tostring must return a string");
    return lua_tolstring(L, -1, len);
  }
  lua_pushstring(L, lua_typename(L, type));
  return lua_tolstring(L, -1, len);
}

int md_sandbox_tostring(lua_State *L) {
  luaL_checkany(L, 1);
  md_sandbox_text(L, 1, NULL);
  return 1;
}

static MD_RAISES int null_text(lua_State *L) {
  lua_pushliteral(L, "null");
  return 1;
}

// upvalue 1: the name
static MD_RAISES int refuse_write(lua_State *L) {
  const char *name = lua_tostring(L, lua_upvalueindex(1));
  md_raise(L, "%s is read-only: keep what you need in a local variable", name);
}

// Reading what is not in a library. upvalue 1: its name
static MD_RAISES int advise(lua_State *L) {
  if (lua_type(L, 2) == LUA_TSTRING) md_forbidden_check(L, lua_tostring(L, lua_upvalueindex(1)), lua_tostring(L, 2));
  return 0;
}

static const char *nearest_key(lua_State *L, int table, const char *wrong) {
  const char *known[SUGGESTIONS_MAX + 1];
  int count = 0;
  for (lua_pushnil(L); count < SUGGESTIONS_MAX && lua_next(L, table); lua_pop(L, 1))
    if (lua_type(L, -2) == LUA_TSTRING) known[count++] = lua_tostring(L, -2);
  known[count] = NULL;
  return md_suggest(wrong, known);
}

// Reading what is not in an object of the host's. upvalue 1: its name
static MD_RAISES int refuse_read(lua_State *L) {
  const char *name = lua_tostring(L, lua_upvalueindex(1));
  if (lua_type(L, 2) != LUA_TSTRING) md_raise(L, "%s has only named members", name);
  const char *wrong = lua_tostring(L, 2), *near = nearest_key(L, 1, wrong);
  const char *mark = strcmp(name, "m") == 0 ? ":" : ".";
  if (near) md_raise(L, "there is no %s%s%s; did you mean %s%s%s?", name, mark, wrong, name, mark, near);
  md_raise(L, "there is no %s%s%s", name, mark, wrong);
}

// Sets function `f` with `name` as its upvalue in the table on top.
static MD_RAISES void set_named(lua_State *L, const char *field, lua_CFunction f, const char *name) {
  lua_pushstring(L, name);
  lua_pushcclosure(L, f, 1);
  lua_setfield(L, -2, field);
}

void md_sandbox_readonly(lua_State *L, const char *name, bool strict) {
  lua_createtable(L, 0, 1); // how the real table answers for what it has not
  set_named(L, "__index", strict ? refuse_read : advise, name);
  lua_setmetatable(L, -2);
  lua_createtable(L, 0, 0); // the view
  lua_createtable(L, 0, 3);
  lua_rotate(L, -3, -1); // view, meta, real
  lua_setfield(L, -2, "__index");
  set_named(L, "__newindex", refuse_write, name);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
}

// From the stock table `from` (by name in the globals at index 1) the named functions go into the table on top.
static MD_RAISES void keep(lua_State *L, const char *const *names) {
  for (; *names; names++) {
    lua_getfield(L, 1, *names);
    lua_setfield(L, -2, *names);
  }
}

static MD_RAISES void add_basics(lua_State *L) {
  static const char *const stock[] = {"assert", "error",    "ipairs", "rawequal", "rawlen",
                                      "select", "tonumber", "type",   NULL};
  static const luaL_Reg own[] = {{"getmetatable", md_event_table_getmetatable},
                                 {"next", md_iterate_next},
                                 {"pairs", md_iterate_pairs},
                                 {"pcall", md_limits_pcall},
                                 {"rawget", md_event_table_rawget},
                                 {"require", md_modules_require},
                                 {"setmetatable", md_setmetatable},
                                 {"tostring", md_sandbox_tostring},
                                 {"xpcall", md_limits_xpcall},
                                 {NULL, NULL}};
  keep(L, stock);
  md_lib_base(L);
  luaL_setfuncs(L, own, 0);
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
}

static MD_RAISES void remove_field(lua_State *L, const char *name) {
  lua_pushnil(L);
  lua_setfield(L, -2, name);
}

// The stock library of that name, changed in place by `change`, as a read-only view in the table on top.
static MD_RAISES void add_library(lua_State *L, const char *name, lua_CFunction open, void (*change)(lua_State *)) {
  lua_pushcfunction(L, open);
  lua_call(L, 0, 1);
  if (change) change(L);
  md_sandbox_readonly(L, name, false);
  lua_setfield(L, -2, name);
}

static MD_RAISES void change_math(lua_State *L) {
  remove_field(L, "random");
  remove_field(L, "randomseed");
}

// The metatable of strings was made by luaopen_string with this table as its __index: methods find it there.
static MD_RAISES void change_string(lua_State *L) {
  remove_field(L, "dump");
  md_lib_string(L);
  md_lib_patterns(L);
  lua_pushliteral(L, "");
  lua_getmetatable(L, -1);
  md_lib_string_arithmetic(L);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 2);
}

static MD_RAISES void add_forbidden(lua_State *L) {
  for (const char *const *name = md_forbidden_libraries; *name; name++) {
    lua_createtable(L, 0, 0);
    md_sandbox_readonly(L, *name, false);
    lua_setfield(L, -2, *name);
  }
}

static MD_RAISES void make_base(lua_State *L) {
  lua_createtable(L, 0, 40);
  add_basics(L);
  add_library(L, "math", luaopen_math, change_math);
  add_library(L, "string", luaopen_string, change_string);
  add_library(L, "table", luaopen_table, md_lib_table);
  add_library(L, "utf8", luaopen_utf8, md_lib_utf8);
  add_forbidden(L);
  lua_createtable(L, 0, 1);
  set_named(L, "__index", advise, "");
  lua_setmetatable(L, -2);
}

// A turn's environment is an empty table with this metatable.
static MD_RAISES void make_env_meta(lua_State *L) {
  lua_createtable(L, 0, 2);
  lua_pushvalue(L, -2); // the base
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
}

// All light userdata share it; `null` is the only one.
static MD_RAISES void make_null(lua_State *L) {
  lua_pushlightuserdata(L, NULL);
  lua_createtable(L, 0, 3);
  lua_pushcfunction(L, null_text);
  lua_setfield(L, -2, "__tostring");
  lua_pushliteral(L, "null");
  lua_setfield(L, -2, "__name");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
}

static MD_RAISES int keep_ref(lua_State *L) {
  return luaL_ref(L, LUA_REGISTRYINDEX);
}

static MD_RAISES int reserve_ref(lua_State *L) {
  lua_pushboolean(L, 0);
  return keep_ref(L);
}

int md_sandbox_open(lua_State *L) {
  md_vm *vm = md_vm_of(L);
  lua_pushcfunction(L, luaopen_base);
  lua_call(L, 0, 1);
  lua_replace(L, 1); // the globals, emptied by being replaced below
  make_base(L);
  make_env_meta(L);
  vm->refs.env_meta = keep_ref(L);
  vm->refs.base = keep_ref(L);
  make_null(L);
  lua_createtable(L, 0, 1);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  vm->refs.array_meta = keep_ref(L);
  md_event_table_open(L);
  vm->refs.trigger_meta = keep_ref(L);
  vm->refs.env = reserve_ref(L);
  vm->refs.upgrade = reserve_ref(L);
  vm->refs.loaded = reserve_ref(L);
  vm->refs.metatables = reserve_ref(L);
  vm->refs.next = reserve_ref(L);
  vm->refs.coroutine = reserve_ref(L);
  md_bind_open(L);
  lua_createtable(L, 0, 0);
  lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  return 0;
}
