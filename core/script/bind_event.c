// SPDX-License-Identifier: Apache-2.0
// m:emit, m:latest, m:past: events that are sent or looked at, without waiting; m:continue_as. Page: bind_event.md. The
// engine's thread.
#include "script/bind.h"
#include "script/options.h"
#include "script/step.h"
#include "script/step_options.h"
#include "script/types.h"
#include "script/value.h"
#include <string.h>

// The host speaks of its own doings under these.
static MD_RAISES void refuse_reserved(lua_State *L, const char *type) {
  static const char *const reserved[] = {"message.", "run.", "version.", "channel.", NULL};
  for (int i = 0; reserved[i]; i++)
    if (strncmp(type, reserved[i], strlen(reserved[i])) == 0)
      md_raise(L, "m:emit: types that begin with '%s' are the host's: choose another", reserved[i]);
}

static MD_RAISES int l_event_emit(lua_State *L) {
  md_step_allowed(L, "emit");
  if (lua_type(L, 2) != LUA_TTABLE) md_raise(L, "m:emit takes a table: m:emit { type = \"cart.rescued\", data = { } }");
  md_options_check(L, 2, "m:emit", md_options_emit);
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

static MD_RAISES int l_event_past(lua_State *L) {
  md_types types;
  md_micros within;
  md_step_allowed(L, "past");
  lua_settop(L, 3);
  md_types_read(L, 2, "m:past", &types);
  json_t *args = md_value_made(L, json_object());
  md_value_put(L, args, "types", md_types_list(L, &types));
  if (!lua_isnil(L, 3)) {
    if (lua_type(L, 3) != LUA_TTABLE) md_raise(L, "m:past takes its options as a table: { within = \"2d\" }");
    md_options_check(L, 3, "m:past", md_options_past);
    if (md_options_find_duration(L, 3, "m:past", "within", &within))
      md_value_put(L, args, "within", md_value_seconds(L, within));
    md_wait_read_by(L, 3, "m:past", args);
  }
  return md_step_take(L, MD_STEP_PAST, md_types_name(L, &types), args);
}

static MD_RAISES int l_event_latest(lua_State *L) {
  md_step_allowed(L, "latest");
  return md_step_take(L, MD_STEP_LATEST, "", md_value_made(L, json_object()));
}

static MD_RAISES int l_event_continue_as(lua_State *L) {
  md_step_allowed(L, "continue_as");
  lua_settop(L, 2);
  json_t *args = md_value_made(L, json_object());
  md_value_put(L, args, "state", md_value_read(L, 2, "m:continue_as: the state", MD_VALUE_BYTES));
  return md_step_take(L, MD_STEP_CONTINUE_AS, "", args);
}

const luaL_Reg md_bind_event[] = {{"continue_as", l_event_continue_as},
                                  {"emit", l_event_emit},
                                  {"latest", l_event_latest},
                                  {"past", l_event_past},
                                  {NULL, NULL}};
