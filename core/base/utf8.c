// SPDX-License-Identifier: Apache-2.0
// UTF-8: validation, counting, repair and escaping. Pure; any thread.
#include "base/utf8.h"
#include <stdint.h>
#include <string.h>

// Length of the well-formed sequence at `bytes`, or 0 (The Unicode Standard 15.0, table 3-7).
static size_t sequence(const uint8_t *bytes, size_t left) {
  uint8_t lead = bytes[0];
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  size_t len = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (left < len) return 0;
  uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (bytes[1] < low || bytes[1] > high) return 0;
  for (size_t i = 2; i < len; i++)
    if ((bytes[i] & 0xC0) != 0x80) return 0;
  return len;
}

bool md_utf8_valid(const char *text, size_t len) {
  const uint8_t *bytes = (const uint8_t *)text;
  size_t at = 0;
  while (at < len) {
    uint64_t word;
    if (len - at >= sizeof word) { // plain ASCII goes by the word
      memcpy(&word, bytes + at, sizeof word);
      if (!(word & 0x8080808080808080)) {
        at += sizeof word;
        continue;
      }
    }
    size_t step = sequence(bytes + at, len - at);
    if (step == 0) return false;
    at += step;
  }
  return true;
}

void md_utf8_from_latin1(md_buffer *out, const char *text, size_t len) {
  size_t plain = 0; // the first byte that was not appended yet
  for (size_t i = 0; i < len; i++) {
    uint8_t byte = (uint8_t)text[i];
    if (byte < 0x80) continue;
    md_buffer_append(out, text + plain, i - plain);
    char pair[2] = {(char)(0xC0 | byte >> 6), (char)(0x80 | (byte & 0x3F))};
    md_buffer_append(out, pair, sizeof pair);
    plain = i + 1;
  }
  md_buffer_append(out, text + plain, len - plain);
}

size_t md_utf8_length(const char *text, size_t len) {
  size_t count = 0;
  for (size_t i = 0; i < len; i++)
    count += ((uint8_t)text[i] & 0xC0) != 0x80;
  return count;
}
