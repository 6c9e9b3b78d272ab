// SPDX-License-Identifier: Apache-2.0
// What scripts and plans write short, in words for people who read no code. Pure; any thread. All answers lie in
// `arena`, NULL when out of memory.
#pragma once
#include "base/arena.h"
#include "base/clock.h"
#include "base/cron.h"

// "1 hour 30 minutes", "3 days".
const char *md_words_span(md_micros span, md_arena *arena);
// "at 08:00 on the 1st of every month", "every 15 minutes, from Monday to Friday".
const char *md_words_schedule(const md_cron *cron, md_arena *arena);
// "a", "a or b", "a, b or c": `last` is the word before the last.
const char *md_words_list(const char *const *items, int count, const char *last, md_arena *arena);
