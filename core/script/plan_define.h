// SPDX-License-Identifier: Apache-2.0
// plan.define, as events.lua calls it. Private to core/script.
#pragma once
#include "script/state.h"

// Fills the md_plan that is the state's user. Raises what is wrong with the line of the call.
MD_RAISES int md_plan_define(lua_State *L);
