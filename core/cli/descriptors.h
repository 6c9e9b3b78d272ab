// SPDX-License-Identifier: Apache-2.0
// How many files and connections this process may have open.
#pragma once
#include "base/error.h"
#include <stdint.h>

// The soft limit becomes the hard one.
void md_descriptors_raise(void);
// How many connections of `wanted` there is room for beside what is open and what is opened while the daemon works.
// Fewer are warned of; MD_EINVAL if there is no room for any.
int md_descriptors_connections(int64_t wanted, unsigned *out, md_error *err);
