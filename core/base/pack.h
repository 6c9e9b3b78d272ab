// SPDX-License-Identifier: Apache-2.0
// The bytes of journals, waits and sketches: LEB128 varints, zigzag for signed ones, texts with length and a closing
// NUL. Pure.
#pragma once
#include "base/buffer.h"
#include <stdint.h>

void md_pack_uint(md_buffer *out, uint64_t number);
void md_pack_int(md_buffer *out, int64_t number);
void md_pack_text(md_buffer *out, const char *text);

// `ok` turns false at the first byte that does not fit, and stays so; the answers are then 0 and "".
typedef struct md_unpack {
  const unsigned char *next;
  const unsigned char *end;
  bool ok;
} md_unpack;

uint64_t md_unpack_uint(md_unpack *in);
int64_t md_unpack_int(md_unpack *in);
const char *md_unpack_text(md_unpack *in); // points into the bytes
