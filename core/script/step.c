// SPDX-License-Identifier: Apache-2.0
// Steps between script and host. The engine's thread.
#include "script/step.h"
#include "script/limits.h"
#include "script/value.h"
#include <string.h>

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
  }
  return "?";
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
             "m:%s is called from a callback (sort, gsub, a metamethod or an error handler): steps stand in run itself",
             name);
}

static MD_RAISES int give(lua_State *L, const md_answer *answer) {
  switch (answer->kind) {
  case MD_ANSWER_VALUE:
    md_value_push(L, answer->value);
    return 1;
  case MD_ANSWER_EVENT:
    md_value_push_event(L, &answer->event);
    return 1;
  case MD_ANSWER_SUSPEND:
    return lua_yield(L, 0);
  case MD_ANSWER_RAISE:
    break;
  }
  md_raise(L, "%s", answer->error);
}

int md_step_take(lua_State *L, md_step_kind kind, const char *name, const json_t *args) {
  md_vm *vm = md_vm_of(L);
  md_step step = {.kind = kind, .name = name, .args = args};
  md_caller(L, &step.file, &step.line);
  md_answer answer;
  answer.kind = MD_ANSWER_VALUE;
  answer.replayed = false;
  answer.value = NULL;
  answer.error[0] = 0;
  vm->host->step(vm->host->context, &step, &answer);
  md_meter_step(vm, answer.replayed);
  return give(L, &answer);
}
