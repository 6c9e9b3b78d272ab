// SPDX-License-Identifier: Apache-2.0
// Acts of the daemon on all runs of a moment, asked for in shares until there is no more. One thread.
#pragma once
#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

// Sends { command, moment, after } to the daemon of `db` again and again; `*count`: how many things were done, also
// when it fails. On a terminal `what` ("runs retried") is shown with it. MD_ENOTFOUND, MD_EDENIED as md_admin_hello,
// with *reached false; else the daemon's own refusal.
int md_shares_ask(const char *db, const char *command, const char *moment, const char *what, int64_t *count,
                  bool *reached, md_error *err);
