// SPDX-License-Identifier: Apache-2.0
// The way out of marketing and feedback mail: which messages need one, and the link (A3). The engine's thread.
#pragma once
#include "message/outbox.h"

bool md_opt_out_needed(const md_message *message);
// The link for a message whose person, class, address and (where it is known) locale stand; NULL in `*url` where it
// needs none or there is no base for links.
int md_opt_out_url(const md_outbox_options *options, const md_message *message, md_arena *arena, const char **url,
                   md_error *err);
