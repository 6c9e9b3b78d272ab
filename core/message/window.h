// SPDX-License-Identifier: Apache-2.0
// How many of something fit into a span that slides along a line: what limits and caps count by (M5). Pure; any thread.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What is there already. Times and spans are in any one unit: microseconds, or days.
typedef struct md_window_item {
  int64_t at;
  int64_t group;                     // items of one group count once: the run, where runs are counted
  size_t rank, after_previous, next; // written by md_window_sort: neighbours of its group
} md_window_item;

typedef struct md_window {
  const md_window_item *items; // sorted by md_window_sort
  size_t count;
  int64_t span; // over 0
  int64_t most; // groups within a span; over 0
} md_window;

// Puts items, which come in any order, into that of time. To be done once, before the questions below.
void md_window_sort(md_window_item *items, size_t count);

// Whether one more at `at`, of a group of its own, leaves at most `most` groups within every half-open span.
bool md_window_fits(const md_window *window, int64_t at);
// The earliest time from `at` on at which it would.
int64_t md_window_next(const md_window *window, int64_t at);
