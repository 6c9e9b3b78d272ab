// SPDX-License-Identifier: Apache-2.0
// How fast mail leaves after a downtime (W7): what has piled up goes out one by one, until nothing is left. Pure.
#pragma once
#include "base/clock.h"
#include <stdbool.h>

typedef struct md_pace {
  bool started, limited;
  md_micros interval; // between two mails
  md_micros next_at;  // of the next one
} md_pace;

#define MD_PACE_DOWNTIME (5 * MD_MINUTE) // shorter gaps are no downtime

// `gap` is how long nobody was there, `rate` mails a minute; 0: never limited.
void md_pace_start(md_pace *pace, md_micros gap, int64_t rate);
bool md_pace_allows(const md_pace *pace, md_micros now);
// One mail went. What an engine that woke late has missed is made up for, a second's worth at most.
void md_pace_spend(md_pace *pace, md_micros now);
// Nothing is due any more: from now on as ever.
void md_pace_end(md_pace *pace);
