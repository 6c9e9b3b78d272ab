// SPDX-License-Identifier: Apache-2.0
// Events as scripts see them: a table of id type source subject time data. Private to core/script.
#pragma once
#include "script/state.h"

// Pushes an event, whole.
MD_RAISES void md_event_table_push(lua_State *L, const md_event_view *event);

// Pushes the turn's trigger, whose data becomes tables only when the script looks at it: most turns end at a wait
// before they do. Until then the table has a metatable that no script can see, because whatever looks at tables without
// asking their metatables calls md_event_table_settle first. `event` is borrowed until md_event_table_end.
MD_RAISES void md_event_table_push_trigger(lua_State *L, const md_event_view *event);

// If the value at `index` is a trigger whose data was not looked at, makes it a table as any other.
MD_RAISES void md_event_table_settle(lua_State *L, int index);

// After the turn: nothing of its trigger is used any more.
void md_event_table_end(md_vm *vm);

// Pushes the metatable of triggers; once a state.
MD_RAISES void md_event_table_open(lua_State *L);

// rawget and getmetatable, in the place of the stock ones.
MD_RAISES int md_event_table_rawget(lua_State *L);
MD_RAISES int md_event_table_getmetatable(lua_State *L);
