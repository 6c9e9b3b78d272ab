// SPDX-License-Identifier: Apache-2.0
// The known ways out of a Lua sandbox (S1–S4, S8, S9), as data: what each comes to, and that the next turn in the same
// state, of another run, finds everything as it was. Then a walk over all that a script can reach.
#include "script/state.h"
#include "script_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { DONE = MD_TURN_DONE, SUSPENDED = MD_TURN_SUSPENDED, RAISES = MD_TURN_ERROR, BUDGET = MD_TURN_BUDGET };

typedef struct attack {
  const char *body;
  int result;       // an md_turn_result
  const char *text; // in the outcome, or in the error
} attack;

static const char moment[] =
    "local moment, shared = require 'moment', require 'shared'\n"
    "local turns = 0\n"
    "return moment.define { class = 'service', on = 'a', run = function(m, event)\n"
    "turns = turns + 1 shared.turns = (shared.turns or 0) + 1\n"
    "if event.data.attack then do %s\n end return end\n"
    "if turns ~= 1 or shared.turns ~= 1 or shared.planted or leaked ~= nil then return 'a leak' end\n"
    "assert(('abc'):upper() == 'ABC' and ('x'):rep(3) == 'xxx' and ('%%d'):format(3) == '3')\n"
    "assert(tostring({}) == 'table' and getmetatable('') == false and getmetatable(event.data.lines) == false)\n"
    "assert(next({}) == nil and #event.data.lines == 0 and select('#', pcall(error)) == 2)\n"
    "local keys = '' for k in pairs({ b = 1, a = 2 }) do keys = keys .. k end assert(keys == 'ab')\n"
    "assert(require('fmt').list { 'a', 'b' } == 'a og b' and type(m.set) == 'function' and null ~= nil)\n"
    "assert(math.type(1) == 'integer' and table.concat({ 1, 2 }) == '12' and utf8.len('\\u{e6}') == 1)\n"
    "return 'clean' end }\n";

static void run_attack(const attack *row) {
  static const char *const more[] = {"shared/shared.lua", "return {}", NULL};
  script_fixture f;
  md_arena *arena = md_arena_new(0), *before = md_json_scope(arena);
  const char *text = md_arena_printf(arena, moment, row->body);
  md_json_scope(before);
  if (script_try(&f, NULL, text, (const char **)more)) fail_msg("%s: %s", f.err.text, row->body);
  md_turn_result result = script_turn(&f, "{\"attack\":true,\"lines\":[],\"list\":[1,2]}");
  if ((int)result != row->result) fail_msg("result %d: %s: %s", result, row->body, f.err.text);
  const char *told = result == MD_TURN_DONE ? f.end.outcome ? f.end.outcome : "nil" : f.err.text;
  if (!strstr(told, row->text)) fail_msg("\"%s\" is not in \"%s\": %s", row->text, told, row->body);
  if (strstr(f.trace, "bad")) fail_msg("a step got through: %s", row->body);
  f.journal = json_array();
  *f.trace = 0;
  result = script_turn(&f, "{\"lines\":[]}");
  if (result != MD_TURN_DONE || strcmp(f.end.outcome, "clean") != 0)
    fail_msg("the next turn: %s %s, after: %s", f.err.text, f.end.outcome ? f.end.outcome : "", row->body);
  script_close(&f);
  md_arena_free(arena);
}

static const attack code_and_libraries[] = {
    {"load('return 1')", RAISES, "load is not available"},
    {"local l = load return l('return 1')", RAISES, "load is not available"},
    {"_ENV.load('x')", RAISES, "load is not available"},
    {"loadstring('x')", RAISES, "loadstring is not available"},
    {"dofile('/etc/passwd')", RAISES, "dofile is not available"},
    {"return string.dump(function() end)", RAISES, "string.dump is not available"},
    {"return ('').dump(function() end)", RAISES, "string.dump is not available"},
    {"return tostring(rawget(string, 'dump')) .. tostring(rawget(_ENV, 'load'))", DONE, "nilnil"},
    {"coroutine.wrap(function() end)()", RAISES, "coroutine.wrap is not available"},
    {"debug.sethook()", RAISES, "debug.sethook is not available"},
    {"return debug.getregistry()", RAISES, "debug.getregistry is not available"},
    {"collectgarbage('stop')", RAISES, "collectgarbage is not available"},
    {"os.execute('true')", RAISES, "os.execute is not available"},
    {"io.popen('true')", RAISES, "io.popen is not available"},
    {"package.loadlib('x', '*')", RAISES, "package.loadlib is not available"},
    {"return require 'os'", RAISES, "there is no module os"},
    {"return require 'string'", RAISES, "there is no module string"},
    {"return require '_G'", RAISES, "there is no module _G"},
    {"return require '../m2/moment'", RAISES, "there is no module"},
    {"return require '/etc/passwd'", RAISES, "there is no module"},
    {"return require 'shared.shared'", RAISES, "there is no module"},
    {"return require ''", RAISES, "there is no module"},
    {"return require(('x'):rep(100000))", RAISES, "there is no module"},
    {"return require(5)", RAISES, "require takes a name in quotes"},
    {"return require(setmetatable({}, { __tostring = function() return 'os' end }))", RAISES, "require takes a name"},
    {"return require 'moment'.define { }", RAISES, "moment"},
};

