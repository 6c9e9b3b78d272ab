// SPDX-License-Identifier: Apache-2.0
// The module fmt: pure functions that write values for people. Page: bind_fmt.md. The engine's thread.
#include "script/bind.h"
#include "script/fmt.h"
#include "script/limits.h"
#include "script/options.h"
#include "script/sandbox.h"
#include "script/step_options.h"

enum { TEXT_BYTES = 8192, STYLE_BYTES = 100, ITEMS_MAX = 200 };
enum { USED = 400, MADE = 10000 }; // instructions (S3)

// Made at first use and kept with the state.
static MD_RAISES md_fmt *formatters(lua_State *L) {
  md_vm *vm = md_vm_of(L);
  if (!vm->fmt) vm->fmt = md_fmt_new();
  if (!vm->fmt) md_raise_nomem(L);
  md_limits_charge(L, USED + (int64_t)md_fmt_made(vm->fmt) * MADE);
  return vm->fmt;
}

static MD_RAISES int give(lua_State *L, const char *what, int code, const char *text, const md_error *err) {
  if (code == MD_ENOMEM) md_raise_nomem(L);
  if (code) md_raise(L, "%s: %s", what, err->text);
  lua_pushstring(L, text);
  return 1;
}

static MD_RAISES double number_at(lua_State *L, int index, const char *what, const char *name) {
  if (lua_type(L, index) != LUA_TNUMBER)
    md_raise(L, "%s: %s must be a number, not %s", what, name, lua_isnone(L, index) ? "nil" : luaL_typename(L, index));
  return lua_tonumber(L, index);
}

static MD_RAISES const char *text_at(lua_State *L, int index, const char *what, const char *fallback) {
  return lua_isnoneornil(L, index) ? fallback : md_options_text(L, index, what, STYLE_BYTES);
}

static MD_RAISES int l_fmt_money(lua_State *L) {
  char text[TEXT_BYTES];
  md_error err;
  double amount = number_at(L, 1, "fmt.money", "the amount");
  const char *currency = md_options_text(L, 2, "fmt.money: the currency", STYLE_BYTES);
  const char *locale = text_at(L, 3, "fmt.money: the locale", NULL);
  int code = md_fmt_money(formatters(L), amount, currency, locale, text, sizeof text, &err);
  return give(L, "fmt.money", code, text, &err);
}

typedef int (*date_writer)(md_fmt *, double, const char *, const char *, const char *, char *, size_t, md_error *);

static MD_RAISES int write_date(lua_State *L, const char *what, const char *style, date_writer write) {
  char text[TEXT_BYTES];
  md_error err;
  const char *locale = NULL, *zone = NULL;
  lua_settop(L, 3);
  double seconds = number_at(L, 1, what, "the time");
  style = text_at(L, 2, what, style);
  if (!lua_isnil(L, 3)) {
    if (!lua_istable(L, 3)) md_raise(L, "%s takes its options as a table: { locale = \"da\", tz = … }", what);
    md_options_check(L, 3, what, md_options_fmt);
    locale = md_options_find_text(L, 3, what, "locale", STYLE_BYTES);
    zone = md_options_find_text(L, 3, what, "tz", STYLE_BYTES);
  }
  int code = write(formatters(L), seconds, style, locale, zone, text, sizeof text, &err);
  return give(L, what, code, text, &err);
}

static MD_RAISES int l_fmt_date(lua_State *L) {
  return write_date(L, "fmt.date", "long", md_fmt_date);
}

static MD_RAISES int l_fmt_time(lua_State *L) {
  return write_date(L, "fmt.time", "short", md_fmt_time);
}

static MD_RAISES int l_fmt_list(lua_State *L) {
  char text[TEXT_BYTES];
  md_error err;
  const char *items[ITEMS_MAX];
  lua_settop(L, 2);
  if (!lua_istable(L, 1)) md_raise(L, "fmt.list takes a list, not %s", luaL_typename(L, 1));
  const char *locale = text_at(L, 2, "fmt.list: the locale", NULL);
  lua_Integer count = (lua_Integer)lua_rawlen(L, 1);
  if (count > ITEMS_MAX) md_raise(L, "fmt.list: the list has more than %d items", ITEMS_MAX);
  luaL_checkstack(L, (int)count + 4, "too many items");
  for (lua_Integer i = 0; i < count; i++) { // the texts stay on the stack until they are written
    lua_rawgeti(L, 1, i + 1);
    items[i] = md_sandbox_text(L, -1, NULL);
    lua_remove(L, -2);
  }
  int code = md_fmt_list(formatters(L), items, (int)count, locale, text, sizeof text, &err);
  return give(L, "fmt.list", code, text, &err);
}

// The form of the number's category, else `other`, with # replaced by the number.
static MD_RAISES int l_fmt_plural(lua_State *L) {
  static const char *const known[] = {"few", "many", "one", "other", "two", "zero", NULL};
  char category[32], number[100];
  md_error err;
  lua_settop(L, 3);
  double n = number_at(L, 1, "fmt.plural", "the number");
  if (!lua_istable(L, 2))
    md_raise(L, "fmt.plural takes its forms as a table: { one = \"# vare\", other = \"# varer\" }");
  md_options_check(L, 2, "fmt.plural", known);
  const char *locale = text_at(L, 3, "fmt.plural: the locale", NULL);
  int code = md_fmt_plural(formatters(L), n, locale, category, sizeof category, &err);
  if (!code) code = md_fmt_number(formatters(L), n, locale, number, sizeof number, &err);
  if (code) return give(L, "fmt.plural", code, NULL, &err);
  const char *form = md_options_find_text(L, 2, "fmt.plural", category, TEXT_BYTES);
  form = form ? form : md_options_find_text(L, 2, "fmt.plural", "other", TEXT_BYTES);
  if (!form) md_raise(L, "fmt.plural needs the form other");
  luaL_gsub(L, form, "#", number);
  return 1;
}

const luaL_Reg md_bind_fmt[] = {{"date", l_fmt_date},     {"list", l_fmt_list}, {"money", l_fmt_money},
                                {"plural", l_fmt_plural}, {"time", l_fmt_time}, {NULL, NULL}};
