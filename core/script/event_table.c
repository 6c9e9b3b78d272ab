// SPDX-License-Identifier: Apache-2.0
// Events as tables, the trigger's data only when it is looked at. The engine's thread.
#include "script/event_table.h"
#include "script/value.h"
#include <string.h>

static MD_RAISES void set_text(lua_State *L, const char *name, const char *text) {
  if (!text) return;
  lua_pushstring(L, text);
  lua_setfield(L, -2, name);
}

static MD_RAISES void push_without_data(lua_State *L, const md_event_view *event) {
  luaL_checkstack(L, 6, "data too deep");
  lua_createtable(L, 0, 6);
  set_text(L, "id", event->id);
  set_text(L, "type", event->type);
  set_text(L, "source", event->source);
  set_text(L, "subject", event->subject);
  if (event->time % MD_SECOND == 0)
    lua_pushinteger(L, event->time / MD_SECOND);
  else
    lua_pushnumber(L, (double)event->time / 1e6);
  lua_setfield(L, -2, "time");
}

// In the table at `index`.
static MD_RAISES void set_data(lua_State *L, int index, const json_t *data) {
  lua_pushliteral(L, "data");
  if (data)
    md_value_push(L, data);
  else
    lua_createtable(L, 0, 0);
  lua_rawset(L, index);
}

void md_event_table_push(lua_State *L, const md_event_view *event) {
  push_without_data(L, event);
  set_data(L, lua_gettop(L), event->data);
}

void md_event_table_push_trigger(lua_State *L, const md_event_view *event) {
  md_vm *vm = md_vm_of(L);
  push_without_data(L, event);
  lua_rawgeti(L, LUA_REGISTRYINDEX, vm->refs.trigger_meta);
  lua_setmetatable(L, -2);
  vm->trigger = event;
}

void md_event_table_end(md_vm *vm) {
  vm->trigger = NULL;
}

void md_event_table_settle(lua_State *L, int index) {
  md_vm *vm = md_vm_of(L);
  int table = lua_absindex(L, index);
  if (!vm->trigger || lua_type(L, table) != LUA_TTABLE || !lua_getmetatable(L, table)) return;
  luaL_checkstack(L, 3, "data too deep");
  lua_rawgeti(L, LUA_REGISTRYINDEX, vm->refs.trigger_meta);
  bool unread = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  if (!unread) return;
  set_data(L, table, vm->trigger->data);
  lua_pushnil(L);
  lua_setmetatable(L, table);
}

// Of a trigger that has no such field: its data may be meant.
static MD_RAISES int read_missing(lua_State *L) {
  lua_settop(L, 2);
  if (lua_type(L, 2) != LUA_TSTRING || strcmp(lua_tostring(L, 2), "data") != 0) return 0;
  md_event_table_settle(L, 1);
  lua_rawget(L, 1);
  return 1;
}

static MD_RAISES int write_missing(lua_State *L) {
  lua_settop(L, 3);
  if (lua_isnil(L, 2) || !lua_rawequal(L, 2, 2)) md_raise(L, "index is %s", lua_isnil(L, 2) ? "nil" : "NaN");
  md_event_table_settle(L, 1);
  lua_rawset(L, 1);
  return 0;
}

void md_event_table_open(lua_State *L) {
  lua_createtable(L, 0, 2);
  lua_pushcfunction(L, read_missing);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, write_missing);
  lua_setfield(L, -2, "__newindex");
}

int md_event_table_rawget(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checkany(L, 2);
  md_event_table_settle(L, 1);
  lua_settop(L, 2);
  lua_rawget(L, 1);
  return 1;
}

int md_event_table_getmetatable(lua_State *L) {
  luaL_checkany(L, 1);
  md_event_table_settle(L, 1);
  if (!lua_getmetatable(L, 1)) {
    lua_pushnil(L);
    return 1;
  }
  luaL_getmetafield(L, 1, "__metatable"); // pushes nothing when there is none
  return 1;
}
