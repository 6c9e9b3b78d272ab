// SPDX-License-Identifier: Apache-2.0
// What an ingest has led to: counts of events, runs by outcome, messages by state. One thread.
#pragma once
#include "cli/progress.h"
#include "store/store.h"

// `late`: lines that were taken later than their own time.
int md_summary_print(md_store *store, const md_progress *progress, int64_t late, bool json, md_error *err);
