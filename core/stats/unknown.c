// SPDX-License-Identifier: Apache-2.0
// Which field was meant by a name that is none.
#include "stats/unknown.h"
#include "base/suggest.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 24 };

// By its letters, whatever their case, or as a part of the wrong one; NULL: none is near.
static const char *nearest_to(const char *key, const md_stats_field *fields) {
  const char *names[NAMES_MAX + 1] = {0};
  char lower[MD_STATS_SHOWN_LEN];
  size_t len = 0;
  for (int i = 0; i < NAMES_MAX && fields[i].name; i++)
    names[i] = fields[i].name;
  for (; key[len] && len + 1 < sizeof lower; len++)
    lower[len] = (char)tolower((unsigned char)key[len]);
  lower[len] = '\0';
  const char *nearest = md_suggest(key, names);
  if (!nearest) nearest = md_suggest(lower, names);
  for (int i = 0; names[i] && !nearest; i++)
    if (strlen(names[i]) > 1 && strstr(lower, names[i])) nearest = names[i];
  return nearest;
}

void md_stats_unknown(const char *key, const md_stats_field *fields, char shown[static MD_STATS_SHOWN_LEN],
                      char advice[static MD_STATS_ADVICE_LEN]) {
  const char *nearest = nearest_to(key, fields);
  size_t len = 0;
  for (; key[len] && len + 1 < MD_STATS_SHOWN_LEN; len++)
    shown[len] = key[len] >= ' ' && key[len] <= '~' ? key[len] : '?';
  shown[len] = '\0';
  snprintf(advice, MD_STATS_ADVICE_LEN, "is no field; %s%s%s", nearest ? "did you mean " : "there are ",
           nearest ? nearest : "", nearest ? "?" : "");
  for (const md_stats_field *field = fields; field->name && !nearest; field++) {
    len = strlen(advice);
    snprintf(advice + len, MD_STATS_ADVICE_LEN - len, "%s%s", field == fields ? "" : ", ", field->name);
  }
}
