// SPDX-License-Identifier: Apache-2.0
// The identity paths of the plan, kept as a setting of the database so that commands which have no script tree find
// people by them. One thread a store.
#pragma once
#include "script/plan.h"
#include "store/store.h"

// Writes the plan's paths, those of earlier plans after them. Inside a transaction.
int md_identities_write(md_store *store, const md_plan *plan, md_error *err);
// The paths in the plan's order, NULL-terminated, in `arena`; the built-in plan's where none were written.
const char *const *md_identities_read(md_store *store, md_arena *arena);
