// SPDX-License-Identifier: Apache-2.0
// Where a message goes (M8, M9). Pure; the engine's thread.
#pragma once
#include "message/outbox.h"

// Whether it goes to a name of the configuration, not to the run's person.
bool md_recipient_internal(const md_send *send);

// `*to` is the address (in `arena`, or the options'), or NULL with `*why` for people when there is none. MD_EINVAL: the
// script's `to` names nobody whom the configuration knows.
int md_recipient_find(const md_outbox_options *options, const md_send *send, md_arena *arena, const char **to,
                      const char **why, md_error *err);
