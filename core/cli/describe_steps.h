// SPDX-License-Identifier: Apache-2.0
// Steps in words: what they do, how long they wait, what happened. Pure; any thread. Answers lie in `arena`, NULL when
// out of memory.
#pragma once
#include "cli/describe_paths.h"

// How long a step waits, in words: "for 3 days", "until a time that the script computes"; NULL for what does not wait.
const char *md_place_span(md_step_kind kind, const json_t *args, md_arena *arena);
// What happened: "order.placed", "nothing came", "sent", "not sent: limit"; "" where there is nothing to say, NULL
// while it waits.
const char *md_place_result(md_step_kind kind, const md_answer *answer, md_arena *arena);
// What the step does: "Wait for order.placed, 1 hour at most".
const char *md_place_words(const md_place *place, md_arena *arena);
// The types of a wait, or of m:past: "order.placed or cart.restored".
const char *md_place_types(const json_t *args, md_arena *arena);
