// SPDX-License-Identifier: Apache-2.0
// Time zones: a name opens or is refused; an instant shown and read back is the same, but for what is shown twice.
#include "base/assert.h"
#include "base/zone.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char name[64] = {0};
  int64_t seconds = 0;
  md_zone *zone = NULL;
  md_error err = {0};
  if (size < sizeof(int32_t)) return 0;
  memcpy(&seconds, data, sizeof(int32_t));
  seconds = (int32_t)seconds; // 1901 … 2038
  size_t len = size - sizeof(int32_t) < sizeof name - 1 ? size - sizeof(int32_t) : sizeof name - 1;
  memcpy(name, data + sizeof(int32_t), len);
  if (md_zone_open(&zone, name, &err) != 0) return 0;
  md_micros at = seconds * MD_SECOND;
  md_civil civil = md_zone_civil(zone, at);
  md_micros first = md_zone_instant(zone, &civil, false), later = md_zone_instant(zone, &civil, true);
  md_require(first == at || later == at);
  md_require(first <= later);
  int64_t day = md_zone_day(zone, at);
  md_require(md_zone_day_start(zone, day) <= at);
  md_zone_close(zone);
  return 0;
}
