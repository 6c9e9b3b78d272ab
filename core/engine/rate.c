// SPDX-License-Identifier: Apache-2.0
// Counts the starts by emitted events in rings of 60, one a moment and person.
#include "engine/rate.h"
#include "base/alloc.h"
#include "base/digest.h"
#include <string.h>

void md_rate_deinit(md_rate *rate) {
  md_free(rate->slots);
  rate->slots = NULL;
}

bool md_rate_allow(md_rate *rate, const char *moment, int64_t person, md_micros now) {
  if (!rate->slots) rate->slots = md_alloc_zero(MD_RATE_SLOTS * sizeof *rate->slots);
  if (!rate->slots) return true;
  uint64_t key = md_hash64((uint64_t)person, moment, strlen(moment)) | 1;
  md_rate_slot *slot = &rate->slots[key >> 32 & (MD_RATE_SLOTS - 1)];
  if (slot->key != key) *slot = (md_rate_slot){.key = key};
  md_micros oldest = slot->starts[slot->next];
  if (oldest != 0 && now - oldest < MD_HOUR) return false;
  slot->starts[slot->next] = now;
  slot->next = (slot->next + 1) % MD_RATE_STARTS;
  return true;
}
