// SPDX-License-Identifier: Apache-2.0
// The commands' side of the admin socket: one request, one answer, waiting for it. One thread.
#pragma once
#include "base/json.h"

// Whether a daemon answers there: what it refuses afterwards is its own word. MD_ENOTFOUND, MD_EDENIED as below.
int md_admin_hello(const char *db, md_error *err);
// Sends {"command":…} with the members of `request` (borrowed) to the daemon that has this database open, and answers
// its object in the arena in scope. MD_ENOTFOUND: no daemon there. MD_EDENIED: another user's. Otherwise the code of
// the daemon's own refusal, its sentence in `err`.
int md_admin_ask(const char *db, const json_t *request, json_t **answer, md_error *err);
// The same with a body: "bytes" is set here.
int md_admin_ask_with(const char *db, json_t *request, const void *body, size_t len, json_t **answer, md_error *err);
