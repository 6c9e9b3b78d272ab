// SPDX-License-Identifier: Apache-2.0
// The functions of `string` that are no matching, with their costs (S3). The engine's thread.
#include "script/lib.h"
#include "script/limits.h"
#include "script/sandbox.h"

enum { SCANNED = 8, COPIED = 64, VALUES = 4, PIECES = 4, PER_ITEM = 4 }; // bytes, values, pieces an instruction
#define TOO_MUCH INT64_MAX                                               // more than any budget

static int64_t cost_scan(lua_State *L) {
  return (int64_t)md_lib_length(L, 1) / SCANNED;
}

// Of s:sub(i, j) and s:byte(i, j) at most the whole text.
static int64_t cost_sub(lua_State *L) {
  return (int64_t)md_lib_length(L, 1) / COPIED;
}

static int64_t cost_byte(lua_State *L) {
  return lua_isnoneornil(L, 3) ? 0 : (int64_t)md_lib_length(L, 1) / VALUES;
}

static int64_t cost_char(lua_State *L) {
  return lua_gettop(L) / VALUES;
}

// Empty texts are repeated one by one, too.
static int64_t cost_rep(lua_State *L) {
  int64_t times = lua_tointeger(L, 2), piece = (int64_t)(md_lib_length(L, 1) + md_lib_length(L, 3)), total;
  if (times <= 1) return piece / COPIED;
  if (__builtin_mul_overflow(times, piece, &total)) return TOO_MUCH;
  return times / PIECES + total / COPIED;
}

// "c1000" writes a thousand bytes for an empty text.
static int64_t cost_pack(lua_State *L) {
  size_t len = md_lib_length(L, 1);
  int64_t cost = (int64_t)len * PER_ITEM, number = 0;
  const char *format = len ? lua_tostring(L, 1) : "";
  for (size_t i = 0; i < len; i++) {
    bool digit = format[i] >= '0' && format[i] <= '9';
    number = !digit ? 0 : number < INT32_MAX ? number * 10 + (format[i] - '0') : number;
    cost += number / SCANNED;
  }
  for (int i = 2; i <= lua_gettop(L); i++)
    cost += (int64_t)md_lib_length(L, i) / COPIED;
  return cost;
}

void md_lib_string(lua_State *L) {
  static const md_lib_cost costs[] = {
      {"byte", cost_byte}, {"char", cost_char},    {"lower", cost_scan},  {"pack", cost_pack},  {"packsize", cost_pack},
      {"rep", cost_rep},   {"reverse", cost_scan}, {"unpack", cost_pack}, {"upper", cost_scan}, {"sub", cost_sub},
      {NULL, NULL}};
  md_lib_charge(L, costs);
  lua_getfield(L, -1, "format");
  lua_pushcclosure(L, md_string_format, 1);
  lua_setfield(L, -2, "format");
}

static int64_t cost_operands(lua_State *L) {
  return (int64_t)(md_lib_length(L, 1) + md_lib_length(L, 2)) / SCANNED;
}

void md_lib_string_arithmetic(lua_State *L) {
  static const md_lib_cost costs[] = {{"__add", cost_operands}, {"__div", cost_operands}, {"__idiv", cost_operands},
                                      {"__mod", cost_operands}, {"__mul", cost_operands}, {"__pow", cost_operands},
                                      {"__sub", cost_operands}, {"__unm", cost_operands}, {NULL, NULL}};
  md_lib_charge(L, costs);
}
