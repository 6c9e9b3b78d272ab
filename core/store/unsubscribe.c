// SPDX-License-Identifier: Apache-2.0
// Writes and reads what an unsubscribe link says: five lines of text in a token.
#include "store/unsubscribe.h"
#include "base/digest.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 5 };

const char *const md_unsubscribe_purpose = "unsubscribe";

// The first letter of the name and of its domain, and the domain's last part.
void md_unsubscribe_mask(const char *address, char out[static MD_MASKED_SIZE]) {
  const char *at = strrchr(address, '@');
  const char *dot = at ? strrchr(at, '.') : NULL;
  if (at && at > address && dot && dot > at + 1 && strlen(dot) < MD_MASKED_SIZE - 16)
    snprintf(out, MD_MASKED_SIZE, "%c***@%c***%s", address[0], at[1], dot);
  else
    snprintf(out, MD_MASKED_SIZE, "***");
}

int md_unsubscribe_write(const md_token_ring *ring, const md_unsubscribe *link, char out[static MD_TOKEN_SIZE],
                         md_error *err) {
  char object[MD_TOKEN_OBJECT_MAX], hash[2 * MD_ADDRESS_HASH_SIZE + 1];
  md_hex(link->address, sizeof link->address, hash);
  int len = snprintf(object, sizeof object, "%lld\n%s\n%s\n%s\n%s", (long long)link->person, link->purpose,
                     link->locale, hash, link->masked);
  if (len < 0 || (size_t)len >= sizeof object) return md_error_set(err, MD_ETOOBIG, "an unsubscribe link is too long");
  return md_token_write(ring, object, (size_t)len, 0, out, err);
}

static bool split(char *text, char *lines[static LINES]) {
  int count = 0;
  for (char *at = text; at && count < LINES; count++) {
    lines[count] = at;
    at = strchr(at, '\n');
    if (at) *at++ = '\0';
    if (!at) return count == LINES - 1;
  }
  return false;
}

static bool keep(const char *text, char *out, size_t room) {
  return (size_t)snprintf(out, room, "%s", text) < room;
}

int md_unsubscribe_read(const md_token_ring *ring, const char *text, size_t len, md_unsubscribe *out, md_error *err) {
  char object[MD_TOKEN_OBJECT_MAX + 1], *lines[LINES];
  size_t object_len = 0;
  int rc = md_token_read(ring, text, len, 0, object, &object_len, err);
  if (rc) return rc;
  object[object_len] = '\0';
  *out = (md_unsubscribe){0};
  bool whole = strlen(object) == object_len && split(object, lines) &&
               keep(lines[1], out->purpose, sizeof out->purpose) && keep(lines[2], out->locale, sizeof out->locale) &&
               md_unhex(lines[3], strlen(lines[3]), out->address, sizeof out->address) &&
               keep(lines[4], out->masked, sizeof out->masked);
  if (!whole) return md_error_set(err, MD_ESYNTAX, "the token holds no unsubscribe link");
  out->person = strtoll(lines[0], NULL, 10);
  return 0;
}
