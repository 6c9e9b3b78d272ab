// SPDX-License-Identifier: Apache-2.0
// The tracking plan: running events.lua, and answering about what it declares. Read-only after loading, then any
// thread.
#include "script/plan.h"
#include "base/alloc.h"
#include "script/limits.h"
#include "script/modules.h"
#include "script/plan_define.h"
#include "script/plan_read.h"
#include "script/value.h"
#include <stdlib.h>
#include <string.h>

enum { PLAN_BYTES = 1 << 20, PLAN_MEMORY = 16 << 20 };

// At the field's own line, where the file shows it: the call begins many lines before it.
static MD_RAISES _Noreturn void raise_at(lua_State *L, const md_plan *plan, const md_plan_field *where,
                                         const char *text) {
  const md_source_file *file = plan->file;
  int line = md_plan_line(file->data, file->len, where, plan->arena);
  if (!line) md_raise(L, "%s", text);
  lua_pushfstring(L, "%s:%d: %s", file->path, line, text);
  lua_error(L);
  __builtin_unreachable();
}

int md_plan_define(lua_State *L) {
  md_plan *plan = md_vm_of(L)->user;
  if (!plan) md_raise(L, "plan.define belongs in events.lua");
  if (plan->defined) md_raise(L, "plan.define is called twice: a shop has one plan");
  if (lua_type(L, 1) != LUA_TTABLE)
    md_raise(L, "plan.define takes a table: plan.define { person = …, things = …, events = … }");
  lua_settop(L, 1);
  plan->defined = true;
  md_error err = {0};
  md_plan_field where = {{0}};
  int code = md_plan_read(plan, md_value_read(L, 1, "plan.define", PLAN_BYTES), &where, &err);
  if (code == MD_ENOMEM) md_raise_nomem(L);
  if (code) raise_at(L, plan, &where, err.text);
  return 1;
}

static MD_RAISES int run_file(lua_State *L) {
  md_vm *vm = md_vm_of(L);
  md_modules_fresh(L);
  md_modules_run_main(L);
  if (!((md_plan *)vm->user)->defined) {
    lua_pushfstring(L, "%s:1: the file must end with: return plan.define { … }", vm->main->path);
    lua_error(L);
  }
  return 0;
}

static int run_events_lua(md_plan *plan, const md_source_file *file, md_error *err) {
  md_vm *vm;
  md_vm_limits limits = {.memory = PLAN_MEMORY};
  int code = md_vm_open(&vm, &limits, err);
  if (code) return code;
  vm->user = plan;
  plan->file = file;
  code = md_modules_compile_text(vm, file->path, file->data, file->len, err);
  md_meter_begin(vm, vm->limits.define, 0);
  if (!code) code = md_script_code(md_script_run(vm, run_file, NULL, err));
  plan->file = NULL;
  md_vm_free(vm);
  return code;
}

static int load(md_plan *plan, const md_source_file *events_lua, md_error *err) {
  plan->arena = md_arena_new(0);
  if (!plan->arena) return md_error_set(err, MD_ENOMEM, "out of memory for the plan");
  md_arena *before = md_json_scope(plan->arena);
  int code = 0;
  if (events_lua)
    code = run_events_lua(plan, events_lua, err);
  else
    code = md_plan_read(plan, json_object(), NULL, err);
  md_json_scope(before);
  return code;
}

int md_plan_new(md_plan **out, const md_source_file *events_lua, md_error *err) {
  md_plan *plan = md_alloc_zero(sizeof *plan);
  if (!plan) return md_error_set(err, MD_ENOMEM, "out of memory for the plan");
  int code = load(plan, events_lua, err);
  if (code)
    md_plan_free(plan);
  else
    *out = plan;
  return code;
}

void md_plan_free(md_plan *plan) {
  if (!plan) return;
  md_arena_free(plan->arena);
  md_free(plan);
}

const char *const *md_plan_strong(const md_plan *plan) {
  return plan->strong;
}

const char *const *md_plan_weak(const md_plan *plan) {
  return plan->weak;
}

