// SPDX-License-Identifier: Apache-2.0
// Reads and checks option tables. The engine's thread.
#include "script/options.h"
#include "base/duration.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "script/event_table.h"
#include "script/secret.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { EVENT_TYPE_MAX = 200, TEMPLATE_MAX = 64, LIST_MAX = 64 };
static const double TIME_MAX = 253402300799.0; // the year 9999

static bool is_known(const char *name, const char *const *known) {
  for (; *known; known++)
    if (strcmp(*known, name) == 0) return true;
  return false;
}

static void join(const char *const *names, char *out, size_t room) {
  size_t used = 0;
  *out = 0;
  for (int i = 0; names[i] && used < room; i++)
    used += (size_t)snprintf(out + used, room - used, i ? " %s" : "%s", names[i]);
}

static MD_RAISES _Noreturn void unknown_option(lua_State *L, const char *what, const char *name,
                                               const char *const *known) {
  const char *near = md_suggest(name, known);
  if (near) md_raise(L, "%s has no option '%s'; did you mean '%s'?", what, name, near);
  char all[300];
  join(known, all, sizeof all);
  md_raise(L, "%s has no option '%s'; it has: %s", what, name, all);
}

// The first in byte order is told, so that a run tells the same each time.
void md_options_check(lua_State *L, int table, const char *what, const char *const *known) {
  const char *unknown = NULL;
  md_event_table_settle(L, table);
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) md_raise(L, "%s takes named options: write name = value", what);
    const char *name = lua_tostring(L, -2);
    if (!is_known(name, known) && (!unknown || strcmp(name, unknown) < 0)) unknown = name;
  }
  if (unknown) unknown_option(L, what, unknown, known);
}

int md_options_get(lua_State *L, int table, const char *name) {
  lua_pushstring(L, name);
  return lua_rawget(L, table);
}

// "m:send: template", as md_raise's beginning, kept on the stack.
static MD_RAISES const char *label(lua_State *L, const char *what, const char *name) {
  return lua_pushfstring(L, "%s: %s", what, name);
}

// luaL_typename says "no value" for an argument left out.
static const char *type_name(lua_State *L, int index) {
  if (md_secret_at(L, index)) return "a secret";
  return lua_isnoneornil(L, index) ? "nil" : luaL_typename(L, index);
}

const char *md_options_text(lua_State *L, int index, const char *what, size_t longest) {
  if (lua_type(L, index) != LUA_TSTRING) md_raise(L, "%s must be a text, not %s", what, type_name(L, index));
  size_t len;
  const char *text = lua_tolstring(L, index, &len);
  if (len == 0) md_raise(L, "%s is empty", what);
  if (len > longest) md_raise(L, "%s is longer than %d bytes", what, (int)longest);
  if (memchr(text, 0, len) || !md_utf8_valid(text, len)) md_raise(L, "%s must be valid UTF-8 without NUL", what);
  return text;
}

const char *md_options_find_text(lua_State *L, int table, const char *what, const char *name, size_t longest) {
  const char *text = NULL;
  int top = lua_gettop(L);
  if (md_options_get(L, table, name) != LUA_TNIL) {
    const char *full = label(L, what, name);
    text = md_options_text(L, -2, full, longest);
  }
  lua_settop(L, top);
  return text;
}

md_micros md_options_duration(lua_State *L, int index, const char *what) {
  md_micros span = 0;
  if (lua_type(L, index) == LUA_TSTRING) {
    size_t len;
    const char *text = lua_tolstring(L, index, &len);
    md_error err = {0};
    if (md_duration_parse(text, len, &span, &err)) md_raise(L, "%s: %s", what, err.text);
    return span;
  }
  if (lua_type(L, index) != LUA_TNUMBER)
    md_raise(L, "%s must be a duration such as \"15m\", or seconds, not %s", what, type_name(L, index));
  double seconds = lua_tonumber(L, index);
  if (!(seconds >= 0)) md_raise(L, "%s is negative: a duration goes forward", what);
  if (seconds > (double)MD_DURATION_MAX / 1e6) md_raise(L, "%s is over 400 days", what);
  return (md_micros)llround(seconds * 1e6);
}

