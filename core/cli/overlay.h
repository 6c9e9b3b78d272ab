// SPDX-License-Identifier: Apache-2.0
// Script directories that lie over each other: which files below a used one have changed since somebody last looked at
// it, as after an upgrade of the moments that are shipped. One thread a store.
#pragma once
#include "cli/scripts.h"

// Compares with what is remembered, inside a transaction. A path is told by `changed` as long as the file above is the
// one that was used when the file below was another; changing the one above, or taking it away, settles it.
int md_overlay_compare(md_store *store, const md_shadows *shadows, void (*changed)(void *context, const md_shadow *at),
                       void *context, md_error *err);
