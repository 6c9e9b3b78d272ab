// SPDX-License-Identifier: Apache-2.0
// Paces mail after a downtime.
#include "message/pace.h"

void md_pace_start(md_pace *pace, md_micros gap, int64_t rate) {
  *pace = (md_pace){.started = true, .limited = rate > 0 && gap > MD_PACE_DOWNTIME};
  if (pace->limited) pace->interval = MD_MINUTE / rate;
}

bool md_pace_allows(const md_pace *pace, md_micros now) {
  return !pace->limited || pace->next_at <= now;
}

void md_pace_spend(md_pace *pace, md_micros now) {
  if (!pace->limited) return;
  md_micros from = pace->next_at > now - MD_SECOND ? pace->next_at : now;
  pace->next_at = from + pace->interval;
}

void md_pace_end(md_pace *pace) {
  pace->limited = false;
}
