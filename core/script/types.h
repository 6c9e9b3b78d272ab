// SPDX-License-Identifier: Apache-2.0
// The event types that a step is given: a type, a family such as "order.*", or a list of them, as a set. Private to
// core/script.
#pragma once
#include "script/state.h"

enum { MD_TYPES_MAX = 64 }; // as many as md_options_each_text lets through

typedef struct md_types {
  const char *what;                // "m:wait_for", for messages
  const char *names[MD_TYPES_MAX]; // sorted bytewise; anchored by the script's arguments
  int count;
} md_types;

// Reads the value at `index`.
MD_RAISES void md_types_read(lua_State *L, int index, const char *what, md_types *out);
// The step's name (R1): the types joined by ",". Anchored by the stack.
MD_RAISES const char *md_types_name(lua_State *L, const md_types *types);
MD_RAISES json_t *md_types_list(lua_State *L, const md_types *types);
