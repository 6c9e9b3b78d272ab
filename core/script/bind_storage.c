// SPDX-License-Identifier: Apache-2.0
// m:profile, m:update_profile, m:get, m:set, m:add, m:file. Page: bind_storage.md. The engine's thread.
#include "base/utf8.h"
#include "script/bind.h"
#include "script/options.h"
#include "script/step.h"
#include "script/step_options.h"
#include "script/value.h"
#include <string.h>

enum { KEY_MAX = 256 };

static MD_RAISES json_t *key_args(lua_State *L, const char *what, const char **key) {
  *key = md_options_text(L, 2, what, KEY_MAX);
  json_t *args = md_value_made(L, json_object());
  md_value_put(L, args, "key", json_string(*key));
  return args;
}

static MD_RAISES int l_storage_profile(lua_State *L) {
  md_step_allowed(L, "profile");
  return md_step_take(L, MD_STEP_PROFILE, "", md_value_made(L, json_object()));
}

static MD_RAISES int l_storage_update_profile(lua_State *L) {
  static const char *const texts[] = {"email", "locale", "name", "phone", "timezone", NULL};
  md_step_allowed(L, "update_profile");
  if (lua_type(L, 2) != LUA_TTABLE) md_raise(L, "m:update_profile takes a table: m:update_profile { locale = \"da\" }");
  json_t *traits = md_value_read(L, 2, "m:update_profile", MD_VALUE_BYTES);
  if (!json_is_object(traits) || json_object_size(traits) == 0)
    md_raise(L, "m:update_profile takes a table with names and at least one trait; null removes one");
  for (int i = 0; texts[i]; i++) {
    const json_t *value = json_object_get(traits, texts[i]);
    if (value && !json_is_string(value) && !json_is_null(value))
      md_raise(L, "m:update_profile: %s must be a text, or null to remove it", texts[i]);
  }
  if (json_object_get(traits, "consent"))
    md_raise(L, "m:update_profile: consent is given by consent.given, with its evidence");
  return md_step_take(L, MD_STEP_UPDATE_PROFILE, "", traits);
}

static MD_RAISES int l_storage_get(lua_State *L) {
  const char *key;
  md_step_allowed(L, "get");
  json_t *args = key_args(L, "m:get: the key", &key);
  return md_step_take(L, MD_STEP_GET, key, args);
}

static MD_RAISES int l_storage_set(lua_State *L) {
  const char *key;
  md_micros ttl;
  md_step_allowed(L, "set");
  lua_settop(L, 4);
  json_t *args = key_args(L, "m:set: the key", &key);
  md_value_put(L, args, "value", md_value_read(L, 3, "m:set: the value", MD_VALUE_BYTES));
  if (!lua_isnil(L, 4)) {
    if (lua_type(L, 4) != LUA_TTABLE) md_raise(L, "m:set takes its options as a table: { ttl = \"30d\" }");
    md_options_check(L, 4, "m:set", md_options_set);
    if (md_options_find_duration(L, 4, "m:set", "ttl", &ttl)) md_value_put(L, args, "ttl", md_value_seconds(L, ttl));
  }
  return md_step_take(L, MD_STEP_SET, key, args);
}

static MD_RAISES int l_storage_add(lua_State *L) {
  const char *key;
  md_step_allowed(L, "add");
  lua_settop(L, 3);
  json_t *args = key_args(L, "m:add: the key", &key);
  if (lua_isnil(L, 3)) {
    lua_pushinteger(L, 1);
    lua_replace(L, 3);
  }
  if (lua_type(L, 3) != LUA_TNUMBER) md_raise(L, "m:add: n must be a number, not %s", luaL_typename(L, 3));
  md_value_put(L, args, "n", md_value_read(L, 3, "m:add: n", MD_VALUE_BYTES));
  return md_step_take(L, MD_STEP_ADD, key, args);
}

static const char *type_of(const char *name) {
  static const char *const types[][2] = {{".csv", "text/csv; charset=utf-8"},
                                         {".gif", "image/gif"},
                                         {".ics", "text/calendar; charset=utf-8"},
                                         {".jpg", "image/jpeg"},
                                         {".json", "application/json"},
                                         {".pdf", "application/pdf"},
                                         {".png", "image/png"},
                                         {".txt", "text/plain; charset=utf-8"}};
  const char *dot = strrchr(name, '.');
  for (size_t i = 0; dot && i < sizeof types / sizeof types[0]; i++)
    if (strcmp(dot, types[i][0]) == 0) return types[i][1];
  return NULL;
}

// No step: the file is the version's own, so a replay sees the same.
static MD_RAISES int l_storage_file(lua_State *L) {
  const md_turn_host *host = md_step_host(L, "file");
  const char *name = md_options_text(L, 2, "m:file: the name", KEY_MAX);
  const char *type = type_of(name);
  const md_source_file *file = strchr(name, '/') ? NULL : host->file(host->context, name);
  if (!file) md_raise(L, "m:file: there is no file %s in the moment's folder", name);
  if (!type) md_raise(L, "m:file: %s is of no kind that can be sent: .csv .gif .ics .jpg .json .pdf .png .txt", name);
  lua_createtable(L, 0, 4);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "name");
  lua_pushstring(L, type);
  lua_setfield(L, -2, "type");
  lua_pushinteger(L, (lua_Integer)file->len);
  lua_setfield(L, -2, "size");
  bool text = strncmp(type, "text/", 5) == 0 || strcmp(type, "application/json") == 0;
  if (!text || file->len > MD_VALUE_BYTES || !md_utf8_valid(file->data, file->len)) return 1;
  lua_pushlstring(L, file->data, file->len);
  lua_setfield(L, -2, "text");
  return 1;
}

const luaL_Reg md_bind_storage[] = {{"add", l_storage_add},
                                    {"file", l_storage_file},
                                    {"get", l_storage_get},
                                    {"profile", l_storage_profile},
                                    {"set", l_storage_set},
                                    {"update_profile", l_storage_update_profile},
                                    {NULL, NULL}};
