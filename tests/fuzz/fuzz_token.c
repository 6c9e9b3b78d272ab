// SPDX-License-Identifier: Apache-2.0
// Tokens: nothing that was not signed is taken; what is signed comes back whole; an unsubscribe link made of any bytes
// is read within its bounds.
#include "base/assert.h"
#include "base/digest.h"
#include "store/unsubscribe.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const md_token_ring *ring(void) {
  static md_token_ring made;
  if (made.count) return &made;
  md_token_ring_init(&made, md_unsubscribe_purpose);
  made.count = 1; // a fixed key, so that runs repeat themselves
  memset(made.keys[0].secret, 7, sizeof made.keys[0].secret);
  memcpy(made.keys[0].id, "01234567", 9);
  return &made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char token[MD_TOKEN_SIZE], object[MD_TOKEN_OBJECT_MAX];
  md_unsubscribe link;
  size_t len = 0;
  md_require(md_token_read(ring(), (const char *)data, size, 0, object, &len, NULL) != 0);
  if (size > MD_TOKEN_OBJECT_MAX) return 0;
  md_require(md_token_write(ring(), data, size, 0, token, NULL) == 0);
  md_require(md_token_read(ring(), token, strlen(token), 0, object, &len, NULL) == 0);
  md_require(len == size && memcmp(object, data, size) == 0);
  if (md_unsubscribe_read(ring(), token, strlen(token), &link, NULL) != 0) return 0;
  md_require(memchr(link.purpose, 0, sizeof link.purpose) && memchr(link.locale, 0, sizeof link.locale));
  md_require(memchr(link.masked, 0, sizeof link.masked));
  return 0;
}
