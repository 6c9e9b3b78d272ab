// SPDX-License-Identifier: Apache-2.0
// Values at identity and thing paths of an event (P1). Pure but for the arena.
#pragma once
#include "store/events.h"

// What stands at `path` ("subject" or "data.…") of the event, as identity text in `arena`: strings as they are (a path
// whose last name is `email`: trimmed and lower-cased), integers as decimal text, at most 256 bytes. NULL: missing.
const char *md_identity_value(const md_event *event, const char *path, md_arena *arena);
// Whether the last name of the path is `email`.
bool md_identity_is_email(const char *path);
