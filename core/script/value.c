// SPDX-License-Identifier: Apache-2.0
// Conversion between Lua values and JSON trees. JSON lives in the arena in scope, so a raised error leaks nothing. The
// engine's thread.
#include "script/value.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "script/event_table.h"
#include "script/limits.h"
#include "script/secret.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BYTES_PER_INSTRUCTION = 16, VALUE_INSTRUCTIONS = 4 }; // S3

// Where in the tree, for messages: a chain on the C stack.
typedef struct place {
  const struct place *up;
  const char *key; // or NULL: `index`
  lua_Integer index;
} place;

typedef struct reader {
  lua_State *L;
  const char *what;
  size_t limit, left; // bytes
  int depth;
  bool secrets; // are allowed
} reader;

static MD_RAISES json_t *read_any(reader *r, int index, const place *at);

static size_t describe(const place *at, char *out, size_t room) {
  size_t used = at->up ? describe(at->up, out, room) : 0;
  if (used >= room) return used;
  int n = at->key     ? snprintf(out + used, room - used, ".%s", at->key)
          : at->index ? snprintf(out + used, room - used, "[%lld]", (long long)at->index)
                      : 0;
  return used + (size_t)n;
}

static MD_RAISES _Noreturn void refuse(reader *r, const place *at, const char *why) {
  char path[120] = "";
  describe(at, path, sizeof path);
  md_raise(r->L, "%s%s %s", r->what, path, why);
}

static MD_RAISES void spend(reader *r, size_t bytes) {
  if (bytes > r->left)
    md_raise(r->L, "%s is too large: at most %d KiB leave a script at once", r->what, (int)(r->limit >> 10));
  r->left -= bytes;
  md_limits_count(r->L, 1 + (int64_t)bytes / BYTES_PER_INSTRUCTION);
}

json_t *md_value_made(lua_State *L, json_t *value) {
  if (!value) md_raise_nomem(L);
  return value;
}

void md_value_put(lua_State *L, json_t *object, const char *name, json_t *value) {
  if (json_object_set_new_nocheck(object, name, md_value_made(L, value))) md_raise_nomem(L);
}

static MD_RAISES void check_text(reader *r, const place *at, const char *text, size_t len) {
  spend(r, len + 3);
  if (memchr(text, 0, len)) refuse(r, at, "has a NUL byte in a text");
  if (!md_utf8_valid(text, len)) refuse(r, at, "has a text that is no valid UTF-8");
}

static MD_RAISES json_t *read_text(reader *r, int index, const place *at) {
  size_t len;
  const char *text = lua_tolstring(r->L, index, &len);
  check_text(r, at, text, len);
  return md_value_made(r->L, json_stringn_nocheck(text, len));
}

static size_t digits(lua_Integer n) {
  size_t count = n < 0 ? 2 : 1;
  while (n /= 10)
    count++;
  return count;
}

static MD_RAISES json_t *read_number(reader *r, int index, const place *at) {
  if (lua_isinteger(r->L, index)) {
    lua_Integer n = lua_tointeger(r->L, index);
    spend(r, digits(n) + 1);
    return md_value_made(r->L, json_integer(n));
  }
  lua_Number n = lua_tonumber(r->L, index);
  if (isnan(n)) refuse(r, at, "is not a number (NaN): a division by zero?");
  if (isinf(n)) refuse(r, at, "is infinite: a division by zero?");
  spend(r, 9);
  return md_value_made(r->L, json_real(n));
}

// Whether the keys are 1 … n; else they must all be strings.
static MD_RAISES bool is_list(reader *r, int table, const place *at, lua_Integer *length) {
  lua_State *L = r->L;
  lua_Integer numbers = 0, highest = 0, names = 0;
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    if (lua_isinteger(L, -2) && lua_tointeger(L, -2) > 0) {
      numbers++;
      highest = lua_tointeger(L, -2) > highest ? lua_tointeger(L, -2) : highest;
    } else if (lua_type(L, -2) == LUA_TSTRING) {
      names++;
    } else {
      refuse(r, at, "has a key that is neither a name nor a place in a list: use strings as keys");
    }
  }
  if (numbers && names) refuse(r, at, "is both a list and a table with names: give it one kind of keys");
  if (highest != numbers) refuse(r, at, "is a list with holes: write null where there is nothing");
  *length = numbers;
  return numbers > 0;
}

static MD_RAISES json_t *read_list(reader *r, int table, const place *at, lua_Integer length) {
  json_t *list = md_value_made(r->L, json_array());
  for (lua_Integer i = 1; i <= length; i++) {
    place here = {.up = at, .index = i};
    lua_rawgeti(r->L, table, i);
    json_t *value = read_any(r, lua_gettop(r->L), &here);
    lua_pop(r->L, 1);
    if (json_array_append_new(list, value)) md_raise_nomem(r->L);
  }
  return list;
}

static MD_RAISES json_t *read_object(reader *r, int table, const place *at) {
  lua_State *L = r->L;
  json_t *object = md_value_made(L, json_object());
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    size_t len;
    const char *key = lua_tolstring(L, -2, &len);
    place here = {.up = at, .key = key};
    check_text(r, at, key, len);
    json_t *value = read_any(r, lua_gettop(L), &here);
    if (json_object_set_new_nocheck(object, key, value)) md_raise_nomem(L);
  }
  return object;
}

