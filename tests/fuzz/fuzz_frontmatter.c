// SPDX-License-Identifier: Apache-2.0
// The head of copy files: any bytes are read or refused, and the body lies within them.
#include "message/frontmatter.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  md_arena *arena = md_arena_new(0);
  const char *text = (const char *)data;
  md_frontmatter head;
  md_error err = {0};
  int rc = md_frontmatter_parse("fuzz", text, size, arena, &head, &err);
  if (rc == 0 && (head.body < text || head.body + head.body_len != text + size || head.body_line < 1)) abort();
  if (rc == 0 && head.subject && strlen(head.subject) > size) abort();
  if (rc != 0 && err.text[0] == '\0') abort();
  md_arena_free(arena);
  return 0;
}
