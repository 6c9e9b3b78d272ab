// SPDX-License-Identifier: Apache-2.0
// Compiles files, gives their chunks each turn's environment, and answers `require`. The engine's thread.
#include "script/modules.h"
#include "base/suggest.h"
#include "script/builtin.h"
#include "script/lexer.h"
#include <string.h>

enum { MODULES_SHOWN = 62 };

typedef struct compiling {
  const md_source *version;
  md_source_file file;
} compiling;

static bool ends_with(const char *text, const char *end) {
  size_t len = strlen(text), tail = strlen(end);
  return len >= tail && strcmp(text + len - tail, end) == 0;
}

// "order_confirmation/moment.lua" → "moment"; NULL for what cannot be required.
static const char *name_of(md_vm *vm, const char *path) {
  if (!ends_with(path, ".lua") || ends_with(path, "_spec.lua")) return NULL;
  const char *slash = strchr(path, '/');
  if (!slash || strchr(slash + 1, '/')) return NULL;
  size_t folder = (size_t)(slash - path);
  bool shared = folder == 6 && memcmp(path, "shared", 6) == 0;
  bool own = strlen(vm->moment) == folder && memcmp(path, vm->moment, folder) == 0;
  return own || shared ? md_arena_strndup(vm->arena, slash + 1, strlen(slash + 1) - 4) : NULL;
}

// "C stack overflow", of a file nested too deeply, comes without a place.
static MD_RAISES void raise_with_file(lua_State *L, const char *path) {
  if (strncmp(lua_tostring(L, -1), path, strlen(path)) != 0)
    lua_pushfstring(L, "%s:1: %s: the file is nested too deeply", path, lua_tostring(L, -1));
  lua_error(L);
}

static MD_RAISES void compile_file(lua_State *L, const md_source_file *file) {
  int line = md_lexer_find_close(file->data, file->len);
  if (line) {
    lua_pushfstring(L,
                    "%s:%d: <close> is not available in scripts: write what is to happen at the end where it happens",
                    file->path, line);
    lua_error(L);
  }
  const char *name = lua_pushfstring(L, "@%s", file->path);
  int status = luaL_loadbufferx(L, file->data, file->len, name, "t");
  if (status == LUA_ERRMEM) md_raise_nomem(L);
  if (status != LUA_OK) raise_with_file(L, file->path);
  lua_remove(L, -2);
}

static MD_RAISES void add_module(lua_State *L, const char *name, const md_source_file *file) {
  md_vm *vm = md_vm_of(L);
  compile_file(L, file);
  md_module *module = &vm->modules[vm->module_count];
  *module = (md_module){.name = name, .path = md_arena_strdup(vm->arena, file->path)};
  if (!module->path) md_raise_nomem(L);
  module->chunk = luaL_ref(L, LUA_REGISTRYINDEX);
  vm->module_count++;
}

static MD_RAISES int compile_all(lua_State *L) {
  md_vm *vm = md_vm_of(L);
  const md_source *version = ((compiling *)lua_touserdata(L, 1))->version;
  for (int i = 0; i < version->count; i++) {
    const char *name = name_of(vm, version->files[i].path);
    if (name) add_module(L, name, &version->files[i]);
  }
  return 0;
}

static MD_RAISES int compile_one(lua_State *L) {
  add_module(L, "", &((compiling *)lua_touserdata(L, 1))->file);
  return 0;
}

static int compile(md_vm *vm, lua_CFunction body, compiling *what, int count, md_error *err) {
  vm->modules = md_arena_alloc_zero(vm->arena, (size_t)(count + 1) * sizeof *vm->modules);
  if (!vm->modules) return md_error_set(err, MD_ENOMEM, "out of memory for the scripts");
  md_script_result result = md_script_run(vm, body, what, err);
  vm->memory.literal_size = vm->guard.largest_string;
  if (result == MD_SCRIPT_ERROR) {
    if (err) err->code = MD_ESYNTAX;
    return MD_ESYNTAX;
  }
  return md_script_code(result);
}

int md_modules_compile(md_vm *vm, const md_source *version, md_error *err) {
  compiling what = {.version = version};
  int code = compile(vm, compile_all, &what, version->count, err);
  for (int i = 0; !code && i < vm->module_count; i++)
    if (strcmp(vm->modules[i].name, "moment") == 0 && strncmp(vm->modules[i].path, "shared/", 7) != 0)
      vm->main = &vm->modules[i];
  if (!code && !vm->main) return md_error_set(err, MD_ENOTFOUND, "%s/moment.lua: there is no such file", vm->moment);
  return code;
}

int md_modules_compile_text(md_vm *vm, const char *path, const char *text, size_t len, md_error *err) {
  compiling what = {.file = {.path = path, .data = text, .len = len}};
  int code = compile(vm, compile_one, &what, 1, err);
  if (!code) vm->main = &vm->modules[0];
  return code;
}

