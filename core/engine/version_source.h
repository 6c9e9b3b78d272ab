// SPDX-License-Identifier: Apache-2.0
// What a version consists of: the files of a script tree that a moment really uses, with its part of the plan, and
// their digest. Any thread.
#pragma once
#include "engine/messenger.h"
#include "script/plan.h"
#include "script/source.h"

typedef struct md_version_source {
  md_source files; // sorted by path; with MD_PLAN_PART, and with specs, which test a version and do not make it
  char digest[65]; // over all but the specs
} md_version_source;

// Chooses from `tree`: the moment's folder, the shared modules that it requires (followed), the layouts and partials
// that its copy uses (followed), and of `plan` the types and things that it can meet. `messenger` may be NULL: then all
// shared files are used. Everything lies in `arena`, or is borrowed from `tree`. Errors as md_source_of_moment.
int md_version_source_read(const md_messenger *messenger, const md_plan *plan, const md_source *tree,
                           const char *moment, md_arena *arena, md_version_source *out, md_error *err);
