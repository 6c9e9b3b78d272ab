// SPDX-License-Identifier: Apache-2.0
// m:count, m:observe, m:quantile, m:experiment. Page: bind_metrics.md. The engine's thread.
#include "script/bind.h"
#include "script/options.h"
#include "script/step.h"
#include "script/step_options.h"
#include "script/value.h"
#include <math.h>
#include <string.h>

enum { NAME_BYTES = 64, LABELS_MAX = 8, LABEL_BYTES = 64 };

static MD_RAISES const char *read_name(lua_State *L, const char *what) {
  const char *name = md_options_text(L, 2, what, NAME_BYTES);
  if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")])
    md_raise(L, "%s '%s' must be made of a-z, 0-9 and _", what, name);
  return name;
}

// Labels at `index` into args, as texts: 1 and "1" are one label.
static MD_RAISES void read_labels(lua_State *L, int index, const char *what, json_t *args) {
  const char *name;
  json_t *value;
  if (lua_isnoneornil(L, index)) return;
  json_t *given = md_value_read(L, index, what, MD_VALUE_BYTES), *labels = md_value_made(L, json_object());
  if (json_is_array(given) && json_array_size(given) == 0) return;
  if (!json_is_object(given)) md_raise(L, "%s must be a table with names", what);
  if (json_object_size(given) > LABELS_MAX) md_raise(L, "%s has more than %d names", what, LABELS_MAX);
  json_object_foreach(given, name, value) {
    json_t *text = json_is_string(value)    ? value
                   : json_is_integer(value) ? json_sprintf("%lld", (long long)json_integer_value(value))
                   : json_is_boolean(value) ? json_string(json_is_true(value) ? "true" : "false")
                                            : NULL;
    if (!*name || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")])
      md_raise(L, "%s: the name '%s' must be made of a-z, 0-9 and _", what, name);
    if (!text) md_raise(L, "%s: %s must be a text, a whole number or a boolean", what, name);
    if (json_string_length(text) > LABEL_BYTES) md_raise(L, "%s: %s is longer than %d bytes", what, name, LABEL_BYTES);
    md_value_put(L, labels, name, text);
  }
  md_value_put(L, args, "labels", labels);
}

static MD_RAISES double read_number(lua_State *L, int index, const char *what) {
  if (lua_type(L, index) != LUA_TNUMBER) md_raise(L, "%s must be a number, not %s", what, luaL_typename(L, index));
  double number = lua_tonumber(L, index);
  if (!isfinite(number)) md_raise(L, "%s must be a finite number", what);
  return number;
}

static MD_RAISES int l_metrics_count(lua_State *L) {
  md_step_allowed(L, "count");
  lua_settop(L, 4);
  const char *name = read_name(L, "m:count: the name");
  double n = lua_isnil(L, 3) ? 1 : read_number(L, 3, "m:count: n");
  if (n < 0) md_raise(L, "m:count: n is negative: a count goes up");
  json_t *args = md_value_made(L, json_object());
  md_value_put(L, args, "n", json_real(n));
  read_labels(L, 4, "m:count: labels", args);
  return md_step_take(L, MD_STEP_COUNT, name, args);
}

static MD_RAISES int l_metrics_observe(lua_State *L) {
  md_step_allowed(L, "observe");
  lua_settop(L, 4);
  const char *name = read_name(L, "m:observe: the name");
  json_t *args = md_value_made(L, json_object());
  md_value_put(L, args, "value", json_real(read_number(L, 3, "m:observe: the value")));
  read_labels(L, 4, "m:observe: labels", args);
  return md_step_take(L, MD_STEP_OBSERVE, name, args);
}

static MD_RAISES void read_window(lua_State *L, json_t *args) {
  md_micros over;
  if (lua_type(L, 4) != LUA_TTABLE)
    md_raise(L, "m:quantile takes its options as a table: { over = \"90d\", min_n = 50 }");
  md_options_check(L, 4, "m:quantile", md_options_quantile);
  if (md_options_find_duration(L, 4, "m:quantile", "over", &over)) {
    if (over < MD_DAY) md_raise(L, "m:quantile: over counts whole days: \"1d\" at least");
    md_value_put(L, args, "over", md_value_seconds(L, over));
  }
  lua_Integer least = md_options_find_count(L, 4, "m:quantile", "min_n", 0);
  if (least) md_value_put(L, args, "min_n", json_integer(least));
  md_options_get(L, 4, "labels");
  read_labels(L, lua_gettop(L), "m:quantile: labels", args);
}

static MD_RAISES int l_metrics_quantile(lua_State *L) {
  md_step_allowed(L, "quantile");
  lua_settop(L, 4);
  const char *name = read_name(L, "m:quantile: the name");
  double q = read_number(L, 3, "m:quantile: q");
  if (q < 0 || q > 1) md_raise(L, "m:quantile: q must be from 0 to 1: 0.9 is what nine of ten do not exceed");
  json_t *args = md_value_made(L, json_object());
  md_value_put(L, args, "q", json_real(q));
  if (!lua_isnil(L, 4)) read_window(L, args);
  return md_step_take(L, MD_STEP_QUANTILE, name, args);
}

static MD_RAISES int l_metrics_experiment(lua_State *L) {
  md_step_allowed(L, "experiment");
  const char *name = read_name(L, "m:experiment: the name");
  return md_step_take(L, MD_STEP_EXPERIMENT, name, md_value_made(L, json_object()));
}

const luaL_Reg md_bind_metrics[] = {{"count", l_metrics_count},
                                    {"experiment", l_metrics_experiment},
                                    {"observe", l_metrics_observe},
                                    {"quantile", l_metrics_quantile},
                                    {NULL, NULL}};
