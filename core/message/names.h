// SPDX-License-Identifier: Apache-2.0
// Values typed `name` (M6): what a stranger typed as a name must not carry a link into a mail. Pure; any thread.
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { MD_NAME_MAX = 60 }; // characters

// False for a text of more than 60 characters, with "://", "www." or a dotted domain ("shop.dk": a letter or digit, a
// dot, two letters), or that is no UTF-8.
bool md_name_usable(const char *text, size_t len);

// `data` with the values at `paths` (NULL-terminated, may be NULL; "a.b", through arrays too; a leading "data." is
// ignored where data has no such member) left out where they are not usable: `data` itself when all are, else a copy
// in the arena in scope (md_json_scope). NULL when out of memory.
const json_t *md_names_apply(const json_t *data, const char *const *paths);
