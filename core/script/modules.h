// SPDX-License-Identifier: Apache-2.0
// The Lua files of a version in a state: compiled once, run anew in each turn. Private to core/script.
#pragma once
#include "script/state.h"

// Compiles what `version` holds for `moment` (NULL: all files, none of them by name). 0, MD_ESYNTAX, MD_ENOMEM.
int md_modules_compile(md_vm *vm, const md_source *version, md_error *err);
// Compiles one text as vm->main.
int md_modules_compile_text(md_vm *vm, const char *path, const char *text, size_t len, md_error *err);

// Begins a turn: an empty environment and no module loaded.
MD_RAISES void md_modules_fresh(lua_State *L);
// Runs vm->main in the turn's environment and pushes what it returns.
MD_RAISES void md_modules_run_main(lua_State *L);
MD_RAISES int md_modules_require(lua_State *L);
