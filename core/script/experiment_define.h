// SPDX-License-Identifier: Apache-2.0
// experiment.define, as experiments/*.lua call it. Private to core/script.
#pragma once
#include "script/state.h"

// Fills the md_experiment that is the state's user. Raises what is wrong with the line of the call.
MD_RAISES int md_experiment_define(lua_State *L);
