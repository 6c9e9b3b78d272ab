// SPDX-License-Identifier: Apache-2.0
// Whether a database lives in the world's time or in virtual time (B5): the two never mix. One thread a store.
#pragma once
#include "store/store.h"
#include <stdbool.h>

// Marks a database that has no mark yet. MD_EDENIED when it bears the other one, or holds events of a live past.
int md_usage_claim(md_store *store, bool in_virtual_time, md_error *err);
