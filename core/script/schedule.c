// SPDX-License-Identifier: Apache-2.0
// moment.schedule: what starts a moment by the clock. The engine's thread.
#include "script/schedule.h"
#include "base/cron.h"
#include "script/options.h"
#include <string.h>

enum { EXPRESSION_BYTES = 100, ZONE_BYTES = 64 };

static MD_RAISES void check_zone(lua_State *L, const char *name) {
  md_zone *zone = NULL;
  md_error err = {0};
  int code = md_zone_open(&zone, name, &err);
  md_zone_close(zone);
  if (code == MD_ENOMEM) md_raise_nomem(L);
  if (code) md_raise(L, "moment.schedule: %s", err.text);
}

// The whole check is made once, when the version is defined: in a turn only the table is wanted.
static MD_RAISES void check(lua_State *L, const char *expression, const char *zone) {
  md_cron cron;
  md_error err = {0};
  if (md_cron_parse(expression, strlen(expression), &cron, &err)) md_raise(L, "moment.schedule: %s", err.text);
  if (md_vm_of(L)->defining) check_zone(L, zone);
}

int md_schedule_make(lua_State *L) {
  lua_settop(L, 2);
  const char *expression = md_options_text(L, 1, "moment.schedule", EXPRESSION_BYTES);
  if (lua_isnil(L, 2)) lua_pushliteral(L, MD_ZONE_DEFAULT), lua_replace(L, 2);
  const char *zone = md_options_text(L, 2, "moment.schedule: the time zone", ZONE_BYTES);
  check(L, expression, zone);
  lua_createtable(L, 0, 2);
  lua_pushvalue(L, 1);
  lua_setfield(L, -2, "schedule");
  lua_pushvalue(L, 2);
  lua_setfield(L, -2, "tz");
  return 1;
}

static MD_RAISES const char *text_of(lua_State *L, int index, const char *name) {
  const char *text = md_options_get(L, index, name) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
  lua_pop(L, 1); // the table keeps it
  return text;
}

bool md_schedule_read(lua_State *L, int index, md_schedule *out) {
  if (lua_type(L, index) != LUA_TTABLE) return false;
  index = lua_absindex(L, index);
  *out = (md_schedule){text_of(L, index, "schedule"), text_of(L, index, "tz")};
  if (!out->expression || !out->zone) return false;
  check(L, out->expression, out->zone);
  return true;
}
