// SPDX-License-Identifier: Apache-2.0
// What a script may use: instructions by a count hook (S3), and a pcall that catches neither the budget's end nor
// memory's. Private to core/script.
#pragma once
#include "script/state.h"

enum { MD_WHERE_INSTRUCTIONS = 100000 }; // T2, W4

void md_limits_install(md_vm *vm);
// Starts counting anew; a limit of 0 for the replay means none is expected.
void md_meter_begin(md_vm *vm, int64_t work, int64_t replay);
// A step was answered: what was counted since the one before was replay or new work.
void md_meter_step(md_vm *vm, bool replayed);
// From the allocator: collect at the next instruction.
void md_limits_ask_collection(md_vm *vm);
// Sets the hook to come after so many instructions.
void md_limits_hook(lua_State *L, int instructions);
// Counts small work without a look at the budget, which the hook takes soon enough.
void md_limits_count(lua_State *L, int64_t instructions);
// Charges work that a C function is about to do; does not return when the budget is exceeded.
MD_RAISES void md_limits_charge(lua_State *L, int64_t instructions);

// protect.c
MD_RAISES int md_limits_pcall(lua_State *L);
MD_RAISES int md_limits_xpcall(lua_State *L);
