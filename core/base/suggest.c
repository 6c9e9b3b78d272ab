// SPDX-License-Identifier: Apache-2.0
// The nearest known name for a wrong one, by edit distance with swaps of neighbours. Pure; any thread.
#include "base/suggest.h"
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 64 }; // a longer name is no slip of the fingers, and the rows stay on the stack

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

// Optimal string alignment, the restricted Damerau-Levenshtein distance; both at most LONGEST bytes.
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len) {
  size_t rows[3][LONGEST + 1];
  size_t *before = rows[0], *previous = rows[1], *current = rows[2];
  for (size_t j = 0; j <= b_len; j++)
    previous[j] = before[j] = j;
  for (size_t i = 1; i <= a_len; i++) {
    current[0] = i;
    for (size_t j = 1; j <= b_len; j++) {
      size_t best = least(previous[j], current[j - 1]) + 1;
      best = least(best, previous[j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) best = least(best, before[j - 2] + 1);
      current[j] = best;
    }
    size_t *oldest = before;
    before = previous;
    previous = current;
    current = oldest;
  }
  return previous[b_len];
}

const char *md_suggest(const char *wrong, const char *const *known) {
  size_t len = strnlen(wrong, LONGEST + 1);
  if (len > LONGEST) return NULL;
  size_t limit = len / 3 > 1 ? len / 3 : 1;
  const char *nearest = NULL;
  for (; *known; known++) {
    size_t known_len = strnlen(*known, LONGEST + 1);
    if (known_len > LONGEST || known_len > len + limit || len > known_len + limit) continue;
    size_t apart = distance(wrong, len, *known, known_len);
    if (apart > limit) continue;
    nearest = *known;
    if (apart == 0) break;
    limit = apart - 1; // only a strictly nearer one replaces it
  }
  return nearest;
}
