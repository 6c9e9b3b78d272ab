// SPDX-License-Identifier: Apache-2.0
// Counts groups within spans.
#include "message/window.h"
#include <stdlib.h>

static int by_time(const void *a, const void *b) {
  const md_window_item *x = a, *y = b;
  return (x->at > y->at) - (x->at < y->at);
}

static int by_group(const void *a, const void *b) {
  const md_window_item *x = a, *y = b;
  if (x->group != y->group) return x->group < y->group ? -1 : 1;
  return x->rank < y->rank ? -1 : 1;
}

static int by_rank(const void *a, const void *b) {
  const md_window_item *x = a, *y = b;
  return x->rank < y->rank ? -1 : 1;
}

void md_window_sort(md_window_item *items, size_t count) {
  if (count > 1) qsort(items, count, sizeof *items, by_time);
  for (size_t i = 0; i < count; i++)
    items[i].rank = i;
  if (count > 1) qsort(items, count, sizeof *items, by_group);
  for (size_t i = 0; i < count; i++) {
    bool first = i == 0 || items[i - 1].group != items[i].group;
    bool last = i + 1 == count || items[i + 1].group != items[i].group;
    items[i].after_previous = first ? 0 : items[i - 1].rank + 1;
    items[i].next = last ? SIZE_MAX : items[i + 1].rank;
  }
  if (count > 1) qsort(items, count, sizeof *items, by_rank);
}

// A span that slides over the items: those of [left, right) are in it.
typedef struct sliding {
  const md_window *window;
  size_t left, right;
  int64_t groups;
} sliding;

static void add(sliding *s) {
  s->groups += s->window->items[s->right++].after_previous <= s->left;
}

// The last of a group takes it along.
static void drop(sliding *s) {
  s->groups -= s->window->items[s->left++].next >= s->right;
}

// Whether the span that begins at `start`, which is no earlier than before, holds `most` groups already.
static bool is_full(sliding *s, int64_t start) {
  const md_window *window = s->window;
  while (s->left < s->right && window->items[s->left].at < start)
    drop(s);
  if (s->left == s->right)
    while (s->left < window->count && window->items[s->left].at < start)
      s->left = ++s->right;
  while (s->right < window->count && window->items[s->right].at < start + window->span)
    add(s);
  return s->groups >= window->most;
}

// The first item past `at`.
static size_t first_after(const md_window *window, int64_t at) {
  size_t low = 0, high = window->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (window->items[middle].at <= at)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

// The fullest spans around `at` begin at it, or at an item before it.
bool md_window_fits(const md_window *window, int64_t at) {
  if ((int64_t)window->count < window->most) return true;
  size_t first = first_after(window, at - window->span);
  sliding s = {.window = window, .left = first, .right = first};
  for (size_t i = first; i < window->count && window->items[i].at < at; i++)
    if (is_full(&s, window->items[i].at)) return false;
  return !is_full(&s, at);
}

// Only when an item leaves the span does room appear.
int64_t md_window_next(const md_window *window, int64_t at) {
  if (md_window_fits(window, at)) return at;
  for (size_t i = first_after(window, at - window->span); i < window->count; i++)
    if (md_window_fits(window, window->items[i].at + window->span)) return window->items[i].at + window->span;
  return INT64_MAX;
}
