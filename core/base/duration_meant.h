// SPDX-License-Identifier: Apache-2.0
// What a text that is no duration was most likely meant to be: "7 days", "2 timer", "1h30m", "1,5h". Pure; any thread.
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef struct md_duration_guess {
  char text[24];     // what to write: "7d"
  const char *loose; // "month" or "year", whose length is a guess; else NULL
} md_duration_guess;

// English and Danish names of units, in any case, with or without spaces; several are summed. False where nothing can
// be made of it, or the sum is more than 400 days.
bool md_duration_meant(const char *text, size_t len, md_duration_guess *out);