static const attack metatables[] = {
    {"getmetatable('').__index = {}", RAISES, "attempt to index a boolean"},
    {"getmetatable('').__add = nil", RAISES, "attempt to index a boolean"},
    {"setmetatable('', {})", RAISES, "table expected"},
    {"string.rep = nil", RAISES, "string is read-only"},
    {"string.planted = 1", RAISES, "string is read-only"},
    {"table.insert(string, 1)", RAISES, "string is read-only"},
    {"table.move({ 1 }, 1, 1, 1, math)", RAISES, "math is read-only"},
    {"table.sort(table)", DONE, "nil"},
    {"setmetatable(string, { })", RAISES, "protected metatable"},
    {"setmetatable(_ENV, { })", RAISES, "protected metatable"},
    {"setmetatable(m, { })", RAISES, "protected metatable"},
    {"setmetatable(event.data.lines, { })", RAISES, "protected metatable"},
    {"event.data.lines[1] = 1 event.data.list = nil event.id = 'x' return event.id", DONE, "x"},
    {"m.set = nil", RAISES, "m is read-only"},
    {"m.planted = 1", RAISES, "m is read-only"},
    {"require('fmt').money = nil", RAISES, "fmt is read-only"},
    {"require('moment').define = nil", RAISES, "moment is read-only"},
    {"null.x = 1", RAISES, "attempt to index"},
    {"rawset(string, 'x', 1)", RAISES, "rawset is not available"},
    {"return tostring(rawequal(string, rawget(_ENV, 'string'))) .. rawlen(string)", DONE, "false0"},
    {"setmetatable({}, { __gc = function() leaked = 1 end })", RAISES, "__gc is not available"},
    {"local mt = {} for i = 1, 99 do setmetatable({}, mt) end mt.__gc = function() m:set('bad', 1) end\n"
     "for i = 1, 2000 do local t = { ('x'):rep(50):rep(20) .. i } end return 'ok'",
     DONE, "ok"},
    {"setmetatable({}, { __mode = 'kv' })", RAISES, "__mode is not available"},
    {"setmetatable({}, { __close = function() end })", RAISES, "__close is not available"},
    {"return tostring(setmetatable({}, { __name = 'string' }))", DONE, "table"},
    {"return type(setmetatable({}, { __name = 'userdata', __metatable = 'x' }))", DONE, "table"},
    {"return setmetatable({}, { __metatable = 1 }) == 1 and 'x' or getmetatable(setmetatable({}, { __metatable = 'own' "
     "}))",
     DONE, "own"},
    {"setmetatable(setmetatable({}, { __metatable = false }), {})", RAISES, "protected metatable"},
    {"return #setmetatable({}, { __len = function() return 'x' end })", DONE, "x"},
    {"table.insert(setmetatable({}, { __len = function() return 'x' end }), 1)", RAISES,
     "object length is not an integer"},
    {"table.concat(setmetatable({}, { __len = function() return 2.5 end }))", RAISES,
     "object length is not an integer"},
};

