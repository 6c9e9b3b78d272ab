// SPDX-License-Identifier: Apache-2.0
// m:send. Page: bind_message.md. The engine's thread.
#include "script/bind.h"
#include "script/options.h"
#include "script/step.h"
#include "script/value.h"

enum { NAME_MAX_BYTES = 64 };

static MD_RAISES const char *take_text(lua_State *L, json_t *args, const char *name) {
  const char *text = md_options_find_text(L, 2, "m:send", name, NAME_MAX_BYTES);
  if (text) md_value_put(L, args, name, json_string(text));
  return text;
}

static MD_RAISES const char *take_template(lua_State *L, json_t *args, const char *name) {
  const char *text = take_text(L, args, name);
  if (text) md_options_template(L, "m:send", text);
  return text;
}

// Data left out is the empty table (M1).
static MD_RAISES void take_data(lua_State *L, json_t *args) {
  json_t *data = NULL;
  int type = md_options_get(L, 2, "data");
  if (type != LUA_TNIL) {
    data = md_value_read(L, -1, "m:send: data", MD_VALUE_BYTES);
    if (json_is_array(data) && json_array_size(data) == 0)
      data = NULL;
    else if (!json_is_object(data))
      md_raise(L, "m:send: data must be a table with names, not %s",
               type == LUA_TTABLE ? "a list" : lua_typename(L, type));
  }
  lua_pop(L, 1);
  md_value_put(L, args, "data", data ? data : json_object());
}

static MD_RAISES void take_times(lua_State *L, json_t *args) {
  double at;
  if (md_options_find_boolean(L, 2, "m:send", "urgent", false)) md_value_put(L, args, "urgent", json_true());
  if (md_options_find_time(L, 2, "m:send", "send_at", &at))
    md_value_put(L, args, "send_at", md_value_seconds(L, (md_micros)(at * 1e6 + 0.5)));
}

static MD_RAISES int l_message_send(lua_State *L) {
  static const char *const known[] = {"channel", "data",   "fallback_template", "locale", "send_at", "template",
                                      "to",      "urgent", "variant",           NULL};
  static const char *const channels[] = {"email", NULL};
  md_step_allowed(L, "send");
  if (lua_type(L, 2) != LUA_TTABLE) md_raise(L, "m:send takes a table: m:send { template = \"confirmation\" }");
  md_options_check(L, 2, "m:send", known);
  json_t *args = md_value_made(L, json_object());
  const char *name = take_template(L, args, "template");
  if (!name) md_raise(L, "m:send needs a template");
  int channel = md_options_find_choice(L, 2, "m:send", "channel", channels);
  if (channel >= 0) md_value_put(L, args, "channel", json_string(channels[channel]));
  take_template(L, args, "fallback_template");
  take_text(L, args, "locale");
  take_text(L, args, "to");
  take_text(L, args, "variant");
  take_data(L, args);
  take_times(L, args);
  return md_step_take(L, MD_STEP_SEND, name, args);
}

const luaL_Reg md_bind_message[] = {{"send", l_message_send}, {NULL, NULL}};
