// SPDX-License-Identifier: Apache-2.0
// Progress and rate of an ingest on standard error, and the lines that were refused. One thread.
#pragma once
#include "base/clock.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct md_progress {
  md_micros started, shown;
  int64_t lines, accepted, duplicates, conflicts, refused;
  int64_t told;             // refused lines that were printed
  bool tty, quiet, pending; // pending: a line of progress without its end is on the terminal
} md_progress;

void md_progress_begin(md_progress *progress, bool quiet);
// Shows where it stands, at most every 200 ms on a terminal and every 5 s elsewhere.
void md_progress_show(md_progress *progress);
// Prints "line N: why" for the first hundred, and counts.
void md_progress_refuse(md_progress *progress, int64_t line, const char *why);
void md_progress_conflict(md_progress *progress, int64_t line, const char *why);
// The last line with the whole rate.
void md_progress_end(md_progress *progress);