// A closing value of a for loop is the one way left to a __close: an ordinary metamethod, in which no step is taken.
static const attack callbacks[] = {
    {"('x'):gsub('x', function() m:set('bad', 1) end)", RAISES, "is called from a callback"},
    {"table.sort({ 1, 2 }, function() m:set('bad', 1) end)", RAISES, "is called from a callback"},
    {"xpcall(error, function() m:set('bad', 1) end) return 'on'", DONE, "on"},
    {"return setmetatable({}, { __index = function() m:set('bad', 1) end }).x", RAISES, "is called from a callback"},
    {"setmetatable({}, { __newindex = function() m:set('bad', 1) end }).x = 1", RAISES, "is called from a callback"},
    {"setmetatable({}, { __call = function() m:sleep(1) end })()", SUSPENDED, ""},
    {"return setmetatable({}, { __concat = function() m:set('bad', 1) end }) .. 'x'", RAISES, "from a callback"},
    {"return setmetatable({}, { __eq = function() m:set('bad', 1) end }) == {}", RAISES, "from a callback"},
    {"return setmetatable({}, { __lt = function() m:set('bad', 1) end }) < {}", RAISES, "from a callback"},
    {"return #setmetatable({}, { __len = function() m:set('bad', 1) end })", RAISES, "from a callback"},
    {"return -setmetatable({}, { __unm = function() m:set('bad', 1) end })", RAISES, "from a callback"},
    {"return tostring(setmetatable({}, { __tostring = function() m:set('bad', 1) end }))", RAISES, "from a callback"},
    {"for k in pairs(setmetatable({}, { __pairs = function() m:set('bad', 1) end })) do end", RAISES,
     "from a callback"},
    {"error(setmetatable({}, { __tostring = function() m:set('bad', 1) end }))", RAISES, ""},
    {"local mt = {} local x = setmetatable({}, mt) mt.__close = function() pcall(m.set, m, 'bad', 1) end\n"
     "for i in function(_, i) return not i and 1 or nil end, nil, nil, x do end return 'closed'",
     DONE, "closed"},
    {"local mt = {} local x = setmetatable({}, mt) mt.__close = function() pcall(m.set, m, 'bad', 1) end\n"
     "for i in function(_, i) return not i and 1 or nil end, nil, nil, x do m:sleep(1) end",
     SUSPENDED, ""},
    {"local mt = {} local x = setmetatable({}, mt) mt.__close = function() while true do end end\n"
     "for i in function(_, i) return not i and 1 or nil end, nil, nil, x do error('out') end",
     RAISES, "m1/moment.lua:6: out"},
    {"local mt = {} local x = setmetatable({}, mt) mt.__close = function() while true do end end\n"
     "for i in function(_, i) return not i and 1 or nil end, nil, nil, x do while true do end end",
     BUDGET, "the budget of 1000000"},
    {"pcall(function() m:sleep(1) end) m:set('bad', 1)", SUSPENDED, ""},
    {"xpcall(function() m:sleep(1) end, function() m:set('bad', 1) end) m:set('bad', 1)", SUSPENDED, ""},
    {"m.set('bad', 1)", RAISES, "is called with a colon"},
    {"m.set({}, 'bad', 1)", RAISES, "is called with a colon"},
    {"m.set(setmetatable({}, { __index = m }), 'bad', 1)", RAISES, "is called with a colon"},
};

static const attack depth[] = {
    {"local function f() return 1 + f() end return tostring(pcall(f))", BUDGET, "the budget"},
    {"local function f() return 1 + f() end f()", BUDGET, "the budget"},
    {"local function f() pcall(f) end f() return 'back'", DONE, "back"},
    {"local function f() pcall(f) pcall(f) end f()", BUDGET, "the budget"},
    {"local function f() return (('x'):gsub('x', f)) end return tostring(pcall(f))", DONE, "false"},
    {"local function f() table.sort({ 1, 2 }, f) end return tostring(pcall(f))", DONE, "false"},
    {"local function f(e) return xpcall(error, f, e) end f() return 'back'", DONE, "back"},
    {"return tostring(xpcall(error, function() error('again') end))", DONE, "false"},
    {"local t = setmetatable({}, {}) getmetatable(t).__tostring = tostring return tostring(pcall(tostring, t))", DONE,
     "false"},
    {"local t = setmetatable({}, {}) getmetatable(t).__index = function(s, k) return s[k] end\n"
     "return tostring(pcall(function() return t.x end))",
     DONE, "false"},
    {"local t = {} setmetatable(t, t) t.__index = t return tostring(pcall(function() return t.x end))", DONE, "false"},
    {"local t = setmetatable({}, {}) getmetatable(t).__concat = function(a, b) return a .. b end\n"
     "return tostring(pcall(function() return t .. t end))",
     DONE, "false"},
    {"local t = {} for i = 1, 200 do t = { t } end m:set('bad', t)", RAISES, "deeper than 64 tables"},
    {"local t = {} t[1] = t m:set('bad', t)", RAISES, "deeper than 64 tables"},
    {"return tostring(pcall(string.format, ('%s'):rep(100000), 1))", BUDGET, "the budget"},
    {"local function f(...) return select('#', ...) end return f(table.unpack({}, 1, 3000)) .. ''", DONE, "3000"},
    {"local function f(n, ...) if n == 0 then return select('#', ...) end return f(n - 1, n, ...) end return f(200) .. "
     "''",
     DONE, "200"},
};

