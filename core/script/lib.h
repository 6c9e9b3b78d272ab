// SPDX-License-Identifier: Apache-2.0
// The library functions whose work grows with what they are given, each charged before it starts (S3). Every function
// here changes the library table on top of the stack. Private to core/script.
#pragma once
#include "script/state.h"

MD_RAISES void md_lib_base(lua_State *L);
MD_RAISES void md_lib_patterns(lua_State *L); // find gmatch gsub match
MD_RAISES void md_lib_string(lua_State *L);   // the rest of string
// The metamethods of strings ("10" + 1), in the string metatable on top.
MD_RAISES void md_lib_string_arithmetic(lua_State *L);
MD_RAISES void md_lib_table(lua_State *L);
MD_RAISES void md_lib_utf8(lua_State *L);

// What a call with these arguments may cost, in instructions; raises nothing and changes nothing.
typedef struct md_lib_cost {
  const char *name;
  int64_t (*cost)(lua_State *L);
} md_lib_cost;
// Puts before each function named in the table on top the charge of its cost; ends at a NULL name. The costs live as
// long as the state.
MD_RAISES void md_lib_charge(lua_State *L, const md_lib_cost *costs);
// The bytes of the text at `index`, 0 for anything else.
size_t md_lib_length(lua_State *L, int index);
