// SPDX-License-Identifier: Apache-2.0
// The triggers among `unmatched` that wait because their moment is paused. One thread a store.
#pragma once
#include "store/store.h"

// The first row of the moment with id > after. MD_ENOTFOUND when there is no more. Partial index.
int md_paused_trigger_next(md_store *store, const char *moment, int64_t after, int64_t *id, int64_t *event,
                           md_error *err);
int md_paused_trigger_delete(md_store *store, int64_t id, md_error *err);
// Deletes those of one schedule, by the detail that its rows have.
int md_paused_trigger_forget(md_store *store, const char *moment, const char *detail, md_error *err);
