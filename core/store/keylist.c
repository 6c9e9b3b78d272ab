// SPDX-License-Identifier: Apache-2.0
// Pairs of texts as one blob.
#include "store/keylist.h"
#include <string.h>

size_t md_keylist_size(const md_key *keys, int count) {
  size_t size = 0;
  for (int i = 0; i < count; i++)
    size += strlen(keys[i].kind) + strlen(keys[i].value) + 2;
  return size;
}

void md_keylist_write(const md_key *keys, int count, char *out) {
  for (int i = 0; i < count; i++) {
    out = stpcpy(out, keys[i].kind) + 1;
    out = stpcpy(out, keys[i].value) + 1;
  }
}

bool md_keylist_next(const char *blob, size_t len, size_t *at, md_key *key) {
  if (*at >= len) return false;
  const char *end = blob + len, *kind = blob + *at;
  const char *kind_end = memchr(kind, 0, (size_t)(end - kind));
  const char *value_end = kind_end ? memchr(kind_end + 1, 0, (size_t)(end - kind_end - 1)) : NULL;
  if (!value_end) return false;
  *key = (md_key){kind, kind_end + 1};
  *at = (size_t)(value_end + 1 - blob);
  return true;
}

int md_keylist_read(const char *blob, size_t len, md_key *keys, int max) {
  size_t at = 0;
  int count = 0;
  while (count < max && md_keylist_next(blob, len, &at, &keys[count]))
    count++;
  return count;
}

bool md_keylist_has(const char *blob, size_t len, md_key key) {
  size_t at = 0;
  md_key each;
  while (md_keylist_next(blob, len, &at, &each))
    if (strcmp(each.value, key.value) == 0 && strcmp(each.kind, key.kind) == 0) return true;
  return false;
}
