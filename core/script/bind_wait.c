// SPDX-License-Identifier: Apache-2.0
// m:wait_for, m:collect, m:sleep, m:sleep_until: the steps that end a turn until something comes or a time is there.
// Page: bind_wait.md. The engine's thread.
#include "script/bind.h"
#include "script/options.h"
#include "script/step.h"
#include "script/step_options.h"
#include "script/types.h"
#include "script/value.h"
#include <string.h>

enum { OPTIONS = 3, COLLECT_MAX = 1000, KIND_BYTES = 64 };

static MD_RAISES void put_time(lua_State *L, json_t *args, const char *name, double seconds) {
  md_value_put(L, args, name, md_value_seconds(L, (md_micros)(seconds * 1e6 + 0.5)));
}

// within or before, or neither.
static MD_RAISES void read_deadline(lua_State *L, const char *what, json_t *args) {
  md_micros within;
  double before;
  bool has_within = md_options_find_duration(L, OPTIONS, what, "within", &within);
  bool has_before = md_options_find_time(L, OPTIONS, what, "before", &before);
  if (has_within && has_before) md_raise(L, "%s takes within or before, not both", what);
  if (has_within) md_value_put(L, args, "within", md_value_seconds(L, within));
  if (has_before) put_time(L, args, "before", before);
}

// W7
static MD_RAISES void read_lateness(lua_State *L, int table, const char *what, json_t *args) {
  static const char *const acts[] = {"branch", "go_on", "skip", NULL};
  md_micros span;
  bool has_span = md_options_find_duration(L, table, what, "max_lateness", &span);
  int late = md_options_find_choice(L, table, what, "late", acts);
  if (late >= 0 && !has_span) md_raise(L, "%s: late says what to do past max_lateness: give max_lateness too", what);
  if (!has_span) return;
  md_value_put(L, args, "max_lateness", md_value_seconds(L, span));
  md_value_put(L, args, "late", json_string(acts[late < 0 ? 0 : late]));
}

