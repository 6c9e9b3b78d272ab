// SPDX-License-Identifier: Apache-2.0
// What consent events and sales leave on record (P7). The engine's thread, inside a batch.
#pragma once
#include "engine/state.h"

// consent.given and consent.withdrawn.
int md_consent_event(md_engine *engine, const md_event *event, bool given, md_error *err);
// An event of options.sale_event: a row of sales, when it has an order, an address and `opt_out_offered = true`.
int md_consent_sale(md_engine *engine, const md_event *event, md_error *err);
