// SPDX-License-Identifier: Apache-2.0
// ctest: quick=no
// Patterns and texts as they come: the charged find, match, gsub and gmatch answer what the stock library answers, both
// raise, or the budget ends. The input is the pattern, a zero byte, the text.
#include "base/assert.h"
#include "script/vm.h"
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 40, PATTERN_MAX = 24, PROGRAM_BYTES = 2000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t quote(char *out, const uint8_t *bytes, size_t len) {
  size_t used = 0;
  out[used++] = '\'';
  for (size_t i = 0; i < len; i++)
    used += (size_t)sprintf(out + used, "\\%03d", bytes[i]);
  out[used++] = '\'';
  out[used] = 0;
  return used;
}

static const char body[] =
    "local out = {}\n"
    "local function add(...) for i = 1, select('#', ...) do out[#out + 1] = tostring((select(i, ...))) end end\n"
    "local function try(f, ...) local r = table.pack(pcall(f, ...)) if r[1] then add(table.unpack(r, 2, r.n))\n"
    "  else add('raised') end end\n"
    "try(string.find, t, p) try(string.find, t, p, -3) try(string.find, t, p, 2, true) try(string.match, t, p)\n"
    "try(string.gsub, t, p, '<%0>') try(string.gsub, t, p, '%1') try(string.gsub, t, p, {}) try(string.gsub, t, p, p)\n"
    "try(function() for a, b in t:gmatch(p) do add(a, b) end end)\n"
    "local r, sum = table.concat(out, '|'), 0\n"
    "for i = 1, #r do sum = (sum * 31 + r:byte(i)) % 1000000007 end return sum .. ''\n";

static void by_stock(const char *program, char out[static 32]) {
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  *out = 0;
  if (luaL_dostring(L, program) == LUA_OK) snprintf(out, 32, "%s", lua_tostring(L, -1));
  lua_close(L);
}

static md_turn_result by_sandbox(const char *program, char out[static 32]) {
  char moment[PROGRAM_BYTES + 200];
  int len =
      snprintf(moment, sizeof moment,
               "return require('moment').define { class = 'service', on = 'a', run = function()\n%s end }", program);
  md_source_file file = {"m1/moment.lua", moment, (size_t)len};
  md_source source = {.files = &file, .count = 1};
  const md_turn_host host = {0};
  const md_event_view trigger = {.id = "e", .type = "a", .source = "s"};
  md_turn_end end = {0};
  md_vm *vm = NULL;
  md_error err;
  md_require(md_vm_new(&vm, "m1", &source, NULL, &err) == 0);
  md_turn_result result = md_vm_turn(vm, &host, &trigger, 0, &end, &err);
  snprintf(out, 32, "%s", end.outcome ? end.outcome : "");
  md_vm_free(vm);
  return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
  size_t pattern = zero ? (size_t)(zero - data) : size, text = zero ? size - pattern - 1 : 0;
  if (pattern > PATTERN_MAX || text > TEXT_MAX) return 0;
  char program[PROGRAM_BYTES], ours[32], theirs[32];
  size_t used = (size_t)sprintf(program, "local p = ");
  used += quote(program + used, data, pattern);
  used += (size_t)sprintf(program + used, " local t = ");
  used += quote(program + used, zero ? zero + 1 : data, text);
  snprintf(program + used, sizeof program - used, " %s", body);
  md_json_init();
  md_arena *arena = md_arena_new(0), *before = md_json_scope(arena);
  md_turn_result result = by_sandbox(program, ours);
  md_json_scope(before);
  md_arena_free(arena);
  md_require(result == MD_TURN_DONE || result == MD_TURN_BUDGET);
  if (result == MD_TURN_BUDGET) return 0; // the stock library might take years
  by_stock(program, theirs);
  md_require(strcmp(ours, theirs) == 0);
  return 0;
}
