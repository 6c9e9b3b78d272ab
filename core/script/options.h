// SPDX-License-Identifier: Apache-2.0
// Option tables and arguments, checked: every misuse raises with the script's line and says what to write. Private to
// core/script.
#pragma once
#include "script/state.h"

// `what` names the call in messages ("m:send", "moment.define: goal"). `table` is an absolute stack index.
// Functions named _find read `name` of the table without metamethods; absent is nil.

// Refuses keys that are not in `known` (NULL-terminated), with the nearest that is.
MD_RAISES void md_options_check(lua_State *L, int table, const char *what, const char *const *known);
// Leaves the value on the stack and returns its type.
MD_RAISES int md_options_get(lua_State *L, int table, const char *name);
// NULL when absent; else a text of valid UTF-8 without NUL, 1 … `longest` bytes, anchored by the table.
MD_RAISES const char *md_options_find_text(lua_State *L, int table, const char *what, const char *name, size_t longest);
// False when absent.
MD_RAISES bool md_options_find_duration(lua_State *L, int table, const char *what, const char *name, md_micros *out);
MD_RAISES bool md_options_find_time(lua_State *L, int table, const char *what, const char *name, double *out);
// `fallback` when absent.
MD_RAISES bool md_options_find_boolean(lua_State *L, int table, const char *what, const char *name, bool fallback);
MD_RAISES lua_Integer md_options_find_count(lua_State *L, int table, const char *what, const char *name,
                                            lua_Integer fallback);
// The index in `choices` (NULL-terminated), or -1 when absent.
MD_RAISES int md_options_find_choice(lua_State *L, int table, const char *what, const char *name,
                                     const char *const *choices);

// The same checks for the value at an index; `what` begins the message.
MD_RAISES const char *md_options_text(lua_State *L, int index, const char *what, size_t longest);
MD_RAISES md_micros md_options_duration(lua_State *L, int index, const char *what);

// Raises unless `type` is an event type; with `pattern`, "order.*" is one too.
MD_RAISES void md_options_event_type(lua_State *L, const char *what, const char *type, bool pattern);
// Raises unless `name` is made of a-z and _.
MD_RAISES void md_options_template(lua_State *L, const char *what, const char *name);
// The texts of a text or list at `index`: calls `each` for every one and returns how many.
MD_RAISES int md_options_each_text(lua_State *L, int index, const char *what,
                                   void (*each)(lua_State *L, void *context, const char *text), void *context);
