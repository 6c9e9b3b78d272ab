// SPDX-License-Identifier: Apache-2.0
// The families of methods, each a table that ends with an entry without a name, defined in methods_<family>.c; and the
// words in which their fields are declared. Private to this room.
#pragma once
#include "stats/method.h"

extern const md_stats_method md_stats_bucket_methods[];

// MD_IN(struct, field, TYPE, unit, meaning, further members…) declares one field, MD_IN_LIST a list of such.
#define MD_IN(in, field, kind, of, says, ...)                                                                          \
  {                                                                                                                    \
    .name = #field, .type = MD_STATS_##kind, .offset = offsetof(in, field), .unit = (of), .meaning = (says),           \
    __VA_ARGS__                                                                                                        \
  }
#define MD_IN_LIST(in, field, kind, of, says, ...) MD_IN(in, field, kind, of, says, .list = true, __VA_ARGS__)