bool md_options_find_duration(lua_State *L, int table, const char *what, const char *name, md_micros *out) {
  int top = lua_gettop(L);
  bool found = md_options_get(L, table, name) != LUA_TNIL;
  if (found) {
    const char *full = label(L, what, name);
    *out = md_options_duration(L, -2, full);
  }
  lua_settop(L, top);
  return found;
}

bool md_options_find_time(lua_State *L, int table, const char *what, const char *name, double *out) {
  int type = md_options_get(L, table, name);
  if (type != LUA_TNIL) {
    if (type != LUA_TNUMBER)
      md_raise(L, "%s: %s must be a time in seconds, such as m:now() + 3600, not %s", what, name,
               lua_typename(L, type));
    *out = lua_tonumber(L, -1);
    if (!(*out >= 0 && *out <= TIME_MAX)) md_raise(L, "%s: %s is no time: seconds since 1970 are expected", what, name);
  }
  lua_pop(L, 1);
  return type != LUA_TNIL;
}

bool md_options_find_boolean(lua_State *L, int table, const char *what, const char *name, bool fallback) {
  int type = md_options_get(L, table, name);
  if (type != LUA_TNIL && type != LUA_TBOOLEAN)
    md_raise(L, "%s: %s must be true or false, not %s", what, name, lua_typename(L, type));
  bool value = type == LUA_TNIL ? fallback : lua_toboolean(L, -1);
  lua_pop(L, 1);
  return value;
}

lua_Integer md_options_find_count(lua_State *L, int table, const char *what, const char *name, lua_Integer fallback) {
  int type = md_options_get(L, table, name);
  int whole = 1;
  lua_Integer count = type == LUA_TNUMBER ? lua_tointegerx(L, -1, &whole) : fallback;
  if (type != LUA_TNIL && (type != LUA_TNUMBER || !whole || count < 1))
    md_raise(L, "%s: %s must be a whole number from 1", what, name);
  lua_pop(L, 1);
  return count;
}

int md_options_find_choice(lua_State *L, int table, const char *what, const char *name, const char *const *choices) {
  const char *text = md_options_find_text(L, table, what, name, 64);
  if (!text) return -1;
  for (int i = 0; choices[i]; i++)
    if (strcmp(choices[i], text) == 0) return i;
  char all[200];
  join(choices, all, sizeof all);
  md_raise(L, "%s: %s is '%s'; it must be one of: %s", what, name, text, all);
}

static bool only(const char *text, size_t len, const char *allowed) {
  return strspn(text, allowed) >= len;
}

void md_options_event_type(lua_State *L, const char *what, const char *type, bool pattern) {
  size_t len = strlen(type);
  if (pattern && len > 2 && strcmp(type + len - 2, ".*") == 0) len -= 2;
  const char *const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:";
  if (len == 0 || strlen(type) > EVENT_TYPE_MAX || !only(type, len, allowed))
    md_raise(L, "%s: '%s' is no event type: write one such as \"order.placed\"%s", what, type,
             pattern ? " or \"order.*\"" : "");
}

void md_options_template(lua_State *L, const char *what, const char *name) {
  if (strlen(name) > TEMPLATE_MAX || !only(name, strlen(name), "abcdefghijklmnopqrstuvwxyz_"))
    md_raise(L, "%s: '%s' is no template's name: it has only a-z and _", what, name);
}

int md_options_each_text(lua_State *L, int index, const char *what,
                         void (*each)(lua_State *L, void *context, const char *text), void *context) {
  if (lua_type(L, index) == LUA_TSTRING) {
    each(L, context, md_options_text(L, index, what, 256));
    return 1;
  }
  if (lua_type(L, index) != LUA_TTABLE)
    md_raise(L, "%s must be a text or a list of texts, not %s", what, type_name(L, index));
  lua_Integer count = (lua_Integer)lua_rawlen(L, index);
  if (count < 1 || count > LIST_MAX) md_raise(L, "%s must be a list of 1 to %d texts", what, LIST_MAX);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, index, i);
    each(L, context, md_options_text(L, -1, what, 256));
    lua_pop(L, 1);
  }
  return (int)count;
}
