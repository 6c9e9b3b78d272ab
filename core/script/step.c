// SPDX-License-Identifier: Apache-2.0
// Steps between script and host. The engine's thread.
#include "script/step.h"
#include "script/event_table.h"
#include "script/limits.h"
#include "script/value.h"
#include <stdio.h>
#include <string.h>

enum { TRACE_BYTES = 1024 };

const char *md_step_kind_name(md_step_kind kind) {
  switch (kind) {
  case MD_STEP_WAIT_FOR:
    return "wait_for";
  case MD_STEP_SLEEP:
    return "sleep";
  case MD_STEP_EMIT:
    return "emit";
  case MD_STEP_PROFILE:
    return "profile";
  case MD_STEP_UPDATE_PROFILE:
    return "update_profile";
  case MD_STEP_GET:
    return "get";
  case MD_STEP_SET:
    return "set";
  case MD_STEP_ADD:
    return "add";
  case MD_STEP_SEND:
    return "send";
  case MD_STEP_HTTP:
    return "http";
  case MD_STEP_COUNT:
    return "count";
  case MD_STEP_OBSERVE:
    return "observe";
  case MD_STEP_QUANTILE:
    return "quantile";
  case MD_STEP_EXPERIMENT:
    return "experiment";
  case MD_STEP_COLLECT:
    return "collect";
  case MD_STEP_PAST:
    return "past";
  case MD_STEP_LATEST:
    return "latest";
  case MD_STEP_SLEEP_UNTIL:
    return "sleep_until";
  case MD_STEP_CONTINUE_AS:
    return "continue_as";
  }
  return "?";
}

bool md_step_is_known(md_step_kind kind) {
  return strcmp(md_step_kind_name(kind), "?") != 0;
}

const md_turn_host *md_step_host(lua_State *L, const char *name) {
  md_vm *vm = md_vm_of(L);
  if (lua_topointer(L, 1) != vm->m) md_raise(L, "m.%s is called with a colon: m:%s(…)", name, name);
  if (!vm->host) md_raise(L, "m:%s is called after its turn", name);
  return vm->host;
}

// A metamethod may be called by Lua itself, which would allow it to wait.
static bool in_metamethod(lua_State *L) {
  lua_Debug ar;
  for (int level = 1; lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "n", &ar);
    if (strcmp(ar.namewhat, "metamethod") == 0) return true;
  }
  return false;
}

void md_step_allowed(lua_State *L, const char *name) {
  md_step_host(L, name);
  if (!lua_isyieldable(L) || (md_vm_of(L)->metatables_used && in_metamethod(L)))
    md_raise(L,
             "m:%s is called from a callback (sort, gsub, where, a metamethod or an error handler): steps stand in run "
             "itself",
             name);
}

static MD_RAISES void push_events(lua_State *L, const md_answer *answer) {
  luaL_checkstack(L, 6, "too many events");
  lua_createtable(L, (int)answer->count, 0);
  for (int64_t i = 0; i < answer->count; i++) {
    md_event_table_push(L, &answer->events[i]);
    lua_rawseti(L, -2, i + 1);
  }
}

static MD_RAISES void push_past(lua_State *L, const md_answer *answer) {
  lua_createtable(L, 0, 2);
  lua_pushinteger(L, answer->count);
  lua_setfield(L, -2, "count");
  if (answer->count == 0) return;
  md_event_table_push(L, &answer->event);
  lua_setfield(L, -2, "last");
}

