// SPDX-License-Identifier: Apache-2.0
// What to say of a member that is no field of its method. Private to this room. Pure; any thread.
#pragma once
#include "stats/method.h"

enum { MD_STATS_SHOWN_LEN = 48, MD_STATS_ADVICE_LEN = 256 };

// Writes the member's name as it may be shown (one line, plain characters, cut where it is long), and the rule: "is no
// field; did you mean level", or all the names that there are where none is near.
void md_stats_unknown(const char *key, const md_stats_field *fields, char shown[static MD_STATS_SHOWN_LEN],
                      char advice[static MD_STATS_ADVICE_LEN]);
