// SPDX-License-Identifier: Apache-2.0
// m:send. Page: bind_message.md. The engine's thread.
#include "script/bind.h"
#include "script/options.h"
#include "script/step.h"
#include "script/step_options.h"
#include "script/value.h"

enum { NAME_MAX_BYTES = 64, EVENT_TYPE_BYTES = 200 };

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
    data = md_value_read_secrets(L, -1, "m:send: data", MD_VALUE_BYTES);
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

// unless = { past = TYPE, within = D }
static MD_RAISES void take_unless(lua_State *L, json_t *args) {
  static const char *const known[] = {"past", "within", NULL};
  const char *what = "m:send: unless";
  md_micros within = 0;
  int type = md_options_get(L, 2, "unless");
  if (type != LUA_TNIL) {
    if (type != LUA_TTABLE)
      md_raise(L, "%s must be a table: { past = \"order.placed\", within = \"2d\" }, not %s", what,
               lua_typename(L, type));
    int table = lua_gettop(L);
    md_options_check(L, table, what, known);
    const char *past = md_options_find_text(L, table, what, "past", EVENT_TYPE_BYTES);
    if (!past || !md_options_find_duration(L, table, what, "within", &within) || within == 0)
      md_raise(L, "%s needs past and within: { past = \"order.placed\", within = \"2d\" }", what);
    md_options_event_type(L, what, past, true);
    json_t *unless = json_object();
    md_value_put(L, args, "unless", unless);
    md_value_put(L, unless, "past", json_string(past));
    md_value_put(L, unless, "within", md_value_seconds(L, within));
  }
  lua_pop(L, 1);
}

static MD_RAISES void take_lateness(lua_State *L, json_t *args) {
  md_micros lateness;
  if (md_options_find_duration(L, 2, "m:send", "max_lateness", &lateness))
    md_value_put(L, args, "max_lateness", md_value_seconds(L, lateness));
}

// `m:send { "back" }`
static MD_RAISES void refuse_bare_name(lua_State *L) {
  if (lua_rawgeti(L, 2, 1) == LUA_TSTRING)
    md_raise(L, "m:send takes named options: write template = \"%s\"", lua_tostring(L, -1));
  lua_pop(L, 1);
}

static MD_RAISES int l_message_send(lua_State *L) {
  static const char *const channels[] = {"email", NULL};
  md_step_allowed(L, "send");
  if (lua_type(L, 2) != LUA_TTABLE) md_raise(L, "m:send takes a table: m:send { template = \"confirmation\" }");
  refuse_bare_name(L);
  md_options_check(L, 2, "m:send", md_options_send);
  json_t *args = md_value_made(L, json_object());
  const char *name = take_template(L, args, "template");
  if (!name) md_raise(L, "m:send needs a template: write template = \"…\"");
  int channel = md_options_find_choice(L, 2, "m:send", "channel", channels);
  if (channel >= 0) md_value_put(L, args, "channel", json_string(channels[channel]));
  take_template(L, args, "fallback_template");
  take_text(L, args, "locale");
  take_text(L, args, "products");
  take_text(L, args, "to");
  take_text(L, args, "variant");
  take_data(L, args);
  take_times(L, args);
  take_unless(L, args);
  take_lateness(L, args);
  return md_step_take(L, MD_STEP_SEND, name, args);
}

const luaL_Reg md_bind_message[] = {{"send", l_message_send}, {NULL, NULL}};
