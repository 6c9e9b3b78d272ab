// SPDX-License-Identifier: Apache-2.0
// Lua values as JSON and back, with the limits of what leaves a script (S2, S9). Private to core/script.
#pragma once
#include "script/state.h"

enum { MD_VALUE_BYTES = 64 << 10, MD_VALUE_DEPTH = 64 };

// The value at `index` as JSON in the arena in scope. Raises for what is no tree of data: functions, cycles, depth over
// 64, more than `bytes`, NaN, infinities, invalid UTF-8, NUL. `what` begins the message ("m:set: value"). nil and
// `null` are JSON null. Bytes are counted as in canonical JSON without escapes, 8 for a float.
MD_RAISES json_t *md_value_read(lua_State *L, int index, const char *what, size_t bytes);

// The same, where secrets may stand in the data: they become marks (base/secret.h).
MD_RAISES json_t *md_value_read_secrets(lua_State *L, int index, const char *what, size_t bytes);

// Pushes a JSON value (NULL: nil). A mark becomes a secret (script/secret.h). null is absent in objects and the value
// `null` in arrays; an empty array keeps a mark by which md_value_read knows it again.
MD_RAISES void md_value_push(lua_State *L, const json_t *value);
// Pushes seconds: an integer when they are whole.
MD_RAISES void md_value_push_seconds(lua_State *L, double seconds);
// Seconds as JSON: an integer when they are whole. Raises when out of memory.
MD_RAISES json_t *md_value_seconds(lua_State *L, md_micros span);
// `value`, or raises as out of memory when it is NULL: for what jansson made.
MD_RAISES json_t *md_value_made(lua_State *L, json_t *value);
// Sets a member; a NULL value or a failure raises as out of memory.
MD_RAISES void md_value_put(lua_State *L, json_t *object, const char *name, json_t *value);
