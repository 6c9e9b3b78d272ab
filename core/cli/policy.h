// SPDX-License-Identifier: Apache-2.0
// What the settings say about consent and decency, as engine and outbox take it.
#pragma once
#include "base/master_key.h"
#include "cli/settings.h"
#include "engine/engine.h"
#include "message/policy.h"

// MD_EINVAL names the setting that cannot be read. Texts stay the settings'.
int md_policy_of_settings(const md_settings *settings, const md_master_key *key, md_policy *out, md_error *err);
// What can be told of the settings before there is a database: the same, and that retention keeps what is counted
// (R7). MD_EINVAL.
int md_policy_check(const md_settings *settings, md_error *err);
// The ring that signs and verifies unsubscribe links.
int md_policy_unsubscribe(const md_master_key *key, md_token_ring *out, md_error *err);
// What links in mail begin with: public_url; else, where mail goes no further than this machine, the address that is
// listened on (`*own` then); else NULL. Into `arena`.
int md_policy_link_base(const md_settings *settings, bool stays_here, md_arena *arena, const char **out, bool *own,
                        md_error *err);
// Fills what consents and sales are recorded by.
void md_policy_of_engine(const md_settings *settings, md_engine_options *out);
