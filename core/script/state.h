// SPDX-License-Identifier: Apache-2.0
// What the files of this room share about one Lua state: its memory, its meter, its modules, the turn it is in. Private
// to core/script. The engine's thread.
#pragma once
#include "base/arena.h"
#include "script/pool.h"
#include "script/vm.h"
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

// Marks a function that may leave by a Lua error or a yield (longjmp). It is called only under md_script_run, and owns
// nothing unmanaged (locks, heap buffers) across a call that is marked so too; memory of an arena is managed.
#define MD_RAISES

typedef enum md_script_result {
  MD_SCRIPT_OK,
  MD_SCRIPT_SUSPENDED, // a step ended the turn
  MD_SCRIPT_ERROR,     // err: "file:line: text"
  MD_SCRIPT_BUDGET,    // S3
  MD_SCRIPT_MEMORY,    // S4: the script's own limit is met
  MD_SCRIPT_NOMEM,     // the process has none left
} md_script_result;

// Instructions, and what they are charged to (S3).
typedef struct md_meter {
  int64_t work, work_limit;
  int64_t replay, replay_limit;
  int64_t pending;  // since the last step; whose they are, its answer tells
  bool exceeded;    // stays so until the next md_meter_begin
  bool of_replay;   // the one that was exceeded
  const char *file; // where it was exceeded
  int line;
  bool nomem; // likewise
} md_meter;

// What is done in proportion to memory, outside any function (S3): guard.c.
typedef struct md_guard {
  int tick;              // instructions between two looks
  int64_t blocks;        // instructions owed for blocks that were allocated since the last look
  bool look;             // the hook was told to look at the next instruction
  size_t largest;        // block of this run
  size_t largest_string; // likewise
  bool clocked;          // a block is so large that time is looked at, too
  int64_t wall, cpu;     // in nanoseconds, when that began
  int64_t from;          // what had been counted then
} md_guard;

typedef struct md_memory {
  md_pool pool;
  size_t used, limit;
  bool refused; // the limit was met: nothing more is given in this run, so that the collector never comes unasked
  size_t literal_size; // of the longest text in the version's files
  // The collector runs only where it is told to (S1: weak tables must have no effect).
  size_t tidy_at;    // between turns
  size_t collect_at; // within one
  bool asked;        // the hook was told to collect at the next instruction
} md_memory;

// A compiled file of the version. Compiled once; each turn runs it anew with another _ENV.
typedef struct md_module {
  const char *name; // as `require` takes it
  const char *path;
  int chunk; // reference in the registry
} md_module;

// Tables and objects of the state, as references in the registry.
typedef struct md_refs {
  int base;         // the allowed globals, read-only
  int env_meta;     // the metatable of each turn's environment
  int env;          // this turn's environment
  int loaded;       // this turn's loaded modules, by name
  int metatables;   // this turn's metatables, so that __mode can be taken out of them before a collection
  int upgrade;      // this turn's function of that name, where the moment has one
  int m;            // the object that run gets
  int array_meta;   // marks an empty table that was a JSON array
  int trigger_meta; // of a trigger whose data was not looked at: event_table.h
  int coroutine;    // that the last run left, to be used again
  int next;         // what `next` remembers of the traversal it is in
} md_refs;

struct md_vm {
  lua_State *L;
  lua_State *running; // the coroutine under md_script_run, or NULL
  md_arena *arena;    // strings of the definition and module names
  md_memory memory;
  md_meter meter;
  md_guard guard;
  md_vm_limits limits;
  md_refs refs;
  md_module *modules;
  int module_count;
  int builtins[4];          // references of the built-in modules in md_builtins' order; 0: not in this state
  const char *moment;       // or NULL
  const md_module *main;    // <moment>/moment.lua
  md_definition definition; // filled while `defining`
  bool defining;
  const void *defined;          // the table that moment.define was given last
  const md_turn_host *host;     // while a turn runs, else NULL
  const md_event_view *trigger; // of the turn, else NULL
  const void *m;                // the object that run gets, to know it again
  bool metatables_used;         // in this turn: a step may then be inside a metamethod
  int log_lines;
  bool data;          // what runs is a configuration file
  struct md_fmt *fmt; // made at the first use of the module fmt
  void *user;         // of the caller that opened the state (the plan)
};

static inline md_vm *md_vm_of(lua_State *L) {
  return *(md_vm **)lua_getextraspace(L);
}

// Makes a sandboxed state without modules. `limits` may be NULL. Returns owned.
int md_vm_open(md_vm **out, const md_vm_limits *limits, md_error *err);

// The one way from C into Lua: calls body(L) in a new coroutine with `context` as a light userdata at index 1. The
// coroutine is discarded afterwards. `err` is filled for ERROR, BUDGET and NOMEM.
md_script_result md_script_run(md_vm *vm, lua_CFunction body, void *context, md_error *err);
// The result as an error code: 0, MD_ESCRIPT, MD_EBUDGET, MD_ENOMEM.
int md_script_code(md_script_result result);

// Sets the marks for the next collection after one.
void md_memory_collected(md_memory *memory);
// Collects what past turns left, when it is worth it. Not while something runs.
void md_vm_tidy(md_vm *vm);

// Raises with the position of the nearest Lua function that called ("file:line: "). Longer texts are cut.
MD_RAISES _Noreturn void md_raise(lua_State *L, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Raises as out of memory, uncatchably.
MD_RAISES _Noreturn void md_raise_nomem(lua_State *L);
// The calling script's file and line; "?" and 0 when there is none.
void md_caller(lua_State *L, const char **file, int *line);
