// SPDX-License-Identifier: Apache-2.0
// string.find, match, gmatch and gsub as in Lua 5.4, on the matcher that is charged (S3). The engine's thread.
#include "script/lib.h"
#include "script/limits.h"
#include "script/pattern.h"
#include <ctype.h>
#include <string.h>

enum { TEXT = 1, PATTERN = 2, REPLACEMENT = 3, BYTES_PER_INSTRUCTION = 8 };

// Where a search begins: 1 … len + 1; past that there is nothing to find.
static MD_RAISES size_t begin_at(lua_State *L, int index, size_t len) {
  lua_Integer at = luaL_optinteger(L, index, 1);
  if (at > 0) return (size_t)at;
  return at == 0 || at < -(lua_Integer)len ? 1 : len + (size_t)at + 1;
}

static bool is_plain(const char *pattern, size_t len) {
  for (size_t i = 0; i < len; i++)
    if (pattern[i] && strchr("^$*+?.([%-", pattern[i])) return false;
  return true;
}

static MD_RAISES int find_plain(lua_State *L, size_t from) {
  size_t len, wanted;
  const char *text = lua_tolstring(L, TEXT, &len), *what = lua_tolstring(L, PATTERN, &wanted);
  md_limits_charge(L, (int64_t)((len - from + wanted) / BYTES_PER_INSTRUCTION));
  const char *found = memmem(text + from, len - from, what, wanted);
  if (!found) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushinteger(L, found - text + 1);
  lua_pushinteger(L, found - text + (lua_Integer)wanted);
  return 2;
}

static MD_RAISES int answer(md_match *m, const char *from, const char *to, bool find) {
  int places = 0;
  if (find) {
    lua_pushinteger(m->L, from - m->begin + 1);
    lua_pushinteger(m->L, to - m->begin);
    places = 2;
  }
  int count = places + md_match_push_all(m, find ? NULL : from, to);
  md_match_settle(m);
  return count;
}

static MD_RAISES int search(lua_State *L, bool find) {
  size_t len, pattern_len;
  const char *text = luaL_checklstring(L, TEXT, &len), *pattern = luaL_checklstring(L, PATTERN, &pattern_len);
  size_t from = begin_at(L, 3, len) - 1;
  if (from > len) {
    lua_pushnil(L);
    return 1;
  }
  if (find && (lua_toboolean(L, 4) || is_plain(pattern, pattern_len))) return find_plain(L, from);
  md_match m;
  bool anchored = *pattern == '^';
  md_match_init(&m, L, text, len, pattern + pattern_len);
  for (const char *at = text + from; at <= m.end; at++) {
    const char *end = md_match_at(&m, at, pattern + anchored);
    if (end) return answer(&m, at, end, find);
    if (anchored) break;
  }
  md_match_settle(&m);
  lua_pushnil(L);
  return 1;
}

static MD_RAISES int l_find(lua_State *L) {
  return search(L, true);
}

static MD_RAISES int l_match(lua_State *L) {
  return search(L, false);
}

// upvalues: text, pattern, where to begin, where the match before ended (0: none)
static MD_RAISES int next_match(lua_State *L) {
  size_t len, pattern_len;
  const char *text = lua_tolstring(L, lua_upvalueindex(1), &len);
  const char *pattern = lua_tolstring(L, lua_upvalueindex(2), &pattern_len);
  lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
  md_match m;
  md_match_init(&m, L, text, len, pattern + pattern_len);
  for (const char *at = text + lua_tointeger(L, lua_upvalueindex(3)); at <= m.end; at++) {
    const char *end = md_match_at(&m, at, pattern);
    if (!end || end - text + 1 == last) continue;
    lua_pushinteger(L, end - text);
    lua_replace(L, lua_upvalueindex(3));
    lua_pushinteger(L, end - text + 1);
    lua_replace(L, lua_upvalueindex(4));
    return answer(&m, at, end, false);
  }
  md_match_settle(&m);
  return 0;
}

static MD_RAISES int l_gmatch(lua_State *L) {
  size_t len;
  luaL_checklstring(L, TEXT, &len);
  luaL_checkstring(L, PATTERN);
  size_t from = begin_at(L, 3, len) - 1;
  lua_settop(L, 2);
  lua_pushinteger(L, from > len ? (lua_Integer)len + 1 : (lua_Integer)from);
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, next_match, 4);
  return 1;
}