static const attack errors[] = {
    {"error()", RAISES, "nil"},
    {"error({})", RAISES, "table"},
    {"error(function() end)", RAISES, "function"},
    {"error(null)", RAISES, "null"},
    {"error(setmetatable({}, { __tostring = function() return {} end }))", RAISES, ""},
    {"error(setmetatable({}, { __tostring = function() error('again') end }))", RAISES, ""},
    {"error(setmetatable({}, { __tostring = function(e) return tostring(e) end }))", RAISES, ""},
    {"error(('x'):rep(300000))", RAISES, "xxxx"},
    {"error('a\\0b\\27[2J\\n', 0)", RAISES, "a"},
    {"local k = ('k'):rep(100000) return event[k].x", RAISES, "attempt to index"},
    {"local k = ('k'):rep(100000) return m[k]", RAISES, "there is no m:kkk"},
    {"return event.data[('k'):rep(1000)](1)", RAISES, "attempt to call"},
    {"return ('%99999d'):format(1)", RAISES, "invalid conversion"},
    {"return ('%p'):format({})", RAISES, "%p is not available"},
    {"return ('%5p'):format('x')", RAISES, "%p is not available"},
    {"return ('%-+ #0p'):format('x')", RAISES, "%p is not available"},
    {"return ('%q'):format({})", RAISES, "value has no literal form"},
    {"return ('%s'):format()", RAISES, "bad argument #1 to 'format'"},
    {"return ('%d'):format(3.5)", RAISES, "no integer representation"},
    {"return ('%s %s'):format({}, print and 1)", RAISES, "print is not available"},
};

static const attack leaks[] = {
    {"leaked = 1 _ENV.leaked = 2 return 'x'", DONE, "x"},
    {"string = nil table = {} pairs = error return type(string)", DONE, "table"},
    {"_ENV.tostring = function() return 'planted' end return tostring(1)", DONE, "planted"},
    {"local _ENV = { m = m } return type", DONE, "nil"},
    {"local _ENV = nil return x", RAISES, "attempt to index"},
    {"local _ENV <const> = {} leaked = 1 return leaked .. ''", DONE, "1"},
    {"_G.leaked = 1", RAISES, "_G is not available"},
    {"require('shared').planted = 1 return 'x'", DONE, "x"},
    {"shared.planted, turns = 1, 7 return 'x'", DONE, "x"},
    {"do goto out end error('on') ::out::", DONE, "nil"},
    {"local t, s = { 1, 2, 3 }, 0 for k in pairs(t) do t[k] = nil t[k + 10] = 1 s = s + k end return s .. ''", DONE,
     "6"},
    {"local t = { a = 1 } for k in next, t do t[k] = nil t[k .. 'x'] = 1 end return next(t)", DONE, "ax"},
    {"return tostring(next({ a = 1 }, 'no such key'))", DONE, "nil"},
    {"local t = { 5, 3, 1 } table.sort(t, function(a, b) t[1] = nil return true end) return #t .. ''", DONE, "3"},
    {"local t = { 3, 2, 1 } table.sort(t, function() return m end) return t[1] .. ''", DONE, ""},
    {"return tostring(pcall(table.sort, { 3, 2, {} }))", DONE, "false"},
};

