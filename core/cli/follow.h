// SPDX-License-Identifier: Apache-2.0
// Shows events, or triggers that started nothing, when they come, from a database that a daemon writes. One thread.
#pragma once
#include "cli/reader.h"

typedef struct md_follow {
  const char *type; // or NULL: all
  int limit;        // of those that are there already
  bool unmatched, json;
} md_follow;

// Until SIGINT or SIGTERM, or until nobody reads its output any more: 0. Else a negative code, with reader->err.
int md_follow_run(md_reader *reader, const md_follow *wanted);
