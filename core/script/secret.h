// SPDX-License-Identifier: Apache-2.0
// A secret of an event as a script has it: an object that can be given to m:send, as data, and to nothing else (X1).
// Private to core/script.
#pragma once
#include "script/state.h"

// Pushes the object that stands for a mark (base/secret.h).
MD_RAISES void md_secret_push(lua_State *L, const json_t *mark);
// Whether the value at `index` is one.
bool md_secret_at(lua_State *L, int index);
// The mark of the one at `index`; NULL when out of memory.
json_t *md_secret_mark_at(lua_State *L, int index);