static const attack numbers[] = {
    {"return ('x'):rep(-1) .. ('x'):rep(math.mininteger) .. ('x'):sub(math.mininteger, math.maxinteger)", DONE, "x"},
    {"return ('abc'):sub(math.maxinteger, math.mininteger) .. select('#', ('abc'):byte(math.mininteger, "
     "math.maxinteger))",
     DONE, "3"},
    {"return ('x'):rep(1 << 62)", BUDGET, "the budget"},
    {"return ('xx'):rep(math.maxinteger)", BUDGET, "the budget"},
    {"return tostring(('abc'):find('b', math.mininteger)) .. tostring(('abc'):find('b', math.maxinteger))", DONE,
     "2nil"},
    {"return (('abc'):gsub('', '-', math.mininteger))", DONE, "abc"},
    {"for x in ('abc'):gmatch('.', math.mininteger) do return x end", DONE, "a"},
    {"return tostring(select('#', table.unpack({}, math.maxinteger, math.maxinteger)))", DONE, "1"},
    {"return table.unpack({}, math.maxinteger - 1, math.maxinteger)", DONE, "nil"},
    {"return select(math.mininteger, 1)", RAISES, "index out of range"},
    {"return select(-2, 1)", RAISES, "index out of range"},
    {"return 1 // 0", RAISES, "attempt to"},
    {"return 1 % 0", RAISES, "attempt to perform"},
    {"return (math.mininteger // -1) .. ',' .. (math.mininteger % -1) .. ',' .. math.abs(math.mininteger)", DONE,
     "-9223372036854775808,0,-9223372036854775808"},
    {"local n = 0 for i = math.maxinteger - 1, math.maxinteger do n = n + 1 end return n .. ''", DONE, "2"},
    {"for i = 1, 2, 0 do end", RAISES, "'for' step is zero"},
    {"return utf8.char(-1)", RAISES, "value out of range"},
    {"return #utf8.char(0x7FFFFFFF) .. ''", DONE, "6"},
    {"return utf8.codepoint('abc', 4)", RAISES, "out of bounds"},
    {"for _ in utf8.codes('ab\\xff') do end", RAISES, "invalid UTF-8 code"},
    {"return tostring(utf8.len('\\xff'))", DONE, "nil"},
    {"return utf8.offset('abc', 1, 100)", RAISES, "position out of bounds"},
    {"return string.pack('i17', 1)", RAISES, "out of limits"},
    {"return string.unpack('s8', ('\\255'):rep(8))", RAISES, "data string too short"},
    {"return string.unpack('z', 'abc')", RAISES, "unfinished string"},
    {"return string.unpack('i4', 'abc', math.mininteger)", RAISES, ""},
    {"return string.pack('!3 i4', 1)", RAISES, "not power of 2"},
    {"return math.tointeger('8') == nil and 'nil' or math.type('8' + 0)", DONE, ""},
    {"return table.concat({ {} })", RAISES, "invalid value"},
    {"table.insert({ 1 }, 5, 1)", RAISES, "position out of bounds"},
    {"table.insert({ 1 })", RAISES, "wrong number of arguments"},
    {"table.remove({ 1 }, 7)", RAISES, "position out of bounds"},
    {"table.move({}, 1, 2, math.maxinteger)", RAISES, "destination wrap around"},
    {"m:set('bad', 0/0)", RAISES, "NaN"},
    {"m:set('bad', math.huge)", RAISES, "infinite"},
    {"m:set('bad', '\\xff')", RAISES, "UTF-8"},
    {"m:set('bad', 'a\\0b')", RAISES, "NUL"},
    {"m:set('bad', ('x'):rep(70000))", RAISES, "too large"},
    {"m:sleep(-1)", RAISES, "negative"},
    {"m:sleep(0/0)", RAISES, "m:sleep"},
    {"m:sleep('401d')", RAISES, "m:sleep"},
    {"return ('x'):rep(1025)", RAISES, "an outcome is a text of at most 1 KiB"},
    {"return {}", RAISES, "run returned table"},
};

#define RUN_ALL(table)                                                                                                 \
  for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)                                                         \
  run_attack(&(table)[i])

static void test_S1_code_and_libraries(void **state) {
  (void)state;
  RUN_ALL(code_and_libraries);
}

static void test_S1_metatables(void **state) {
  (void)state;
  RUN_ALL(metatables);
}

static void test_S8_callbacks_take_no_steps(void **state) {
  (void)state;
  RUN_ALL(callbacks);
}

static void test_S3_depth(void **state) {
  (void)state;
  RUN_ALL(depth);
}

static void test_S2_error_values(void **state) {
  (void)state;
  RUN_ALL(errors);
}

static void test_S8_nothing_leaks_into_the_next_turn(void **state) {
  (void)state;
  RUN_ALL(leaks);
}

