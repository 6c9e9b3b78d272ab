// SPDX-License-Identifier: Apache-2.0
// Instants as RFC 3339 text. Pure; any thread.
#pragma once
#include "base/clock.h"
#include "base/error.h"
#include <stddef.h>

// Reads an RFC 3339 date-time with any offset and up to nine digits of fraction (kept to the microsecond), years 0001
// to 9999; a leap second :60 is read as :59.999999. MD_EINVAL otherwise.
int md_timestamp_parse(const char *text, size_t len, md_micros *out, md_error *err);

// Writes UTC with "Z": "2026-11-23T09:30:00Z", with milli- or microseconds only where there are any. Returns length.
size_t md_timestamp_format(md_micros at, char buf[static 32]);

// Writes an RFC 5322 Date in UTC: "Mon, 23 Nov 2026 09:30:00 +0000". Returns length.
size_t md_timestamp_format_mail(md_micros at, char buf[static 40]);
