// SPDX-License-Identifier: Apache-2.0
// Where the links of a mail lead: https or mailto, http only to loopback (M6). Pure; any thread.
#pragma once
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

// True for "https://HOST…", "mailto:…" and "http://" to localhost, 127.0.0.0/8 or [::1]; without control characters,
// backslashes, white space at its ends, or a user part.
bool md_href_allowed(const char *url, size_t len);

// Looks at every href and src of an HTML text, as a mail program would read it. MD_EINVAL names the attribute and
// what is wrong, never its data. A value that begins with `placeholder` (may be NULL) passes.
int md_href_check(const char *file, const char *html, size_t len, const char *placeholder, md_error *err);