static void test_S9_numbers_and_values_at_their_edges(void **state) {
  (void)state;
  RUN_ALL(numbers);
}

static const char *nested(const char *begin, const char *open, const char *close, int count) {
  md_arena *arena = md_json_scope(NULL);
  md_json_scope(arena);
  size_t opens = strlen(open), closes = strlen(close), at = strlen(begin);
  char *text = md_arena_alloc(arena, at + (size_t)count * (opens + closes) + 1);
  strcpy(text, begin);
  for (int i = 0; i < count; i++, at += opens)
    memcpy(text + at, open, opens);
  for (int i = 0; i < count; i++, at += closes)
    memcpy(text + at, close, closes);
  text[at] = 0;
  return text;
}

static void test_S1_the_parser_has_a_depth(void **state) {
  (void)state;
  md_arena *arena = md_arena_new(0), *before = md_json_scope(arena);
  script_expect_refused(nested("return ", "(", ")", 30000), MD_ESYNTAX, "m1/moment.lua:1: ");
  script_expect_refused(nested("return ", "{", "}", 30000), MD_ESYNTAX, "m1/moment.lua:1: ");
  script_expect_refused(nested("return ", "not ", "", 30000), MD_ESYNTAX, "m1/moment.lua:1: ");
  script_expect_refused(nested("local x = 1 return x", "..x", "", 30000), MD_ESYNTAX, "m1/moment.lua:1: ");
  script_expect_refused(nested("", "do ", "end ", 30000), MD_ESYNTAX, "m1/moment.lua:1: ");
  script_expect_refused(nested("local f = ", "function() return ", "end ", 5000), MD_ESYNTAX, "m1/moment.lua:1: ");
  script_expect_refused(nested("", "local a ", "", 300), MD_ESYNTAX, "too many local variables");
  script_expect_refused("\x1bLua\x54", MD_ESYNTAX, "binary chunk");
  script_expect_refused("#!/usr/bin/lua\n\x1bLua", MD_ESYNTAX, "m1/moment.lua");
  script_expect_refused("return '\\u{FFFFFFFFF}'", MD_ESYNTAX, "UTF-8 value too large");
  script_expect_refused("return [==[ unfinished", MD_ESYNTAX, "unfinished long string");
  script_expect_refused("goto nowhere", MD_ESYNTAX, "no visible label");
  script_expect_refused("local x <close> = nil", MD_ESYNTAX, "<close> is not available");
  md_json_scope(before);
  md_arena_free(arena);
}

// --- what a script can reach --------------------------------------------------------------------------------------

enum { STOCK_MAX = 300, SEEN_MAX = 5000 };

typedef struct stock {
  lua_CFunction functions[STOCK_MAX];
  const char *names[STOCK_MAX]; // live as long as their state
  int count;
} stock;

// "rep" of string, "open" of io … under their full names in the order of _G.
static void collect_stock(lua_State *L, const char *library, stock *out) {
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) continue;
    if (lua_iscfunction(L, -1)) {
      assert_true(out->count < STOCK_MAX);
      lua_pushfstring(L, "%s%s", library, lua_tostring(L, -2));
      out->names[out->count] = lua_tostring(L, -1);
      luaL_ref(L, LUA_REGISTRYINDEX);
      out->functions[out->count++] = lua_tocfunction(L, -1);
    } else if (lua_istable(L, -1) && !*library && strcmp(lua_tostring(L, -2), "_G") != 0) {
      lua_pushfstring(L, "%s.", lua_tostring(L, -2));
      const char *name = lua_tostring(L, -1);
      lua_insert(L, -2);
      collect_stock(L, name, out);
      lua_remove(L, -2);
    }
  }
}

static bool allowed(const char *name) {
  static const char *const base[] = {"assert", "error",  "getmetatable", "ipairs", "rawequal", "rawget",
                                     "rawlen", "select", "tonumber",     "type",   NULL};
  static const char *const not_these[] = {"string.dump", "math.random", "math.randomseed", NULL};
  for (int i = 0; not_these[i]; i++)
    if (strcmp(name, not_these[i]) == 0) return false;
  for (int i = 0; base[i]; i++)
    if (strcmp(name, base[i]) == 0) return true;
  return strncmp(name, "string.", 7) == 0 || strncmp(name, "math.", 5) == 0 || strncmp(name, "table.", 6) == 0 ||
         strncmp(name, "utf8.", 5) == 0;
}

