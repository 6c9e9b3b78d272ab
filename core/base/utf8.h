// SPDX-License-Identifier: Apache-2.0
// UTF-8: validation and repair. Pure; any thread.
#pragma once
#include "base/buffer.h"
#include <stdbool.h>

// True for well-formed UTF-8 (no surrogates, no overlong forms, up to U+10FFFF).
bool md_utf8_valid(const char *text, size_t len);
// Appends Latin-1 bytes as UTF-8.
void md_utf8_from_latin1(md_buffer *out, const char *text, size_t len);
// Number of code points of valid UTF-8.
size_t md_utf8_length(const char *text, size_t len);