static MD_RAISES void add_capture(md_match *m, luaL_Buffer *out, int digit, const char *from, const char *to) {
  if (digit == '0') {
    luaL_addlstring(out, from, (size_t)(to - from));
    md_match_copied(m, (size_t)(to - from));
    return;
  }
  md_match_push(m, digit - '1', from, to);
  luaL_tolstring(m->L, -1, NULL);
  lua_remove(m->L, -2);
  luaL_addvalue(out);
}

// The replacement's text, % and a digit standing for captures.
static MD_RAISES void add_text(md_match *m, luaL_Buffer *out, const char *from, const char *to) {
  size_t len;
  const char *text = lua_tolstring(m->L, REPLACEMENT, &len), *end = text + len;
  md_match_copied(m, len);
  for (const char *percent; (percent = memchr(text, '%', (size_t)(end - text))) != NULL; text = percent + 2) {
    luaL_addlstring(out, text, (size_t)(percent - text));
    if (percent[1] == '%')
      luaL_addchar(out, '%');
    else if (isdigit((unsigned char)percent[1]))
      add_capture(m, out, percent[1], from, to);
    else
      md_raise(m->L, "invalid use of '%%' in replacement string");
  }
  luaL_addlstring(out, text, (size_t)(end - text));
}

// Returns whether the text was changed.
static MD_RAISES bool add_replacement(md_match *m, luaL_Buffer *out, int type, const char *from, const char *to) {
  lua_State *L = m->L;
  if (type == LUA_TFUNCTION) {
    lua_pushvalue(L, REPLACEMENT);
    lua_call(L, md_match_push_all(m, from, to), 1);
  } else if (type == LUA_TTABLE) {
    md_match_push(m, 0, from, to);
    lua_gettable(L, REPLACEMENT);
  } else {
    add_text(m, out, from, to);
    return true;
  }
  size_t len = (size_t)(to - from);
  bool changed = lua_toboolean(L, -1);
  if (changed && !lua_isstring(L, -1)) md_raise(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
  if (changed) {
    lua_tolstring(L, -1, &len);
    luaL_addvalue(out);
  } else {
    lua_pop(L, 1);
    luaL_addlstring(out, from, len);
  }
  md_match_copied(m, len);
  return changed;
}

typedef struct substitution {
  const char *pattern;
  lua_Integer limit, count;
  int type;
  bool anchored, changed;
} substitution;

// Returns the place from which nothing more is replaced.
static MD_RAISES const char *substitute(md_match *m, luaL_Buffer *out, substitution *work) {
  const char *at = m->begin, *last = NULL;
  while (work->count < work->limit) {
    const char *end = md_match_at(m, at, work->pattern);
    if (end && end != last) {
      work->count++;
      work->changed = add_replacement(m, out, work->type, at, end) || work->changed;
      at = last = end;
    } else if (at < m->end) {
      luaL_addchar(out, *at++);
    } else {
      break;
    }
    if (work->anchored) break;
  }
  return at;
}

static MD_RAISES int l_gsub(lua_State *L) {
  size_t len, pattern_len;
  const char *text = luaL_checklstring(L, TEXT, &len), *pattern = luaL_checklstring(L, PATTERN, &pattern_len);
  substitution work = {.type = lua_type(L, REPLACEMENT), .anchored = *pattern == '^'};
  work.limit = luaL_optinteger(L, 4, (lua_Integer)len + 1);
  work.pattern = pattern + work.anchored;
  luaL_argexpected(
      L, work.type == LUA_TNUMBER || work.type == LUA_TSTRING || work.type == LUA_TFUNCTION || work.type == LUA_TTABLE,
      REPLACEMENT, "string/function/table");
  if (work.type == LUA_TNUMBER) lua_tolstring(L, REPLACEMENT, NULL);
  md_match m;
  luaL_Buffer out;
  md_match_init(&m, L, text, len, pattern + pattern_len);
  luaL_buffinit(L, &out);
  const char *rest = substitute(&m, &out, &work);
  md_match_copied(&m, (size_t)(m.end - rest));
  md_match_settle(&m);
  if (work.changed) {
    luaL_addlstring(&out, rest, (size_t)(m.end - rest));
    luaL_pushresult(&out);
  } else {
    lua_pushvalue(L, TEXT);
  }
  lua_pushinteger(L, work.count);
  return 2;
}

void md_lib_patterns(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"find", l_find}, {"gmatch", l_gmatch}, {"gsub", l_gsub}, {"match", l_match}, {NULL, NULL}};
  luaL_setfuncs(L, functions, 0);
}
