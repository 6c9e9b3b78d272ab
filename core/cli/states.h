// SPDX-License-Identifier: Apache-2.0
// States by their names, as options give them. Pure.
#pragma once
#include "store/messages.h"
#include "store/runs.h"

// NULL is any state (0). MD_EINVAL names the nearest known.
int md_run_state_parse(const char *text, md_run_state *out, md_error *err);
int md_message_state_parse(const char *text, md_message_state *out, md_error *err);
