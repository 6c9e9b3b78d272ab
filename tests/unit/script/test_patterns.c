// SPDX-License-Identifier: Apache-2.0
// Patterns (S3): catastrophic ones end with the budget, ordinary ones answer as the stock library does.
#include "script_fixture.h"
#include <lauxlib.h>
#include <lualib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// Expressions: the text, then what is done with it as `s`.
static const char *const catastrophic[][2] = {
    {"('a'):rep(3000)", "s:find('.-.-.-b')"},
    {"('a'):rep(3000)", "s:find('.*.*.*b')"},
    {"('a'):rep(3000)", "s:match('^(.-)(.-)(.-)b$')"},
    {"('a'):rep(3000)", "s:find('a*a*a*a*b')"},
    {"('a'):rep(3000)", "s:find('a-a-a-a-b')"},
    {"('a'):rep(40)", "s:find('a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?b')"},
    {"('a'):rep(40)", "s:find('^' .. ('a*'):rep(12) .. 'b')"},
    {"('a'):rep(40)", "s:find('^' .. ('.-'):rep(12) .. 'b')"},
    {"('a'):rep(40)", "s:find('^' .. ('(a*)'):rep(12) .. 'b')"},
    {"('a '):rep(3000)", "s:match('^(.*)%s+(.*)%s+(.*)!$')"},
    {"('a,'):rep(3000)", "s:match('(.-),(.-),(.-),(.-)!')"},
    {"('x'):rep(5000)", "s:gsub('x*x*y', '')"},
    {"('x'):rep(5000)", "s:gsub('(x-)(x-)y', '%1')"},
    {"('x'):rep(5000)", "s:gsub('.-.-y', {})"},
    {"('('):rep(20000)", "s:find('%b()')"},
    {"('('):rep(20000)", "s:gsub('%b()', '')"},
    {"('('):rep(20000)", "(function() for w in s:gmatch('%b()') do end end)()"},
    {"('ab'):rep(3000)", "s:find('([ab]*)([ab]*)c')"},
    {"('ab'):rep(3000)", "s:find('[ab]-[ab]-[ab]-c')"},
    {"('ab'):rep(3000)", "s:find('[^c]*[^c]*c')"},
    {"('1'):rep(3000)", "s:match('%d*%d*%d*x')"},
    {"('1'):rep(3000)", "s:match('(%d+)%.?(%d+)%.?(%d+)x')"},
    {"(' '):rep(9000)", "s:gsub('%s+$x', '')"},
    {"(' '):rep(9000)", "s:match('^%s*(.-)%s*x$')"},
    {"(' '):rep(9000)", "s:gsub('%s*%s*;', '')"},
    {"('aa'):rep(4000)", "s:find('(a+)%1b')"},
    {"('ab'):rep(4000)", "s:find('(.*)%1%1c')"},
    {"('a@'):rep(3000)", "s:find('[%w.]*@[%w.@]*@[%w.@]*!')"},
    {"('a'):rep(20000)", "s:find('[' .. ('b'):rep(2000) .. ']')"},
    {"('a'):rep(200)", "s:find('%f[a]' .. ('.-'):rep(20) .. 'b')"},
};

static void test_S3_catastrophic_patterns_are_stopped(void **state) {
  (void)state;
  static const int64_t budgets[] = {1000000, 10000000};
  for (size_t i = 0; i < 2 * (sizeof catastrophic / sizeof *catastrophic); i++) {
    script_fixture f;
    md_arena *arena = md_arena_new(0), *before = md_json_scope(arena);
    const char *const *row = catastrophic[i / 2];
    const char *text = script_with_body(
        md_arena_printf(arena, "local s = %s pcall(function() return %s end) m:set('bad', 1)", row[0], row[1]));
    md_json_scope(before);
    script_open(&f, text);
    f.budget = budgets[i % 2];
    md_turn_result result = script_turn(&f, NULL);
    if (result != MD_TURN_BUDGET) fail_msg("result %d: %s: %s", result, row[1], f.err.text);
    assert_string_equal(f.trace, "");
    assert_in_range(f.end.instructions, f.budget, f.budget + f.budget / 2); // and stopped there, not much later
    script_close(&f);
    md_arena_free(arena);
  }
}

