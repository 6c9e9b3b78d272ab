// SPDX-License-Identifier: Apache-2.0
// m:now, m:random, m:log: no steps, nothing of them is journaled (R2). Page: bind_plain.md. The engine's thread.
#include "script/bind.h"
#include "base/utf8.h"
#include "script/log.h"
#include "script/sandbox.h"
#include "script/step.h"
#include "script/value.h"

static MD_RAISES int l_plain_now(lua_State *L) {
  const md_turn_host *host = md_step_host(L, "now");
  md_value_push_seconds(L, host->now(host->context));
  return 1;
}

// Uniform in [0, 1): the 53 bits that a double holds.
static double unit(uint64_t bits) {
  return (double)(bits >> 11) * 0x1p-53;
}

// Uniform in [0, span) by the high half of a product (Lemire 2019); a span of 0 stands for 2^64. The bias is at most
// span / 2^64.
static uint64_t below(uint64_t bits, uint64_t span) {
  return span ? (uint64_t)(((__extension__ unsigned __int128)bits * span) >> 64) : bits;
}

static MD_RAISES lua_Integer bound(lua_State *L, int index) {
  int whole;
  lua_Integer n = lua_tointegerx(L, index, &whole);
  if (!whole)
    md_raise(L, "m:random takes whole numbers: m:random(), m:random(high) or m:random(low, high)");
  return n;
}

static MD_RAISES int l_plain_random(lua_State *L) {
  const md_turn_host *host = md_step_host(L, "random");
  int count = lua_gettop(L) - 1;
  if (count == 0) {
    lua_pushnumber(L, unit(host->random(host->context)));
    return 1;
  }
  lua_Integer low = count == 1 ? 1 : bound(L, 2), high = bound(L, count == 1 ? 2 : 3);
  if (low > high)
    md_raise(L, "m:random: there is nothing from %I to %I", (LUAI_UACINT)low, (LUAI_UACINT)high);
  uint64_t span = (uint64_t)high - (uint64_t)low + 1;
  lua_pushinteger(L, (lua_Integer)((uint64_t)low + below(host->random(host->context), span)));
  return 1;
}

static MD_RAISES int l_plain_log(lua_State *L) {
  md_step_host(L, "log");
  int count = lua_gettop(L);
  luaL_Buffer text;
  lua_checkstack(L, 10);
  luaL_buffinit(L, &text);
  for (int i = 2; i <= count; i++) {
    if (i > 2)
      luaL_addchar(&text, '\t');
    md_sandbox_text(L, i, NULL);
    luaL_addvalue(&text);
  }
  luaL_pushresult(&text);
  md_log_line(L);
  return 0;
}

const luaL_Reg md_bind_plain[] = {{"log", l_plain_log}, {"now", l_plain_now}, {"random", l_plain_random}, {NULL, NULL}};
