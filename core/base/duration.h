// SPDX-License-Identifier: Apache-2.0
// Durations as people write them: "90s", "15m", "1.5h", "3d", "2w", "250ms". Pure; any thread.
#pragma once
#include "base/clock.h"
#include "base/error.h"
#include <stddef.h>

#define MD_DURATION_MAX (400 * MD_DAY)

// Parses `text` of `len` bytes (not NUL-terminated). On success 0 and `*out >= 0`; else MD_EINVAL, and `err` (may be
// NULL) names the byte that could not be read. A decimal fraction is allowed, a sign is not; more than 400 days is
// MD_ERANGE.
int md_duration_parse(const char *text, size_t len, md_micros *out, md_error *err);

// Writes the shortest exact form ("90s", not "1.5m") and returns its length; `buf` holds 24 bytes.
size_t md_duration_format(md_micros span, char buf[static 24]);