// Only an empty table can be marked: it was an empty JSON array.
static MD_RAISES bool marked_as_array(lua_State *L, int table) {
  if (!lua_getmetatable(L, table)) return false;
  lua_rawgeti(L, LUA_REGISTRYINDEX, md_vm_of(L)->refs.array_meta);
  bool marked = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return marked;
}

static MD_RAISES bool empty(lua_State *L, int table) {
  lua_pushnil(L);
  if (!lua_next(L, table)) return true;
  lua_pop(L, 2);
  return false;
}

static MD_RAISES json_t *read_table(reader *r, int table, const place *at) {
  if (r->depth == MD_VALUE_DEPTH) refuse(r, at, "is deeper than 64 tables: does it contain itself?");
  luaL_checkstack(r->L, 6, "too deep");
  md_event_table_settle(r->L, table);
  spend(r, 2);
  lua_Integer length;
  r->depth++;
  json_t *result;
  if (is_list(r, table, at, &length))
    result = read_list(r, table, at, length);
  else if (marked_as_array(r->L, table) && empty(r->L, table))
    result = md_value_made(r->L, json_array());
  else
    result = read_object(r, table, at);
  r->depth--;
  return result;
}

static MD_RAISES json_t *read_secret(reader *r, int index, const place *at) {
  if (!r->secrets) refuse(r, at, "is a secret: it can be given to m:send, in data, and to nothing else");
  spend(r, lua_rawlen(r->L, index));
  return md_value_made(r->L, md_secret_mark_at(r->L, index));
}

static json_t *read_any(reader *r, int index, const place *at) {
  switch (lua_type(r->L, index)) {
  case LUA_TNIL:
    return json_null();
  case LUA_TBOOLEAN:
    spend(r, 6);
    return json_boolean(lua_toboolean(r->L, index));
  case LUA_TNUMBER:
    return read_number(r, index, at);
  case LUA_TSTRING:
    return read_text(r, index, at);
  case LUA_TTABLE:
    return read_table(r, index, at);
  case LUA_TLIGHTUSERDATA:
    spend(r, 5);
    return json_null();
  case LUA_TUSERDATA:
    if (md_secret_at(r->L, index)) return read_secret(r, index, at);
    // fall through
  default:
    refuse(r, at, "is no data: only texts, numbers, booleans and tables of them leave a script");
  }
}

json_t *md_value_read(lua_State *L, int index, const char *what, size_t bytes) {
  reader r = {.L = L, .what = what, .limit = bytes, .left = bytes};
  place root = {0};
  return read_any(&r, lua_absindex(L, index), &root);
}

json_t *md_value_read_secrets(lua_State *L, int index, const char *what, size_t bytes) {
  reader r = {.L = L, .what = what, .limit = bytes, .left = bytes, .secrets = true};
  place root = {0};
  return read_any(&r, lua_absindex(L, index), &root);
}

static MD_RAISES void push_list(lua_State *L, const json_t *list) {
  size_t count = json_array_size(list);
  lua_createtable(L, (int)count, 0);
  if (count == 0) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, md_vm_of(L)->refs.array_meta);
    lua_setmetatable(L, -2);
  }
  for (size_t i = 0; i < count; i++) {
    const json_t *value = json_array_get(list, i);
    if (json_is_null(value))
      lua_pushlightuserdata(L, NULL);
    else
      md_value_push(L, value);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
}

static MD_RAISES void push_object(lua_State *L, const json_t *object) {
  json_t *source = (json_t *)object; // jansson's iterators take no const, and change nothing
  lua_createtable(L, 0, (int)json_object_size(object));
  for (void *at = json_object_iter(source); at; at = json_object_iter_next(source, at)) {
    const json_t *value = json_object_iter_value(at);
    if (json_is_null(value)) continue;
    lua_pushlstring(L, json_object_iter_key(at), json_object_iter_key_len(at));
    md_value_push(L, value);
    lua_rawset(L, -3);
  }
}

void md_value_push(lua_State *L, const json_t *value) {
  luaL_checkstack(L, 6, "data too deep");
  md_limits_count(L, VALUE_INSTRUCTIONS);
  if (!value) {
    lua_pushnil(L);
    return;
  }
  switch (json_typeof(value)) {
  case JSON_OBJECT:
    push_object(L, value);
    return;
  case JSON_ARRAY:
    push_list(L, value);
    return;
  case JSON_STRING:
    if (md_secret_is(value))
      md_secret_push(L, value);
    else
      lua_pushlstring(L, json_string_value(value), json_string_length(value));
    return;
  case JSON_INTEGER:
    lua_pushinteger(L, json_integer_value(value));
    return;
  case JSON_REAL:
    lua_pushnumber(L, json_real_value(value));
    return;
  case JSON_TRUE:
  case JSON_FALSE:
    lua_pushboolean(L, json_is_true(value));
    return;
  case JSON_NULL:
    lua_pushnil(L);
    return;
  }
}

void md_value_push_seconds(lua_State *L, double seconds) {
  lua_Integer whole;
  if (lua_numbertointeger(seconds, &whole) && (double)whole == seconds)
    lua_pushinteger(L, whole);
  else
    lua_pushnumber(L, seconds);
}

json_t *md_value_seconds(lua_State *L, md_micros span) {
  return md_value_made(L, span % MD_SECOND == 0 ? json_integer(span / MD_SECOND) : json_real((double)span / 1e6));
}
