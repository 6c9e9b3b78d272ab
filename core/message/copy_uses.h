// SPDX-License-Identifier: Apache-2.0
// Which shared files a moment's copy uses: layouts, partials, and what those use. Pure; any thread.
#pragma once
#include "engine/messenger.h"

// Sets used[i] for each file of `version` outside the moment's folder that a mail of a moment of this class (NULL: of
// any) can be made of. A file that cannot be read as a template, or that names a partial by its data, uses them all.
// MD_ENOMEM is the only error.
int md_copy_uses(const md_new_version *version, const char *class_name, bool *used, md_arena *arena, md_error *err);
