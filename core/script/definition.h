// SPDX-License-Identifier: Apache-2.0
// moment.define: checked when a version is built, taken as it is in its turns. Private to core/script.
#pragma once
#include "script/state.h"

// Fills vm->definition while vm->defining; always returns the table that it was given.
MD_RAISES int md_definition_define(lua_State *L);
