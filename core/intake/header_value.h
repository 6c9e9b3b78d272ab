// SPDX-License-Identifier: Apache-2.0
// Values of ce- headers, as CloudEvents' HTTP binding (3.1.3.2) encodes them. Pure; any thread.
#pragma once
#include "base/arena.h"

// Takes off the quotes of a quoted string, decodes %XX once, and reads what is no UTF-8 as Latin-1 (E1). A '%' without
// two hex digits stays as it is. Returns UTF-8 in the arena and its length (%00 may stand in it), NULL when out of
// memory.
char *md_header_value(md_arena *arena, const char *raw, size_t len, size_t *out_len);
