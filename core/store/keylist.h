// SPDX-License-Identifier: Apache-2.0
// Pairs of texts as one blob: "kind\0value\0kind\0value\0". Keys lie in the rows of events and runs so, identities in
// those of people. Used inside store/ only. Pure.
#pragma once
#include "store/events.h"

// The size of the blob, and writing it to `out` of at least that size.
size_t md_keylist_size(const md_key *keys, int count);
void md_keylist_write(const md_key *keys, int count, char *out);
// Points `keys` into the blob; answers how many, at most `max`. A damaged end is left out.
int md_keylist_read(const char *blob, size_t len, md_key *keys, int max);
// The next pair at `*at`, which moves past it; false at the end.
bool md_keylist_next(const char *blob, size_t len, size_t *at, md_key *key);
bool md_keylist_has(const char *blob, size_t len, md_key key);
