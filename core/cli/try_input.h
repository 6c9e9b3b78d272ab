// SPDX-License-Identifier: Apache-2.0
// The files that `momentd try` is given: events as somebody writes them by hand, and what connections answer. Pure but
// for reading them. One thread.
#pragma once
#include "cli/shop.h"

// Both files hold JSON objects: one, an array of them, or one a line; "-" is standard input. An arena must be in scope
// for JSON.

// The events in their order. What an event may leave out, beside what CloudEvents lets it: specversion, id
// and source.
int md_try_events(const char *file, md_arena *arena, md_event **events, int *count, md_error *err);
// Answers as shop:answer takes them, each with its `connection`.
int md_try_answers(const char *file, md_shop *shop, md_error *err);
