// SPDX-License-Identifier: Apache-2.0
// Schedules: whatever is read fires some day, and always later than asked for.
#include "base/assert.h"
#include "base/cron.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static md_zone *zone;
  md_cron cron;
  md_error err = {0};
  if (!zone) md_require(md_zone_open(&zone, "Europe/Copenhagen", &err) == 0);
  if (md_cron_parse((const char *)data, size, &cron, &err) != 0) return 0;
  md_micros at = (md_micros)1770000000 * MD_SECOND;
  for (int i = 0; i < 3; i++) {
    md_micros next = md_cron_next(&cron, zone, at);
    md_require(next > at && next <= at + 366 * 41 * MD_DAY);
    md_require(next % MD_MINUTE == 0);
    at = next;
  }
  return 0;
}
