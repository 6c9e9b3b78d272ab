// SPDX-License-Identifier: Apache-2.0
// What the settings say about consent and decency, as engine and outbox take it.
#pragma once
#include "base/master_key.h"
#include "cli/settings.h"
#include "engine/engine.h"
#include "message/policy.h"

// MD_EINVAL names the setting that cannot be read. Texts stay the settings'.
int md_policy_of_settings(const md_settings *settings, const md_master_key *key, md_policy *out, md_error *err);
// Fills what consents and sales are recorded by.
void md_policy_of_engine(const md_settings *settings, md_engine_options *out);
