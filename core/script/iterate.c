// SPDX-License-Identifier: Apache-2.0
// pairs and next over a snapshot of the keys in a fixed order (S2): numbers ascending, strings bytewise, booleans. A
// key that is removed meanwhile is skipped, one that is added is not seen. The engine's thread.
#include "script/event_table.h"
#include "script/limits.h"
#include "script/sandbox.h"
#include <stdlib.h>
#include <string.h>

typedef enum key_rank { RANK_NUMBER, RANK_STRING, RANK_BOOLEAN } key_rank;

typedef struct key {
  key_rank rank;
  bool integer, boolean;
  lua_Integer i;
  lua_Number n;
  const char *text; // anchored by the table
  size_t len;
} key;

static int compare_numbers(const key *a, const key *b) {
  if (a->integer && b->integer) return (a->i > b->i) - (a->i < b->i);
  long double x = a->integer ? (long double)a->i : (long double)a->n;
  long double y = b->integer ? (long double)b->i : (long double)b->n;
  return (x > y) - (x < y);
}

static int compare_strings(const key *a, const key *b) {
  int order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);
  return order ? order : (a->len > b->len) - (a->len < b->len);
}

static int compare(const void *left, const void *right) {
  const key *a = left, *b = right;
  if (a->rank != b->rank) return a->rank < b->rank ? -1 : 1;
  if (a->rank == RANK_NUMBER) return compare_numbers(a, b);
  return a->rank == RANK_STRING ? compare_strings(a, b) : a->boolean - b->boolean;
}

// The key at `index`; never converts it in place.
static MD_RAISES key read_key(lua_State *L, int index) {
  key k = {0};
  int type = lua_type(L, index);
  if (type == LUA_TNUMBER) {
    k.integer = lua_isinteger(L, index);
    k.i = k.integer ? lua_tointeger(L, index) : 0;
    k.n = k.integer ? 0 : lua_tonumber(L, index);
  } else if (type == LUA_TSTRING) {
    k.rank = RANK_STRING;
    k.text = lua_tolstring(L, index, &k.len);
  } else if (type == LUA_TBOOLEAN) {
    k.rank = RANK_BOOLEAN;
    k.boolean = lua_toboolean(L, index);
  } else {
    md_raise(L, "a table with a %s as key has no fixed order: use a number, a string or a boolean",
             lua_typename(L, type));
  }
  return k;
}

static MD_RAISES void push_key(lua_State *L, const key *k) {
  if (k->rank == RANK_BOOLEAN)
    lua_pushboolean(L, k->boolean);
  else if (k->rank == RANK_STRING)
    lua_pushlstring(L, k->text, k->len);
  else if (k->integer)
    lua_pushinteger(L, k->i);
  else
    lua_pushnumber(L, k->n);
}

static MD_RAISES size_t count_keys(lua_State *L, int table) {
  size_t count = 0;
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1))
    count++;
  return count;
}

// Fills `keys` and says whether they came in order (a plain list does).
static MD_RAISES bool fill_keys(lua_State *L, int table, key *keys) {
  size_t count = 0;
  bool sorted = true;
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    keys[count] = read_key(L, -2);
    sorted = sorted && (count == 0 || compare(&keys[count - 1], &keys[count]) < 0);
    count++;
  }
  return sorted;
}

// Pushes the sorted keys of the table at `table` (an absolute index) as a list, and returns how many.
static MD_RAISES size_t push_snapshot(lua_State *L, int table) {
  luaL_checkstack(L, 6, "too many nested loops");
  size_t count = count_keys(L, table);
  md_limits_charge(L, (int64_t)count);
  key *keys = lua_newuserdatauv(L, (count + 1) * sizeof *keys, 0);
  if (!fill_keys(L, table, keys)) qsort(keys, count, sizeof *keys, compare);
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    push_key(L, &keys[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_remove(L, -2);
  return count;
}

// The first key after position `at` of the list at `keys` that still has a value in the table: pushes key and value
// and returns its position; or 0.
static MD_RAISES lua_Integer next_present(lua_State *L, int table, int keys, lua_Integer at) {
  for (at++; lua_rawgeti(L, keys, at) != LUA_TNIL; at++) {
    lua_pushvalue(L, -1);
    if (lua_rawget(L, table) != LUA_TNIL) return at;
    lua_pop(L, 2);
  }
  lua_pop(L, 1);
  return 0;
}

// The iterator of pairs. Upvalues: the keys, the position.
static MD_RAISES int pairs_step(lua_State *L) {
  lua_settop(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_Integer at = next_present(L, 1, 2, lua_tointeger(L, lua_upvalueindex(2)));
  if (!at) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushinteger(L, at);
  lua_replace(L, lua_upvalueindex(2));
  return 2;
}

int md_iterate_pairs(lua_State *L) {
  luaL_checkany(L, 1);
  md_event_table_settle(L, 1);
  if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
    lua_pushvalue(L, 1);
    lua_call(L, 1, 3);
    return 3;
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  push_snapshot(L, 1);
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, pairs_step, 2);
  lua_pushvalue(L, 1);
  lua_pushnil(L);
  return 3;
}

// Where the key at index 2 stands among the sorted keys of the list on top: its position, or that of the last before.
static MD_RAISES lua_Integer find_key(lua_State *L, size_t count) {
  key wanted = read_key(L, 2);
  lua_Integer low = 0, high = (lua_Integer)count;
  while (low < high) {
    lua_Integer middle = (low + high + 1) / 2;
    lua_rawgeti(L, -1, middle);
    key at = read_key(L, -1);
    lua_pop(L, 1);
    if (compare(&at, &wanted) <= 0)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

// The traversal that `next` is in is remembered: { table, keys, position }. Pushes it, or a new one of table 1.
static MD_RAISES void push_traversal(lua_State *L) {
  md_vm *vm = md_vm_of(L);
  if (lua_rawgeti(L, LUA_REGISTRYINDEX, vm->refs.next) == LUA_TTABLE && !lua_isnil(L, 2)) {
    lua_rawgeti(L, -1, 1);
    lua_rawgeti(L, -2, 2);
    lua_rawgeti(L, -3, 3);
    lua_rawget(L, -2); // the key given last
    bool same = lua_rawequal(L, -3, 1) && lua_rawequal(L, -1, 2);
    lua_pop(L, 3);
    if (same) return;
  }
  lua_pop(L, 1);
  lua_createtable(L, 3, 0);
  lua_pushvalue(L, 1);
  lua_rawseti(L, -2, 1);
  size_t count = push_snapshot(L, 1);
  lua_Integer at = lua_isnil(L, 2) ? 0 : find_key(L, count);
  lua_rawseti(L, -2, 2);
  lua_pushinteger(L, at);
  lua_rawseti(L, -2, 3);
  lua_pushvalue(L, -1);
  lua_rawseti(L, LUA_REGISTRYINDEX, vm->refs.next);
}

int md_iterate_next(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  md_event_table_settle(L, 1);
  push_traversal(L); // 3
  lua_rawgeti(L, 3, 2);
  lua_rawgeti(L, 3, 3);
  lua_Integer at = lua_tointeger(L, -1);
  lua_pop(L, 1);
  at = next_present(L, 1, 4, at);
  if (!at) {
    lua_pushboolean(L, 0);
    lua_rawseti(L, LUA_REGISTRYINDEX, md_vm_of(L)->refs.next);
    lua_pushnil(L);
    return 1;
  }
  lua_pushinteger(L, at);
  lua_rawseti(L, 3, 3);
  return 2;
}
