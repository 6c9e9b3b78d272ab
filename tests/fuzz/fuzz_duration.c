// SPDX-License-Identifier: Apache-2.0
// Durations: whatever is read reads back the same when it is written, and nothing over 400 days passes; what a text is
// guessed to mean can be read.
#include "base/assert.h"
#include "base/duration.h"
#include "base/duration_meant.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  md_micros span = -1, again = -1;
  md_error err = {0};
  md_duration_guess meant;
  if (md_duration_meant((const char *)data, size, &meant))
    md_require(md_duration_parse(meant.text, strlen(meant.text), &span, &err) == 0);
  if (md_duration_parse((const char *)data, size, &span, &err) != 0) return 0;
  md_require(span >= 0 && span <= MD_DURATION_MAX);
  char text[24];
  size_t len = md_duration_format(span, text);
  md_require(len > 0 && len < sizeof text);
  md_require(md_duration_parse(text, len, &again, &err) == 0 && again == span);
  return 0;
}
