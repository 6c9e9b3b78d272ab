// SPDX-License-Identifier: Apache-2.0
// The arms of experiments that a spec has chosen. One thread.
#pragma once
#include "cli/shop.h"

// shop:arm. MD_EINVAL, with the nearest, when the scripts declare no such experiment or arm.
int md_shop_choose_arm(md_shop *shop, const char *experiment, const char *arm, md_error *err);
// What m:experiment answers for a person who has no arm; NULL: nothing was chosen. `context` is the shop.
const char *md_shop_arm_of(void *context, const char *experiment);
