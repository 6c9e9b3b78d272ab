// SPDX-License-Identifier: Apache-2.0
// From a JSON object to a method's struct and back, by its tables. Private to this room. Pure; any thread.
#pragma once
#include "stats/method.h"

// Reads `object` into `into` (cleared, of the struct's size). What lists point to goes into `arena`; texts are borrowed
// from the JSON. MD_EINVAL names the field ("control.n: …") and the rule.
int md_stats_decode(const json_t *object, const md_stats_field *fields, void *into, md_arena *arena, md_error *err);

// Makes an object with every field of `from`, whose first member is its `why`. NULL when out of memory.
json_t *md_stats_encode(const md_stats_field *fields, const void *from);