// The registry's slot keeps its number and gets another value.
static MD_RAISES void clear_ref(lua_State *L, int ref) {
  lua_pushboolean(L, 0);
  lua_rawseti(L, LUA_REGISTRYINDEX, ref);
}

void md_modules_fresh(lua_State *L) {
  md_vm *vm = md_vm_of(L);
  lua_createtable(L, 0, 0);
  lua_rawgeti(L, LUA_REGISTRYINDEX, vm->refs.env_meta);
  lua_setmetatable(L, -2);
  lua_rawseti(L, LUA_REGISTRYINDEX, vm->refs.env);
  clear_ref(L, vm->refs.loaded);
  if (vm->metatables_used) clear_ref(L, vm->refs.metatables);
  vm->metatables_used = false;
  clear_ref(L, vm->refs.next);
  vm->defined = NULL;
  vm->log_lines = 0;
}

// Pushes the chunk with the turn's environment as its _ENV, its first and only upvalue.
static MD_RAISES void push_chunk(lua_State *L, const md_module *module) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, module->chunk);
  lua_rawgeti(L, LUA_REGISTRYINDEX, md_vm_of(L)->refs.env);
  lua_setupvalue(L, -2, 1);
}

void md_modules_run_main(lua_State *L) {
  push_chunk(L, md_vm_of(L)->main);
  lua_call(L, 0, 1);
}

static int builtin_index(const char *name) {
  for (int i = 0; i < MD_BUILTINS; i++)
    if (strcmp(md_builtins[i], name) == 0) return i;
  return -1;
}

// The moment's own folder comes before the shared one.
static const md_module *module_of(const md_vm *vm, const char *name) {
  const md_module *found = NULL;
  for (int i = 0; i < vm->module_count; i++)
    if (strcmp(vm->modules[i].name, name) == 0 && (!found || strncmp(found->path, "shared/", 7) == 0))
      found = &vm->modules[i];
  return found;
}

static MD_RAISES _Noreturn void no_module(lua_State *L, const char *name) {
  md_vm *vm = md_vm_of(L);
  const char *known[MODULES_SHOWN + 2];
  int count = 0;
  for (int i = 0; i < vm->module_count && count < MODULES_SHOWN - MD_BUILTINS; i++)
    known[count++] = vm->modules[i].name;
  for (int i = 0; i < MD_BUILTINS; i++)
    if (vm->builtins[i]) known[count++] = md_builtins[i];
  known[count] = NULL;
  const char *near = md_suggest(name, known);
  if (near) md_raise(L, "there is no module %s; did you mean %s?", name, near);
  md_raise(L, "there is no module %s", name);
}

// Pushes this turn's table of loaded modules.
static MD_RAISES void push_loaded(lua_State *L) {
  md_vm *vm = md_vm_of(L);
  if (lua_rawgeti(L, LUA_REGISTRYINDEX, vm->refs.loaded) == LUA_TTABLE) return;
  lua_pop(L, 1);
  lua_createtable(L, 0, 4);
  lua_pushvalue(L, -1);
  lua_rawseti(L, LUA_REGISTRYINDEX, vm->refs.loaded);
}

// Stack: name, loaded. Runs the module's file; `false` stands for one that is being loaded.
static MD_RAISES int load_module(lua_State *L, const char *name) {
  const md_module *module = module_of(md_vm_of(L), name);
  if (!module) no_module(L, name);
  lua_pushvalue(L, 1);
  lua_pushboolean(L, 0);
  lua_rawset(L, 2);
  push_chunk(L, module);
  lua_call(L, 0, 1);
  if (lua_isnil(L, -1) || (lua_isboolean(L, -1) && !lua_toboolean(L, -1))) {
    lua_pop(L, 1);
    lua_pushboolean(L, 1);
  }
  lua_pushvalue(L, 1);
  lua_pushvalue(L, -2);
  lua_rawset(L, 2);
  return 1;
}

int md_modules_require(lua_State *L) {
  md_vm *vm = md_vm_of(L);
  if (lua_type(L, 1) != LUA_TSTRING) md_raise(L, "require takes a name in quotes: require \"name\"");
  lua_settop(L, 1);
  const char *name = lua_tostring(L, 1);
  int builtin = builtin_index(name);
  if (builtin >= 0 && vm->builtins[builtin]) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, vm->builtins[builtin]);
    return 1;
  }
  push_loaded(L);
  lua_pushvalue(L, 1);
  int type = lua_rawget(L, 2);
  if (type == LUA_TBOOLEAN && !lua_toboolean(L, -1))
    md_raise(L, "require \"%s\": the module is being loaded: two modules require each other", name);
  if (type != LUA_TNIL) return 1;
  lua_pop(L, 1);
  return load_module(L, name);
}
