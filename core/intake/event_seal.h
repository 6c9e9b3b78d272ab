// SPDX-License-Identifier: Apache-2.0
// The canonical text of an event and its digest (T5). Internal to event_decode. Pure; any thread.
#pragma once
#include "store/events.h"

// Fills data_text, extensions and digest of an event whose attributes and data stand. `extensions` may be NULL.
// 0 or MD_ENOMEM.
int md_event_seal(md_event *event, const json_t *extensions, md_arena *arena, md_error *err);