static MD_RAISES int give(lua_State *L, const md_answer *answer) {
  switch (answer->kind) {
  case MD_ANSWER_VALUE:
    md_value_push(L, answer->value);
    break;
  case MD_ANSWER_EVENT:
    md_event_table_push(L, &answer->event);
    break;
  case MD_ANSWER_EVENTS:
    push_events(L, answer);
    break;
  case MD_ANSWER_PAST:
    push_past(L, answer);
    break;
  case MD_ANSWER_FAILURE:
    lua_pushnil(L);
    md_value_push(L, json_object_get(answer->value, "message"));
    md_value_push(L, json_object_get(answer->value, "code"));
    return 3;
  case MD_ANSWER_TEST:
  case MD_ANSWER_UPGRADE:
  case MD_ANSWER_SUSPEND:
    return lua_yield(L, 0);
  case MD_ANSWER_RAISE:
    md_raise(L, "%s", answer->error);
  }
  if (!answer->late) return 1;
  lua_pushliteral(L, "late");
  return 2;
}

// Calls the function at `index` with a copy of the event, under a meter of its own (T2, W4).
static MD_RAISES void test(lua_State *L, int index, md_answer *answer) {
  md_vm *vm = md_vm_of(L);
  int top = lua_gettop(L);
  md_meter_begin(vm, MD_WHERE_INSTRUCTIONS, 0);
  lua_pushvalue(L, index);
  md_event_table_push(L, &answer->event);
  bool failed = lua_pcall(L, 1, 1, 0) != LUA_OK;
  bool accepted = !failed && lua_toboolean(L, -1);
  const char *error = !failed ? NULL : lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "where raised no text";
  if (vm->meter.exceeded || vm->meter.nomem)
    answer->kind = MD_ANSWER_SUSPEND;
  else
    vm->host->tested(vm->host->context, accepted, error, answer);
  lua_settop(L, top);
}

// R6: what the moment makes of the values that it stored in another shape.
static MD_RAISES void upgrade(lua_State *L, const md_step *step, md_answer *answer) {
  const md_turn_host *host = md_vm_of(L)->host;
  int top = lua_gettop(L);
  if (lua_rawgeti(L, LUA_REGISTRYINDEX, md_vm_of(L)->refs.upgrade) != LUA_TFUNCTION)
    md_raise(L, "upgrade is no function in this turn");
  md_value_push(L, answer->value);
  lua_call(L, 1, 1);
  json_t *values = md_value_read(L, -1, "what upgrade returned", MD_VALUE_BYTES);
  if (json_is_array(values) && json_array_size(values) == 0) values = md_value_made(L, json_object());
  if (!json_is_object(values)) md_raise(L, "upgrade must return a table of keys with their values");
  lua_settop(L, top);
  host->upgraded(host->context, values);
  answer->kind = MD_ANSWER_VALUE;
  answer->value = NULL;
  host->step(host->context, step, answer);
}

static void write_trace(lua_State *L, char *out, size_t room) {
  lua_Debug ar;
  size_t len = 0;
  out[0] = '\0';
  for (int level = 0; len < room && lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    if (ar.currentline <= 0) continue;
    const char *file = *ar.source == '@' ? ar.source + 1 : ar.source;
    len += (size_t)snprintf(out + len, room - len, "%s%s:%d", len ? " " : "", file, ar.currentline);
  }
}

int md_step_take_where(lua_State *L, md_step_kind kind, const char *name, const json_t *args, int where) {
  md_vm *vm = md_vm_of(L);
  md_step step = {.kind = kind, .name = name, .args = args};
  char trace[TRACE_BYTES];
  md_caller(L, &step.file, &step.line);
  if (vm->host->traced) {
    write_trace(L, trace, sizeof trace);
    step.trace = trace;
  }
  md_answer answer;
  answer.kind = MD_ANSWER_VALUE;
  answer.replayed = answer.late = false;
  answer.value = NULL;
  answer.error[0] = 0;
  vm->host->step(vm->host->context, &step, &answer);
  if (answer.kind == MD_ANSWER_UPGRADE) upgrade(L, &step, &answer);
  md_meter_step(vm, answer.replayed);
  while (answer.kind == MD_ANSWER_TEST && where)
    test(L, where, &answer);
  return give(L, &answer);
}

int md_step_take(lua_State *L, md_step_kind kind, const char *name, const json_t *args) {
  return md_step_take_where(L, kind, name, args, 0);
}
