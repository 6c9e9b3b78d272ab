// SPDX-License-Identifier: Apache-2.0
// Secrets in a message's data: marks in the turn (base/secret.h), "[secret]" and references in the row, values only in
// memory while the mail is made (X1, X2). The engine's thread.
#pragma once
#include "store/messages.h"

// Takes data with marks apart. `*shown` is a copy with "[secret]" in their places, `*references` a JSON list of
// { at = [names and places], event or call, path } for each, or NULL when there is none. MD_ENOMEM.
int md_message_secrets(const json_t *data, json_t **shown, json_t **references);
// A copy of `shown` with the values in their places, wiped by nobody: it dies with the arena. MD_ENOTFOUND when one is
// gone, MD_ECONFLICT when one does not open with the key kept for it.
int md_message_reveal(md_store *store, const json_t *shown, const json_t *references, md_micros now, md_arena *arena,
                      json_t **out, md_error *err);
