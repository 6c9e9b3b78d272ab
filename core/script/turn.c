// SPDX-License-Identifier: Apache-2.0
// Turns of a moment's run, and its `where` (R1–R3, S8, T2). The engine's thread.
#include "base/utf8.h"
#include "script/bind.h"
#include "script/event_table.h"
#include "script/limits.h"
#include "script/modules.h"
#include "script/secret.h"
#include "script/state.h"
#include "script/value.h"
#include <stdio.h>
#include <string.h>

enum { OUTCOME_MAX = 1024 };

typedef struct turn {
  const md_event_view *event;
  const json_t *state;
  const char *outcome;
  bool accepted;
  int end_line; // of run: which return it was, nobody knows any more
} turn;

// Runs the moment's files and pushes the function `name` of its definition.
static MD_RAISES void push_function(lua_State *L, const char *name) {
  md_vm *vm = md_vm_of(L);
  md_modules_fresh(L);
  md_modules_run_main(L);
  if (!lua_istable(L, -1)) md_raise(L, "%s: the file must end with: return moment.define { … }", vm->main->path);
  lua_pushstring(L, name);
  if (lua_rawget(L, -2) != LUA_TFUNCTION) md_raise(L, "%s: %s is no function in this turn", vm->main->path, name);
}

static MD_RAISES const char *copy_text(lua_State *L, const char *text, size_t len) {
  md_arena *arena = md_json_scope(NULL);
  md_json_scope(arena);
  const char *copy = md_arena_strndup(arena, text, len);
  if (!copy) md_raise_nomem(L);
  return copy;
}

// What run returned, at the top (S9).
static MD_RAISES int finish_run(lua_State *L, int status, lua_KContext context) {
  (void)status;
  turn *t = (turn *)context;
  if (lua_isnil(L, -1)) return 0;
  size_t len = 0;
  const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &len) : NULL;
  bool bad = !text || len > OUTCOME_MAX || memchr(text, 0, len) || !md_utf8_valid(text, len);
  if (bad) {
    lua_pushfstring(L, "%s:%d: run returned %s: an outcome is a text of at most 1 KiB of UTF-8, or nothing",
                    md_vm_of(L)->main->path, t->end_line,
                    text                  ? "a text that is too long or malformed"
                    : md_secret_at(L, -1) ? "a secret"
                                          : luaL_typename(L, -1));
    lua_error(L);
  }
  t->outcome = copy_text(L, text, len);
  return 0;
}

static MD_RAISES int run_body(lua_State *L) {
  turn *t = lua_touserdata(L, 1);
  lua_Debug info = {0};
  push_function(L, "run");
  lua_pushvalue(L, -1);
  lua_getinfo(L, ">S", &info);
  t->end_line = info.lastlinedefined > 0 ? info.lastlinedefined : 1;
  if (md_vm_of(L)->definition.has_upgrade) {
    lua_pushliteral(L, "upgrade");
    lua_rawget(L, -3);
    lua_rawseti(L, LUA_REGISTRYINDEX, md_vm_of(L)->refs.upgrade);
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, md_vm_of(L)->refs.m);
  md_event_table_push_trigger(L, t->event);
  md_value_push(L, t->state);
  lua_callk(L, 3, 1, (lua_KContext)t, finish_run);
  return finish_run(L, LUA_OK, (lua_KContext)t);
}

static MD_RAISES int where_body(lua_State *L) {
  turn *t = lua_touserdata(L, 1);
  push_function(L, "where");
  md_meter_begin(md_vm_of(L), MD_WHERE_INSTRUCTIONS, 0); // what loading took is not where's
  md_event_table_push(L, t->event);
  lua_call(L, 1, 1);
  t->accepted = lua_toboolean(L, -1);
  return 0;
}

static void count_dropped_lines(const md_vm *vm, const md_turn_host *host) {
  char text[80];
  if (vm->log_lines <= MD_LOG_LINES_MAX) return;
  snprintf(text, sizeof text, "%d more lines in this turn are left out", vm->log_lines - MD_LOG_LINES_MAX);
  host->log(host->context, "warn", text, 0);
}

static md_turn_result result_of(md_script_result result) {
  switch (result) {
  case MD_SCRIPT_OK:
    return MD_TURN_DONE;
  case MD_SCRIPT_SUSPENDED:
    return MD_TURN_SUSPENDED;
  case MD_SCRIPT_ERROR:
    return MD_TURN_ERROR;
  case MD_SCRIPT_BUDGET:
    return MD_TURN_BUDGET;
  case MD_SCRIPT_MEMORY:
  case MD_SCRIPT_NOMEM:
    return MD_TURN_NOMEM;
  }
  return MD_TURN_ERROR;
}

md_turn_result md_vm_turn(md_vm *vm, const md_turn_host *host, const md_event_view *trigger, int64_t budget,
                          md_turn_end *end, md_error *err) {
  turn t = {.event = trigger, .state = host->state};
  md_meter_begin(vm, budget ? budget : vm->limits.instructions, vm->limits.replay);
  vm->host = host;
  md_script_result result = md_script_run(vm, run_body, &t, err);
  vm->host = NULL;
  md_event_table_end(vm);
  count_dropped_lines(vm, host);
  *end = (md_turn_end){.outcome = t.outcome, .instructions = vm->meter.work + vm->meter.pending};
  md_vm_tidy(vm);
  return result_of(result);
}

int md_vm_where(md_vm *vm, const md_event_view *event, bool *accepted, md_error *err) {
  turn t = {.event = event};
  *accepted = true;
  if (!vm->definition.has_where) return 0;
  md_meter_begin(vm, vm->limits.define, 0);
  md_script_result result = md_script_run(vm, where_body, &t, err);
  *accepted = t.accepted;
  md_vm_tidy(vm);
  return md_script_code(result);
}