void md_wait_read_by(lua_State *L, int table, const char *what, json_t *args) {
  const char *by = md_options_find_text(L, table, what, "by", KIND_BYTES);
  if (!by) return;
  if (strspn(by, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(by))
    md_raise(L, "%s: by = '%s' is no kind of thing: write \"person\", or a kind of the plan", what, by);
  md_value_put(L, args, "by", json_string(by));
}

// Leaves the function on the stack; 0 when there is none.
static MD_RAISES int read_where(lua_State *L, const char *what, json_t *args) {
  int type = md_options_get(L, OPTIONS, "where");
  if (type == LUA_TNIL) return 0;
  if (type != LUA_TFUNCTION)
    md_raise(L, "%s: where must be a function such as function(event) return event.data.total > 0 end, not %s", what,
             lua_typename(L, type));
  md_value_put(L, args, "where", json_true());
  return lua_gettop(L);
}

static MD_RAISES void open_options(lua_State *L, int index, const char *what, const char *example,
                                   const char *const *known) {
  if (lua_type(L, index) != LUA_TTABLE) md_raise(L, "%s takes its options as a table: %s", what, example);
  md_options_check(L, index, what, known);
}

static MD_RAISES int l_wait_wait_for(lua_State *L) {
  static const char *const since[] = {"now", "start", NULL};
  const char *what = "m:wait_for";
  md_types types;
  int where = 0;
  md_step_allowed(L, "wait_for");
  lua_settop(L, OPTIONS);
  md_types_read(L, 2, what, &types);
  json_t *args = md_value_made(L, json_object());
  md_value_put(L, args, "types", md_types_list(L, &types));
  if (!lua_isnil(L, OPTIONS)) {
    open_options(L, OPTIONS, what, "{ within = \"1h\" }", md_options_wait_for);
    read_deadline(L, what, args);
    md_wait_read_by(L, OPTIONS, what, args);
    read_lateness(L, OPTIONS, what, args);
    if (md_options_find_choice(L, OPTIONS, what, "since", since) == 0)
      md_value_put(L, args, "since", json_string("now"));
    where = read_where(L, what, args);
  }
  return md_step_take_where(L, MD_STEP_WAIT_FOR, md_types_name(L, &types), args, where);
}

static MD_RAISES int l_wait_collect(lua_State *L) {
  const char *what = "m:collect";
  md_types types;
  md_micros quiet;
  int where = 0;
  md_step_allowed(L, "collect");
  lua_settop(L, OPTIONS);
  md_types_read(L, 2, what, &types);
  json_t *args = md_value_made(L, json_object());
  md_value_put(L, args, "types", md_types_list(L, &types));
  if (!lua_isnil(L, OPTIONS)) {
    open_options(L, OPTIONS, what, "{ quiet = \"2m\", within = \"1h\" }", md_options_collect);
    read_deadline(L, what, args);
    md_wait_read_by(L, OPTIONS, what, args);
    read_lateness(L, OPTIONS, what, args);
    if (md_options_find_duration(L, OPTIONS, what, "quiet", &quiet))
      md_value_put(L, args, "quiet", md_value_seconds(L, quiet));
    lua_Integer max = md_options_find_count(L, OPTIONS, what, "max", 0);
    if (max > COLLECT_MAX) md_raise(L, "%s: max is at most %d", what, COLLECT_MAX);
    if (max) md_value_put(L, args, "max", json_integer(max));
    where = read_where(L, what, args);
  }
  return md_step_take_where(L, MD_STEP_COLLECT, md_types_name(L, &types), args, where);
}

static MD_RAISES int l_wait_sleep(lua_State *L) {
  md_step_allowed(L, "sleep");
  lua_settop(L, OPTIONS);
  json_t *args = md_value_made(L, json_object());
  md_value_put(L, args, "for", md_value_seconds(L, md_options_duration(L, 2, "m:sleep")));
  if (!lua_isnil(L, OPTIONS)) {
    open_options(L, OPTIONS, "m:sleep", "{ max_lateness = \"2h\" }", md_options_sleep);
    read_lateness(L, OPTIONS, "m:sleep", args);
  }
  return md_step_take(L, MD_STEP_SLEEP, "", args);
}

// A number from `least` to `most`, or -1 when absent.
static MD_RAISES int find_number(lua_State *L, const char *name, int least, int most) {
  int whole = 0;
  int type = md_options_get(L, 2, name);
  lua_Integer number = type == LUA_TNUMBER ? lua_tointegerx(L, -1, &whole) : 0;
  if (type != LUA_TNIL && (!whole || number < least || number > most))
    md_raise(L, "m:sleep_until: %s must be a whole number from %d to %d", name, least, most);
  lua_pop(L, 1);
  return type == LUA_TNIL ? -1 : (int)number;
}

// 1 or "mon" is Monday, 7 or "sun" Sunday; answers 0 for Sunday, -1 when absent.
static MD_RAISES int find_weekday(lua_State *L) {
  static const char *const names[] = {"sunday", "monday",   "tuesday", "wednesday", "thursday",
                                      "friday", "saturday", "sun",     "mon",       "tue",
                                      "wed",    "thu",      "fri",     "sat",       NULL};
  int type = md_options_get(L, 2, "weekday");
  lua_pop(L, 1);
  if (type == LUA_TSTRING) return md_options_find_choice(L, 2, "m:sleep_until", "weekday", names) % 7;
  int number = find_number(L, "weekday", 1, 7);
  return number < 0 ? -1 : number % 7;
}

static MD_RAISES void read_clock(lua_State *L, json_t *args) {
  const char *what = "m:sleep_until";
  md_options_check(L, 2, what, md_options_sleep_until);
  int hour = find_number(L, "hour", 0, 23), minute = find_number(L, "minute", 0, 59), weekday = find_weekday(L);
  if (hour < 0 && minute < 0) md_raise(L, "%s needs an hour or a minute: m:sleep_until { hour = 9 }", what);
  if (hour >= 0) md_value_put(L, args, "hour", json_integer(hour));
  if (minute >= 0) md_value_put(L, args, "minute", json_integer(minute));
  if (weekday >= 0) md_value_put(L, args, "weekday", json_integer(weekday));
  const char *zone = md_options_find_text(L, 2, what, "tz", KIND_BYTES);
  if (zone) md_value_put(L, args, "tz", json_string(zone));
  read_lateness(L, 2, what, args);
}

static MD_RAISES int l_wait_sleep_until(lua_State *L) {
  const char *what = "m:sleep_until";
  md_step_allowed(L, "sleep_until");
  lua_settop(L, OPTIONS);
  json_t *args = md_value_made(L, json_object());
  if (lua_type(L, 2) == LUA_TTABLE) {
    read_clock(L, args);
    return md_step_take(L, MD_STEP_SLEEP_UNTIL, "", args);
  }
  double at = lua_type(L, 2) == LUA_TNUMBER ? lua_tonumber(L, 2) : -1;
  if (!(at >= 0 && at < 253402300800.0)) // the year 10000
    md_raise(L, "%s takes a time in seconds, such as m:now() + 3600, or a table such as { hour = 9 }", what);
  put_time(L, args, "at", at);
  if (!lua_isnil(L, OPTIONS)) {
    open_options(L, OPTIONS, what, "{ max_lateness = \"2h\" }", md_options_sleep);
    read_lateness(L, OPTIONS, what, args);
  }
  return md_step_take(L, MD_STEP_SLEEP_UNTIL, "", args);
}

const luaL_Reg md_bind_wait[] = {{"collect", l_wait_collect},
                                 {"sleep", l_wait_sleep},
                                 {"sleep_until", l_wait_sleep_until},
                                 {"wait_for", l_wait_wait_for},
                                 {NULL, NULL}};
