// SPDX-License-Identifier: Apache-2.0
// The nearest known name for a wrong one (Damerau-Levenshtein distance). Pure; any thread.
#pragma once
#include <stddef.h>

// The entry of `known` (NULL-terminated) nearest to `wrong`, or NULL when none is within a third of its length (at
// least 1).
const char *md_suggest(const char *wrong, const char *const *known);
