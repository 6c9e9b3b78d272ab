// SPDX-License-Identifier: Apache-2.0
// What all steps have in common: where they may be called, and how their answer comes back. Private to core/script.
#pragma once
#include "script/state.h"

// Raises unless a step may be taken here: called on m, in a turn, from straight-line code (S8). `name` is the method's.
MD_RAISES void md_step_allowed(lua_State *L, const char *name);
// The same for what is no step (now, random, log), which callbacks may use.
MD_RAISES const md_turn_host *md_step_host(lua_State *L, const char *name);
// Gives the step to the host and returns as a Lua function does: with the answer pushed, or not at all.
MD_RAISES int md_step_take(lua_State *L, md_step_kind kind, const char *name, const json_t *args);
// The same for a wait; `where` is the stack index of a function that judges events (W4), or 0.
MD_RAISES int md_step_take_where(lua_State *L, md_step_kind kind, const char *name, const json_t *args, int where);
