// SPDX-License-Identifier: Apache-2.0
// Counts groups within spans.
#include "message/window.h"

// Whether an item's group stands before it within the same span.
static bool counted(const md_window *window, size_t index, int64_t start) {
  const md_window_item *items = window->items;
  for (size_t i = 0; i < index; i++)
    if (items[i].group == items[index].group && items[i].at >= start && items[i].at < start + window->span) return true;
  return false;
}

// Whether the span that begins at `start` holds `most` groups already.
static bool full(const md_window *window, int64_t start) {
  int64_t groups = 0;
  for (size_t i = 0; i < window->count && groups < window->most; i++) {
    int64_t at = window->items[i].at;
    if (at >= start && at < start + window->span && !counted(window, i, start)) groups++;
  }
  return groups >= window->most;
}

// The fullest spans around `at` begin at it, or at an item before it.
bool md_window_fits(const md_window *window, int64_t at) {
  if ((int64_t)window->count < window->most) return true;
  if (full(window, at)) return false;
  for (size_t i = 0; i < window->count; i++) {
    int64_t start = window->items[i].at;
    if (start < at && start > at - window->span && full(window, start)) return false;
  }
  return true;
}

// Only when an item leaves the span does room appear.
int64_t md_window_next(const md_window *window, int64_t at) {
  if (md_window_fits(window, at)) return at;
  int64_t best = INT64_MAX;
  for (size_t i = 0; i < window->count; i++) {
    int64_t freed = window->items[i].at + window->span;
    if (freed > at && freed < best && md_window_fits(window, freed)) best = freed;
  }
  return best;
}
