// SPDX-License-Identifier: Apache-2.0
// m:wait_for, m:sleep, m:emit. Page: bind_event.md. The engine's thread.
#include "script/bind.h"
#include "script/options.h"
#include "script/step.h"
#include "script/value.h"
#include <stdlib.h>
#include <string.h>

enum { TYPES_MAX = 64 }; // as many as md_options_each_text lets through

// The types of one wait, as a set.
typedef struct types {
  const char *names[TYPES_MAX]; // anchored by the script's arguments
  int count;
} types;

static MD_RAISES void add_type(lua_State *L, void *context, const char *type) {
  types *set = context;
  md_options_event_type(L, "m:wait_for", type, true);
  for (int i = 0; i < set->count; i++)
    if (strcmp(set->names[i], type) == 0) return;
  set->names[set->count++] = type;
}

static int by_bytes(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static MD_RAISES const char *joined(lua_State *L, const types *set) {
  luaL_Buffer text;
  luaL_buffinit(L, &text);
  for (int i = 0; i < set->count; i++) {
    if (i) luaL_addchar(&text, ',');
    luaL_addstring(&text, set->names[i]);
  }
  luaL_pushresult(&text);
  return lua_tostring(L, -1);
}

static MD_RAISES json_t *list_of(lua_State *L, const types *set) {
  json_t *list = md_value_made(L, json_array());
  for (int i = 0; i < set->count; i++)
    if (json_array_append_new(list, json_string(set->names[i]))) md_raise_nomem(L);
  return list;
}

// within or before, or neither.
static MD_RAISES void read_deadline(lua_State *L, json_t *args) {
  static const char *const known[] = {"before", "within", NULL};
  md_micros within;
  double before;
  if (lua_type(L, 3) != LUA_TTABLE) md_raise(L, "m:wait_for takes its options as a table: { within = \"1h\" }");
  md_options_check(L, 3, "m:wait_for", known);
  bool has_within = md_options_find_duration(L, 3, "m:wait_for", "within", &within);
  bool has_before = md_options_find_time(L, 3, "m:wait_for", "before", &before);
  if (has_within && has_before) md_raise(L, "m:wait_for takes within or before, not both");
  if (has_within) md_value_put(L, args, "within", md_value_seconds(L, within));
  if (has_before) md_value_put(L, args, "before", md_value_seconds(L, (md_micros)(before * 1e6 + 0.5)));
}

static MD_RAISES int l_event_wait_for(lua_State *L) {
  types set = {.count = 0};
  md_step_allowed(L, "wait_for");
  lua_settop(L, 3);
  md_options_each_text(L, 2, "m:wait_for: the type", add_type, &set);
  qsort(set.names, (size_t)set.count, sizeof *set.names, by_bytes);
  json_t *args = md_value_made(L, json_object());
  md_value_put(L, args, "types", list_of(L, &set));
  if (!lua_isnil(L, 3)) read_deadline(L, args);
  const char *name = set.count == 1 ? set.names[0] : joined(L, &set);
  return md_step_take(L, MD_STEP_WAIT_FOR, name, args);
}

static MD_RAISES int l_event_sleep(lua_State *L) {
  md_step_allowed(L, "sleep");
  json_t *args = md_value_made(L, json_object());
  md_value_put(L, args, "for", md_value_seconds(L, md_options_duration(L, 2, "m:sleep")));
  return md_step_take(L, MD_STEP_SLEEP, "", args);
}

// The host speaks of its own doings under these.
static MD_RAISES void refuse_reserved(lua_State *L, const char *type) {
  static const char *const reserved[] = {"message.", "run.", "version.", "channel.", NULL};
  for (int i = 0; reserved[i]; i++)
    if (strncmp(type, reserved[i], strlen(reserved[i])) == 0)
      md_raise(L, "m:emit: types that begin with '%s' are the host's: choose another", reserved[i]);
}

static MD_RAISES int l_event_emit(lua_State *L) {
  static const char *const known[] = {"data", "type", NULL};
  md_step_allowed(L, "emit");
  if (lua_type(L, 2) != LUA_TTABLE) md_raise(L, "m:emit takes a table: m:emit { type = \"cart.rescued\", data = { } }");
  md_options_check(L, 2, "m:emit", known);
  const char *type = md_options_find_text(L, 2, "m:emit", "type", 256);
  if (!type) md_raise(L, "m:emit needs a type");
  md_options_event_type(L, "m:emit", type, false);
  refuse_reserved(L, type);
  json_t *args = md_value_made(L, json_object());
  md_value_put(L, args, "type", json_string(type));
  if (md_options_get(L, 2, "data") != LUA_TNIL) {
    json_t *data = md_value_read(L, -1, "m:emit: data", MD_VALUE_BYTES);
    if (!json_is_object(data)) md_raise(L, "m:emit: data must be a table with names");
    md_value_put(L, args, "data", data);
  }
  return md_step_take(L, MD_STEP_EMIT, type, args);
}

const luaL_Reg md_bind_event[] = {
    {"emit", l_event_emit}, {"sleep", l_event_sleep}, {"wait_for", l_event_wait_for}, {NULL, NULL}};
