// SPDX-License-Identifier: Apache-2.0
// moment.schedule(cron, tz): a value for `on` (T7). Private to core/script.
#pragma once
#include "script/state.h"

// The function: returns { schedule = cron, tz = tz }, checked. A schedule that never fires raises.
MD_RAISES int md_schedule_make(lua_State *L);
// Whether the value at `index` is what moment.schedule returned; its texts are anchored by it.
MD_RAISES bool md_schedule_read(lua_State *L, int index, md_schedule *out);