typedef struct walk {
  lua_State *L;
  const stock *stock;
  const void *seen[SEEN_MAX];
  int count, functions;
} walk;

static bool seen_before(walk *w, const void *what) {
  for (int i = 0; i < w->count; i++)
    if (w->seen[i] == what) return true;
  assert_true(w->count < SEEN_MAX);
  w->seen[w->count++] = what;
  return false;
}

static void check_function(walk *w, lua_CFunction f) {
  w->functions++;
  for (int i = 0; i < w->stock->count; i++)
    if (w->stock->functions[i] == f && !allowed(w->stock->names[i])) fail_msg("%s is in reach", w->stock->names[i]);
}

// The value on top: what it holds, its metatable even where scripts may not see it, and the upvalues of functions.
static void visit(walk *w) {
  lua_State *L = w->L;
  assert_true(lua_checkstack(L, 10));
  if (lua_isthread(L, -1)) fail_msg("a coroutine is in reach");
  if (lua_getmetatable(L, -1)) {
    visit(w);
    lua_pop(L, 1);
  }
  bool table = lua_istable(L, -1), function = lua_isfunction(L, -1);
  if ((!table && !function) || (lua_tocfunction(L, -1) == NULL && seen_before(w, lua_topointer(L, -1)))) return;
  if (lua_iscfunction(L, -1)) {
    check_function(w, lua_tocfunction(L, -1));
    if (lua_getupvalue(L, -1, 1) == NULL) return;
    lua_pop(L, 1);
    if (seen_before(w, lua_topointer(L, -1))) return;
  }
  for (int i = 1; function && lua_getupvalue(L, -1, i); i++) {
    visit(w);
    lua_pop(L, 1);
  }
  if (table)
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
      visit(w);
      lua_pushvalue(L, -2);
      visit(w);
      lua_pop(L, 1);
    }
}

static void visit_ref(walk *w, int ref) {
  lua_rawgeti(w->L, LUA_REGISTRYINDEX, ref);
  visit(w);
  lua_pop(w->L, 1);
}

static void test_S1_nothing_forbidden_is_in_reach(void **state) {
  (void)state;
  script_fixture f;
  stock all = {.count = 0};
  lua_State *other = luaL_newstate();
  luaL_openlibs(other);
  lua_pushglobaltable(other);
  collect_stock(other, "", &all);
  assert_true(all.count > 100);
  script_open(&f, "local moment = require 'moment' local t = setmetatable({}, { __index = function() end })\n"
                  "return moment.define { class = 'service', on = 'a', run = function(m, event)\n"
                  "  for k in pairs(event) do end local s = ('x'):gmatch('x') kept = s end }");
  assert_int_equal(script_turn(&f, "{\"lines\":[]}"), MD_TURN_DONE);
  md_vm *vm = f.vm;
  walk w = {.L = vm->L, .stock = &all};
  const int refs[] = {vm->refs.base, vm->refs.env_meta,   vm->refs.env,    vm->refs.loaded, vm->refs.m,
                      vm->refs.next, vm->refs.array_meta, vm->builtins[0], vm->builtins[1], vm->builtins[2]};
  for (size_t i = 0; i < sizeof refs / sizeof *refs; i++)
    visit_ref(&w, refs[i]);
  lua_pushliteral(vm->L, "");
  visit(&w);
  lua_pushlightuserdata(vm->L, NULL);
  visit(&w);
  lua_pushinteger(vm->L, 1);
  visit(&w);
  lua_pushboolean(vm->L, 1);
  visit(&w);
  lua_settop(vm->L, 0);
  assert_true(w.functions > 100);
  lua_close(other);
  script_close(&f);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_S1_code_and_libraries),
      cmocka_unit_test(test_S1_metatables),
      cmocka_unit_test(test_S8_callbacks_take_no_steps),
      cmocka_unit_test(test_S3_depth),
      cmocka_unit_test(test_S2_error_values),
      cmocka_unit_test(test_S8_nothing_leaks_into_the_next_turn),
      cmocka_unit_test(test_S9_numbers_and_values_at_their_edges),
      cmocka_unit_test(test_S1_the_parser_has_a_depth),
      cmocka_unit_test(test_S1_nothing_forbidden_is_in_reach),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
