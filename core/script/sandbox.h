// SPDX-License-Identifier: Apache-2.0
// What scripts find in their environment (S1, S2): the allowed functions, read-only libraries, and words of advice
// where a forbidden name is used. Private to core/script.
#pragma once
#include "script/state.h"

// A body for md_script_run: fills vm->refs.base and what belongs to it. No stock library stays reachable otherwise.
MD_RAISES int md_sandbox_open(lua_State *L);

// As Lua's tostring, but without addresses.
MD_RAISES int md_sandbox_tostring(lua_State *L);
// Pushes the text of the value at `index`.
MD_RAISES const char *md_sandbox_text(lua_State *L, int index, size_t *len);

// Replaces the table on top by a read-only view of it. `name` must live as long as the state. With `strict`, reading a
// name that is not there raises and suggests the nearest.
MD_RAISES void md_sandbox_readonly(lua_State *L, const char *name, bool strict);

// What to write instead of `name` in `library` ("" for globals), or NULL when it is not forbidden. Pure.
const char *md_forbidden_advice(const char *library, const char *name);
// Raises when `name` in `library` ("" for globals) is a name that people reach for and do not get.
MD_RAISES void md_forbidden_check(lua_State *L, const char *library, const char *name);
// Whether `name` is a method of m; then `advice` says how it is called. Pure.
bool md_forbidden_step(const char *name, char *advice, size_t room);
// Adds to an error about a global that is not there what was most likely meant: a step, or a module. Pure.
void md_forbidden_explain(md_error *err);
// The libraries that are not there at all ("os" …), NULL-terminated.
extern const char *const md_forbidden_libraries[];

MD_RAISES int md_iterate_next(lua_State *L);
MD_RAISES int md_iterate_pairs(lua_State *L);
MD_RAISES int md_sort(lua_State *L);
MD_RAISES int md_setmetatable(lua_State *L);
MD_RAISES int md_string_format(lua_State *L);