// Patterns as scripts have them, tried on every one of these texts.
static const char *const texts[] = {
    "",
    "A-1001",
    "  Ida Holm  ",
    "ida.holm+shop@example.com",
    "https://shop.example.com/orders/17?utm_source=mail&id=A%2D1#top",
    "2026-11-28T09:15:30.250Z",
    "Hej Ida,\nDin ordre (nr. A-1001) er afsendt.\r\nTotal: 1.249,50 kr.\n\n-- \nButikken",
    "key=value; other = \"quoted, value\"; last=",
    "a,b,,c;d|e\tf",
    "f(a, g(b, (c)), d) [x[y]z] {k = {1, 2}} ((",
    "+45 12 34 56 78",
    "S\xc3\xb8ren \xc3\x86r\xc3\xb8",
    "THE (quick) fox, THE-END; the1 2the",
    "%d %s 100% $5.00 ^top $end",
    "aaa aab abab xyx",
};
static const char *const ordinary[] = {
    "Ida",
    "-",
    ".",
    "%.",
    "%-",
    "%%",
    "a",
    "^a",
    "a$",
    "^$",
    "^%s*$",
    "%s+",
    "^%s+",
    "%s+$",
    "^%s*(.-)%s*$",
    "%a+",
    "%d+",
    "%w+",
    "%p",
    "%u%l*",
    "%x+",
    "%c",
    "%g+",
    "%S+",
    "%D+",
    "%W",
    "[%w_]+",
    "[^,]+",
    "([^,]*),?",
    "[^,;|\t]+",
    "(%w+)=(%w*)",
    "(%w+)%s*=%s*(%w+)",
    "(%a+)%s*=%s*\"([^\"]*)\"",
    "^(%d%d%d%d)%-(%d%d)%-(%d%d)",
    "(%d+):(%d+):(%d+)",
    "T(%d%d):",
    "%.(%d+)Z$",
    "^([%w.+-]+)@([%w.-]+)$",
    "[%w.+-]+@[%w-]+%.[%w.-]+",
    "@(.+)$",
    "^(%a+)://",
    "://([^/]+)",
    "://[^/]+(/[^?#]*)",
    "%?(.*)#",
    "[?&]([^=]+)=([^&#]*)",
    "#(.*)$",
    "%%(%x%x)",
    "^A%-(%d+)$",
    "(%u)%-(%d+)",
    "%f[%w]%w+",
    "%f[%a]%u+%f[%A]",
    "%f[%d]%d",
    "THE%f[%A]",
    "%b()",
    "%b[]",
    "%b{}",
    "%((.-)%)",
    "%[(.-)%]",
    "()%a+()",
    "()",
    "(a*(.)%w(%s*))",
    "(%a)%1",
    "(%w+) %1",
    "(['\"])(.-)%1",
    "\"(.-)\"",
    "a*",
    "a+",
    "a-b",
    "a?b",
    "ab*",
    ".*",
    ".-",
    "^.",
    ".$",
    "(.*)",
    "(.-)\n",
    "[^\n]*\n?",
    "\r?\n",
    "\n\n+",
    "^%-%- $",
    "kr%.?",
    "%d+%.%d+,%d+",
    "[%d.,]+",
    "%d*%.?%d+",
    "^%+?%d[%d ]+$",
    "%+(%d%d)",
    "[\xc3][\x80-\xbf]",
    "[%z\1-\127\194-\244][\128-\191]*",
    "[a-c]+",
    "[%a_][%w_]*",
    "[]]",
    "[^]]+",
    "[a-]",
    "[-a]",
    "[%]]",
    "[%-%.]",
    "[^%s]+",
    "^[^@]+",
    "%$(%d+)",
    "%^(%a+)",
};

