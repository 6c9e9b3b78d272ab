// SPDX-License-Identifier: Apache-2.0
// Where a message goes (M8, M9). Pure; the engine's thread.
#pragma once
#include "message/outbox.h"

// `*to` is the address (in `arena`), or NULL with `*why` for people when there is none. MD_EINVAL: `to` names nobody
// whom the configuration knows. `*internal`: it goes to such a name, not to the run's person.
int md_recipient_find(const md_outbox_options *options, const md_send *send, md_arena *arena, const char **to,
                      bool *internal, const char **why, md_error *err);
