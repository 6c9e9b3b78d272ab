// SPDX-License-Identifier: Apache-2.0
// table.sort as a stable merge sort (S2): equal elements keep their order, and an inconsistent comparison gives some
// order, never an error. The table is written once, at the end. The engine's thread.
#include "script/limits.h"
#include "script/sandbox.h"
#include <string.h>

enum { TABLE = 1, COMPARE = 2, VALUES = 3, SORT_MAX = 1 << 24, BYTES_COMPARED = 32 };

// Long texts are compared byte by byte (S3).
static MD_RAISES void charge_texts(lua_State *L) {
  if (lua_type(L, -1) != LUA_TSTRING || lua_type(L, -2) != LUA_TSTRING) return;
  size_t a = lua_rawlen(L, -1), b = lua_rawlen(L, -2);
  md_limits_charge(L, (int64_t)(a < b ? a : b) / BYTES_COMPARED);
}

static MD_RAISES bool less(lua_State *L, uint32_t a, uint32_t b) {
  bool by_function = !lua_isnil(L, COMPARE);
  if (by_function) lua_pushvalue(L, COMPARE);
  lua_rawgeti(L, VALUES, a);
  lua_rawgeti(L, VALUES, b);
  if (by_function)
    lua_call(L, 2, 1);
  else
    charge_texts(L);
  bool result = by_function ? lua_toboolean(L, -1) : lua_compare(L, -2, -1, LUA_OPLT);
  lua_settop(L, by_function ? -2 : -3);
  return result;
}

// Merges [low, middle) and [middle, high) of `from` into `to`.
static MD_RAISES void merge(lua_State *L, const uint32_t *from, uint32_t *to, size_t low, size_t middle, size_t high) {
  size_t left = low, right = middle;
  for (size_t out = low; out < high; out++) {
    bool take_right = left == middle || (right < high && less(L, from[right], from[left]));
    to[out] = take_right ? from[right++] : from[left++];
  }
}

// Returns which of the two holds the sorted order.
static MD_RAISES uint32_t *merge_sort(lua_State *L, uint32_t *a, uint32_t *b, size_t count) {
  for (size_t width = 1; width < count; width *= 2) {
    for (size_t low = 0; low < count; low += 2 * width) {
      size_t middle = low + width < count ? low + width : count;
      size_t high = middle + width < count ? middle + width : count;
      merge(L, a, b, low, middle, high);
    }
    uint32_t *swap = a;
    a = b;
    b = swap;
  }
  return a;
}

static MD_RAISES void read_values(lua_State *L, uint32_t *order, size_t count) {
  for (size_t i = 0; i < count; i++) {
    lua_geti(L, TABLE, (lua_Integer)i + 1);
    lua_rawseti(L, VALUES, (lua_Integer)i + 1);
    order[i] = (uint32_t)i + 1;
  }
}

static MD_RAISES void write_values(lua_State *L, const uint32_t *order, size_t count) {
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, VALUES, order[i]);
    lua_seti(L, TABLE, (lua_Integer)i + 1);
  }
}

// How often an element is compared: once a round of merging.
static int comparisons(size_t count) {
  int rounds = 1;
  while (count >>= 1)
    rounds++;
  return rounds;
}

int md_sort(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_Integer n = luaL_len(L, 1);
  if (n < 2) return 0;
  luaL_argcheck(L, n < SORT_MAX, 1, "array too big");
  if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  size_t count = (size_t)n;
  md_limits_charge(L, (int64_t)count * comparisons(count));
  lua_createtable(L, (int)n, 0);
  uint32_t *order = lua_newuserdatauv(L, 2 * count * sizeof *order, 0);
  read_values(L, order, count);
  write_values(L, merge_sort(L, order, order + count, count), count);
  return 0;
}
