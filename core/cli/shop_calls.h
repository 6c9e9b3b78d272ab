// SPDX-License-Identifier: Apache-2.0
// Outgoing calls in a spec's shop: what the spec says that connections answer, and what was called. One thread.
#pragma once
#include "cli/shop.h"

// shop:answer. An arena is in scope.
int md_shop_add_answer(md_shop *shop, const char *connection, const json_t *fields, md_error *err);
// Fills in the end of an attempt; `context` is the shop.
void md_shop_answer_call(void *context, md_call_attempt *attempt);
// shop:expect_call. An arena is in scope.
int md_shop_expect_call(md_shop *shop, const json_t *wanted, md_error *err);