static const char script[] =
    "local out, pattern = {}, ...\n"
    "local function add(...) for i = 1, select('#', ...) do out[#out + 1] = tostring((select(i, ...))) end end\n"
    "local function all(text)\n"
    "  add('find', string.find(text, pattern)) add('from', string.find(text, pattern, 4)) add(string.find(text, "
    "pattern, -3))\n"
    "  add('match', string.match(text, pattern)) add('gsub', string.gsub(text, pattern, '<%0>'))\n"
    "  add(string.gsub(text, pattern, function(a) return #tostring(a) % 2 == 0 and 'even' end))\n"
    "  add(string.gsub(text, pattern, { Ida = 'Bo', a = false, ['1'] = 7 })) add(text:gsub(pattern, '%%', 2))\n"
    "  add('plain', text:find(pattern, 1, true))\n"
    "  for a, b in string.gmatch(text, pattern) do add(a, b) end\n"
    "end\n"
    "for i = 1, #texts do all(texts[i]) end\n"
    "local text, sum = table.concat(out, '|'), 0\n"
    "for i = 1, #text do sum = (sum * 31 + text:byte(i)) % 1000000007 end\n"
    "return sum .. ' ' .. #text\n";

static const char *quoted(const char *text) {
  md_arena *arena = md_json_scope(NULL);
  md_json_scope(arena);
  char *out = md_arena_alloc(arena, 4 * strlen(text) + 3), *at = out;
  *at++ = '\'';
  for (; *text; text++)
    at += sprintf(at, "\\%03d", (unsigned char)*text);
  *at++ = '\'';
  *at = 0;
  return out;
}

// The texts' table and the script, as a function of the pattern.
static const char *program(const char *pattern) {
  md_arena *arena = md_json_scope(NULL);
  md_json_scope(arena);
  const char *list = "";
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    list = md_arena_printf(arena, "%s%s,", list, quoted(texts[i]));
  return md_arena_printf(arena, "local texts = {%s} return (function(...) %s end)(%s)", list, script, quoted(pattern));
}

static void by_stock(const char *text, char out[static 100]) {
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  if (luaL_dostring(L, text)) fail_msg("%s", lua_tostring(L, -1));
  snprintf(out, 100, "%s", lua_tostring(L, -1));
  lua_close(L);
}

static void test_S3_ordinary_patterns_answer_as_always(void **state) {
  (void)state;
  assert_true(sizeof ordinary / sizeof *ordinary >= 100);
  for (size_t i = 0; i < sizeof ordinary / sizeof *ordinary; i++) {
    char expected[100];
    md_arena *arena = md_arena_new(0), *before = md_json_scope(arena);
    const char *text = program(ordinary[i]);
    by_stock(text, expected);
    script_expect(text, expected);
    md_json_scope(before);
    md_arena_free(arena);
  }
}

static void test_malformed_patterns_raise(void **state) {
  (void)state;
  static const char *const wrong[][2] = {
      {"('a'):find('%')", "m1/moment.lua:3: malformed pattern (ends with '%')"},
      {"('a'):find('[a')", "malformed pattern (missing ']')"},
      {"('a'):find('[]')", "malformed pattern (missing ']')"},
      {"('a'):find('[^')", "malformed pattern (missing ']')"},
      {"('a'):find('[%')", "malformed pattern (missing ']')"},
      {"('a'):find('%b')", "malformed pattern (missing arguments to '%b')"},
      {"('a'):find('%f')", "missing '[' after '%f' in pattern"},
      {"('a'):match('a)')", "invalid pattern capture"},
      {"('a'):find('(a')", "unfinished capture"},
      {"('a'):find('%1')", "invalid capture index %1"},
      {"('a'):find('(%1)')", "invalid capture index %1"},
      {"('a'):find('%0')", "invalid capture index %0"},
      {"('a'):find(('()'):rep(33))", "too many captures"},
      {"('a'):rep(300):find(('a?'):rep(300))", "pattern too complex"},
      {"('a'):gsub('a', '%2')", "invalid capture index %2"},
      {"('a'):gsub('a', '%x')", "invalid use of '%' in replacement string"},
      {"('a'):gsub('a', '%')", "invalid use of '%' in replacement string"},
      {"('a'):gsub('a', function() return {} end)", "invalid replacement value (a table)"},
      {"('a'):gsub('a')", "bad argument #2 to 'gsub' (string/function/table expected, got no value)"},
      {"string.find()", "bad argument #1 to 'find' (string expected, got no value)"},
      {"string.gmatch('a')", "bad argument #2 to 'gmatch' (string expected, got no value)"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    script_expect_error(wrong[i][0], wrong[i][1]);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_S3_catastrophic_patterns_are_stopped),
      cmocka_unit_test(test_S3_ordinary_patterns_answer_as_always),
      cmocka_unit_test(test_malformed_patterns_raise),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
