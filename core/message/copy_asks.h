// SPDX-License-Identifier: Apache-2.0
// Which names a copy file asks its data for: those of variables that stand in no section, without which the mail cannot
// be filled (M1). Pure; any thread.
#pragma once
#include "message/copy.h"

// Calls `each` for every such variable of the file at `path`, its subject and preview included, with the first part of
// its name and its line; partials are not followed. Files that are no copy, or cannot be read as a template, ask for
// nothing. MD_ENOMEM is the only error.
int md_copy_asks(const md_copy_source *source, const char *path, md_arena *arena,
                 void (*each)(void *context, const char *name, int line), void *context);