const md_plan_thing *md_plan_things(const md_plan *plan, int *count) {
  *count = plan->thing_count;
  return plan->things;
}

const md_plan_thing *md_plan_thing_of(const md_plan *plan, const char *kind) {
  for (int i = 0; i < plan->thing_count; i++)
    if (strcmp(plan->things[i].kind, kind) == 0) return &plan->things[i];
  return NULL;
}

bool md_plan_is_shared(const md_plan *plan, const char *kind) {
  const md_plan_thing *thing = md_plan_thing_of(plan, kind);
  while (thing && strcmp(thing->of, "nobody") != 0)
    thing = md_plan_thing_of(plan, thing->of);
  return thing != NULL;
}

static bool lists(const char *const *paths, const char *path) {
  for (; *paths; paths++)
    if (strcmp(*paths, path) == 0) return true;
  return false;
}

// The same for paths as written, which begin with "data.".
static bool lists_in_data(const char *const *paths, const char *path) {
  for (; *paths; paths++)
    if (strncmp(*paths, "data.", 5) == 0 && strcmp(*paths + 5, path) == 0) return true;
  return false;
}

bool md_plan_has_secrets(const md_plan *plan, const char *type) {
  const md_plan_event *event = md_plan_event_of(plan, type);
  return event && event->secret_paths[0];
}

bool md_plan_declares(const md_plan *plan, const char *type, const char *path) {
  const md_plan_event *event = md_plan_event_of(plan, type);
  if (lists_in_data(plan->strong, path) || lists_in_data(plan->weak, path)) return true;
  for (int i = 0; i < plan->thing_count; i++) {
    const char *at = md_plan_path(plan, type, plan->things[i].kind);
    if (at && strncmp(at, "data.", 5) == 0 && strcmp(at + 5, path) == 0) return true;
  }
  return event && (lists(event->time_paths, path) || lists(event->money_paths, path) ||
                   lists(event->name_paths, path) || lists(event->text_paths, path) ||
                   lists_in_data(event->address_email, path) || lists_in_data(event->address_sms, path));
}

static int by_type(const void *type, const void *event) {
  return strcmp(type, (*(const md_plan_event *const *)event)->type);
}

const md_plan_event *md_plan_event_of(const md_plan *plan, const char *type) {
  if (plan->event_count == 0) return NULL;
  const md_plan_event **found = bsearch(type, plan->events, (size_t)plan->event_count, sizeof *plan->events, by_type);
  return found ? *found : NULL;
}

const md_plan_event *const *md_plan_events(const md_plan *plan, int *count) {
  *count = plan->event_count;
  return plan->events;
}

static const md_plan_about *about_of(const md_plan *plan, const char *type, const char *kind) {
  const md_plan_event *event = md_plan_event_of(plan, type);
  for (int i = 0; event && i < event->about_count; i++)
    if (strcmp(event->about[i].kind, kind) == 0) return &event->about[i];
  return NULL;
}

const char *md_plan_path(const md_plan *plan, const char *type, const char *kind) {
  const md_plan_about *about = about_of(plan, type, kind);
  if (about) return about->path;
  const md_plan_thing *thing = md_plan_thing_of(plan, kind);
  return thing ? thing->at : NULL;
}

bool md_plan_carries(const md_plan *plan, const char *type, const char *kind) {
  size_t len = strlen(kind);
  if ((strncmp(type, kind, len) == 0 && type[len] == '.') || about_of(plan, type, kind)) return true;
  for (int i = 0; i < plan->thing_count; i++)
    if (strcmp(plan->things[i].of, kind) == 0 && md_plan_carries(plan, type, plan->things[i].kind)) return true;
  return false;
}

bool md_type_matches(const char *pattern, const char *type) {
  size_t len = strlen(pattern);
  if (len >= 2 && strcmp(pattern + len - 2, ".*") == 0)
    return strncmp(pattern, type, len - 1) == 0 && type[len - 1] != '\0';
  return strcmp(pattern, type) == 0;
}
