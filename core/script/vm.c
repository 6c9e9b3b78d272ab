// SPDX-License-Identifier: Apache-2.0
// Building the state of a version: compile, define. The engine's thread.
#include "script/limits.h"
#include "script/modules.h"
#include "script/state.h"

// A body for md_script_run: the folder's moment.lua must return what moment.define gave it.
static MD_RAISES int define(lua_State *L) {
  md_vm *vm = md_vm_of(L);
  md_modules_fresh(L);
  vm->defining = true;
  md_modules_run_main(L);
  if (!vm->defined || lua_topointer(L, -1) != vm->defined) {
    lua_pushfstring(L, "%s:1: the file must end with: return moment.define { … }", vm->main->path);
    lua_error(L);
  }
  return 0;
}

static int build(md_vm *vm, const char *moment, const md_source *version, md_error *err) {
  vm->moment = md_arena_strdup(vm->arena, moment);
  if (!vm->moment) return md_error_set(err, MD_ENOMEM, "out of memory for the scripts");
  int code = md_modules_compile(vm, version, err);
  if (code) return code;
  md_meter_begin(vm, vm->limits.define, 0);
  code = md_script_code(md_script_run(vm, define, NULL, err));
  vm->defining = false;
  md_vm_tidy(vm);
  return code;
}

int md_vm_new(md_vm **out, const char *moment, const md_source *version, const md_vm_limits *limits, md_error *err) {
  md_vm *vm;
  int code = md_vm_open(&vm, limits, err);
  if (code) return code;
  code = build(vm, moment, version, err);
  if (code)
    md_vm_free(vm);
  else
    *out = vm;
  return code;
}

const md_definition *md_vm_definition(const md_vm *vm) {
  return &vm->definition;
}
