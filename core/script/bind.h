// SPDX-License-Identifier: Apache-2.0
// The families of functions that scripts call, one file and one page each. Private to core/script.
#pragma once
#include "script/state.h"

enum { MD_LOG_LINES_MAX = 100, MD_LOG_TEXT_MAX = 4096 }; // lines a turn (S9), bytes of one value

// Methods of m, one list a family; each is described in the page beside its file.
extern const luaL_Reg md_bind_event[];
extern const luaL_Reg md_bind_http[];
extern const luaL_Reg md_bind_message[];
extern const luaL_Reg md_bind_metrics[];
extern const luaL_Reg md_bind_plain[];
extern const luaL_Reg md_bind_storage[];
extern const luaL_Reg md_bind_wait[];

// Reads the option `by` of a step about events (P5) into its args.
MD_RAISES void md_wait_read_by(lua_State *L, int table, const char *what, json_t *args);

// Fills `out` with the names of all methods of m, NULL-terminated.
enum { MD_METHODS_MAX = 64 };
void md_bind_methods(const char *out[static MD_METHODS_MAX]);

// Functions of the modules, of a spec's shop, and those that a spec file has.
extern const luaL_Reg md_bind_experiment[];
extern const luaL_Reg md_bind_fmt[];
extern const luaL_Reg md_bind_moment[];
extern const luaL_Reg md_bind_plan[];
extern const luaL_Reg md_bind_shop[];
extern const luaL_Reg md_bind_spec[];

// The registrar: makes m and the built-in modules of a state that is being opened.
MD_RAISES void md_bind_open(lua_State *L);
