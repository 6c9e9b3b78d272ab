// SPDX-License-Identifier: Apache-2.0
// A run's journal answered to other code, without effects (R4). Private to engine/.
#pragma once
#include "engine/migrate.h"
#include "engine/state.h"

// Tries `run` on the version `to`, whose VM is there. The run is changed as the move would change it (version, wait,
// when it is due), in memory only; `*answer` is what answers its wait at once, where `out->answered`.
int md_rehearse(md_engine *engine, md_run *run, int64_t to, md_rehearsal *out, md_wait_answer *answer, md_error *err);
