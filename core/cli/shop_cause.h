// SPDX-License-Identifier: Apache-2.0
// Why a spec saw nothing of what it expected. One thread.
#pragma once
#include "cli/shop.h"

// "run 1 is parked: FILE:LINE: …", "no run was started: about: …", or NULL: neither is so. In the shop's arena.
const char *md_shop_cause(md_shop *shop);
