// SPDX-License-Identifier: Apache-2.0
// What a version's scripts need of what all moments share, read off the words of their Lua files before they run: the
// event types that they can meet, the kinds of things, the moment's class. It errs on the side of more. Pure; any
// thread.
#pragma once
#include "base/arena.h"
#include "script/source.h"
#include <stdbool.h>

typedef struct md_needs {
  const char *const *types; // types and families ("order.*"), NULL-terminated
  bool all_types;           // one is computed: it may be any
  const char *const *kinds; // likewise
  bool all_kinds;
  const char *class_name; // NULL: it is not written out, or two are
} md_needs;

// Looks at all Lua files of `version` but its specs; strings go into `arena`. 0 or MD_ENOMEM.
int md_needs_read(const md_source *version, md_arena *arena, md_needs *out);
// A spec ("m/moment_spec.lua"): it tests a version, and is no part of what runs.
bool md_source_is_spec(const char *path);
