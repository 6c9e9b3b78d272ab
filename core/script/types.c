// SPDX-License-Identifier: Apache-2.0
// Reads sets of event types. The engine's thread.
#include "script/types.h"
#include "script/options.h"
#include "script/value.h"
#include <stdlib.h>
#include <string.h>

static MD_RAISES void add_type(lua_State *L, void *context, const char *type) {
  md_types *set = context;
  md_options_event_type(L, set->what, type, true);
  for (int i = 0; i < set->count; i++)
    if (strcmp(set->names[i], type) == 0) return;
  set->names[set->count++] = type;
}

static int by_bytes(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void md_types_read(lua_State *L, int index, const char *what, md_types *out) {
  char label[64];
  out->what = what;
  out->count = 0;
  snprintf(label, sizeof label, "%s: the type", what);
  md_options_each_text(L, index, label, add_type, out);
  qsort(out->names, (size_t)out->count, sizeof *out->names, by_bytes);
}

const char *md_types_name(lua_State *L, const md_types *types) {
  if (types->count == 1) return types->names[0];
  luaL_Buffer text;
  luaL_buffinit(L, &text);
  for (int i = 0; i < types->count; i++) {
    if (i) luaL_addchar(&text, ',');
    luaL_addstring(&text, types->names[i]);
  }
  luaL_pushresult(&text);
  return lua_tostring(L, -1);
}

json_t *md_types_list(lua_State *L, const md_types *types) {
  json_t *list = md_value_made(L, json_array());
  for (int i = 0; i < types->count; i++)
    if (json_array_append_new(list, json_string(types->names[i]))) md_raise_nomem(L);
  return list;
}
