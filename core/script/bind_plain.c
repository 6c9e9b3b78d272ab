// SPDX-License-Identifier: Apache-2.0
// m:now, m:random, m:log: no steps, nothing of them is journaled (R2). Page: bind_plain.md. The engine's thread.
#include "base/utf8.h"
#include "script/bind.h"
#include "script/sandbox.h"
#include "script/step.h"
#include "script/value.h"
#include <string.h>

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
  return span ? (uint64_t)(((unsigned __int128)bits * span) >> 64) : bits;
}

static MD_RAISES lua_Integer bound(lua_State *L, int index) {
  int whole;
  lua_Integer n = lua_tointegerx(L, index, &whole);
  if (!whole) md_raise(L, "m:random takes whole numbers: m:random(), m:random(high) or m:random(low, high)");
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
  if (low > high) md_raise(L, "m:random: there is nothing from %lld to %lld", (long long)low, (long long)high);
  uint64_t span = (uint64_t)high - (uint64_t)low + 1;
  lua_pushinteger(L, (lua_Integer)((uint64_t)low + below(host->random(host->context), span)));
  return 1;
}

// A C string can hold all but zeros; who shows the line escapes the rest, in its own way.
static void append_text(md_buffer *line, const char *text, size_t len) {
  for (const char *zero; (zero = memchr(text, 0, len)); text = zero + 1) {
    md_buffer_append(line, text, (size_t)(zero - text));
    md_buffer_puts(line, "\\x00");
    len -= (size_t)(zero + 1 - text);
  }
  md_buffer_append(line, text, len);
}

static void append_value(md_buffer *line, const char *text, size_t len) {
  if (md_utf8_valid(text, len)) {
    append_text(line, text, len);
    return;
  }
  md_buffer repaired;
  md_buffer_init(&repaired);
  md_utf8_from_latin1(&repaired, text, len);
  if (repaired.data) append_text(line, repaired.data, repaired.len);
  md_buffer_deinit(&repaired);
}

// What is shown of a long value: whole letters, as half of one would make bytes of the rest.
static size_t shown(const char *text, size_t len) {
  if (len <= MD_LOG_TEXT_MAX) return len;
  for (len = MD_LOG_TEXT_MAX; len > MD_LOG_TEXT_MAX - 3 && ((unsigned char)text[len] & 0xC0) == 0x80;)
    len--;
  return len;
}

// Raises nothing: the values from 2 to `count` are texts already.
static void write_line(lua_State *L, const md_turn_host *host, int count) {
  const char *file;
  int number;
  md_buffer line;
  md_buffer_init(&line);
  for (int i = 2; i <= count; i++) {
    size_t len;
    const char *text = lua_tolstring(L, i, &len);
    if (i > 2) md_buffer_putc(&line, '\t');
    append_value(&line, text, shown(text, len));
  }
  md_caller(L, &file, &number);
  host->log(host->context, "info", line.data ? line.data : "", number);
  md_buffer_deinit(&line);
}

static MD_RAISES int l_plain_log(lua_State *L) {
  md_vm *vm = md_vm_of(L);
  const md_turn_host *host = md_step_host(L, "log");
  int count = lua_gettop(L);
  luaL_checkstack(L, 4, "too many values");
  for (int i = 2; i <= count; i++) {
    md_sandbox_text(L, i, NULL);
    lua_replace(L, i);
  }
  if (host->replaying && host->replaying(host->context)) return 0;
  if (++vm->log_lines <= MD_LOG_LINES_MAX) write_line(L, host, count);
  return 0;
}

const luaL_Reg md_bind_plain[] = {{"log", l_plain_log}, {"now", l_plain_now}, {"random", l_plain_random}, {NULL, NULL}};
