// SPDX-License-Identifier: Apache-2.0
// Writes and reads the bytes of journals and waits.
#include "base/pack.h"
#include <string.h>

void md_pack_uint(md_buffer *out, uint64_t number) {
  char bytes[10];
  size_t len = 0;
  do {
    bytes[len++] = (char)((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
    number >>= 7;
  } while (number > 0);
  md_buffer_append(out, bytes, len);
}

void md_pack_int(md_buffer *out, int64_t number) {
  md_pack_uint(out, (uint64_t)number << 1 ^ (uint64_t)(number >> 63));
}

void md_pack_text(md_buffer *out, const char *text) {
  size_t len = strlen(text);
  md_pack_uint(out, len);
  md_buffer_append(out, text, len + 1);
}

uint64_t md_unpack_uint(md_unpack *in) {
  uint64_t number = 0;
  for (int shift = 0; in->ok && shift < 64; shift += 7) {
    if (in->next == in->end) break;
    unsigned char byte = *in->next++;
    number |= (uint64_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80)) return number;
  }
  in->ok = false;
  return 0;
}

int64_t md_unpack_int(md_unpack *in) {
  uint64_t number = md_unpack_uint(in);
  return (int64_t)(number >> 1) ^ -(int64_t)(number & 1);
}

const char *md_unpack_text(md_unpack *in) {
  uint64_t len = md_unpack_uint(in);
  if (!in->ok || len >= (uint64_t)(in->end - in->next) || in->next[len] != 0) {
    in->ok = false;
    return "";
  }
  const char *text = (const char *)in->next;
  in->next += len + 1;
  return text;
}
