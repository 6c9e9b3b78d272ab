// SPDX-License-Identifier: Apache-2.0
// Compares texts by lines.
#include "cli/describe_diff.h"
#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { CONTEXT = 2, CELLS_MAX = 4 * 1024 * 1024 };

typedef struct lines {
  const char **all;
  int count;
} lines;

static int split(const char *text, md_arena *arena, lines *out) {
  int count = 0;
  for (const char *at = text; *at; at++)
    count += *at == '\n';
  out->all = md_arena_alloc(arena, (size_t)(count + 2) * sizeof *out->all);
  if (!out->all) return MD_ENOMEM;
  out->count = 0;
  while (*text) {
    size_t len = strcspn(text, "\n");
    const char *line = md_arena_strndup(arena, text, len && text[len - 1] == '\r' ? len - 1 : len);
    if (!line) return MD_ENOMEM;
    out->all[out->count++] = line;
    text += len + (text[len] == '\n');
  }
  return 0;
}

typedef struct middle {
  lines was, is;
  int begin;           // lines at the start that are the same
  int was_end, is_end; // where those at the end begin
  md_diff *out;
} middle;

static void add(md_diff *out, char sign, const char *text) {
  out->lines[out->count++] = (md_diff_line){sign, text};
}

static bool same(const middle *m, int was, int is) {
  return strcmp(m->was.all[was], m->is.all[is]) == 0;
}

// The lengths of the longest common subsequences of all ends, row by row.
static void fill(const middle *m, uint16_t *cells, int width) {
  for (int i = m->was_end - 1; i >= m->begin; i--)
    for (int k = m->is_end - 1; k >= m->begin; k--) {
      uint16_t *at = &cells[(size_t)(i - m->begin) * (size_t)width + (size_t)(k - m->begin)];
      uint16_t down = at[width], right = at[1];
      *at = same(m, i, k) ? (uint16_t)(at[width + 1] + 1) : down > right ? down : right;
    }
}

static void walk(const middle *m, const uint16_t *cells, int width) {
  int i = m->begin, k = m->begin;
  while (i < m->was_end && k < m->is_end) {
    const uint16_t *at = &cells[(size_t)(i - m->begin) * (size_t)width + (size_t)(k - m->begin)];
    if (same(m, i, k)) {
      add(m->out, ' ', m->was.all[i]);
      i++;
      k++;
    } else if (at[width] >= at[1]) {
      add(m->out, '-', m->was.all[i++]);
    } else {
      add(m->out, '+', m->is.all[k++]);
    }
  }
  while (i < m->was_end)
    add(m->out, '-', m->was.all[i++]);
  while (k < m->is_end)
    add(m->out, '+', m->is.all[k++]);
}

static int compare_middle(const middle *m, md_arena *arena) {
  int height = m->was_end - m->begin + 1, width = m->is_end - m->begin + 1;
  bool whole = (int64_t)height * width > CELLS_MAX || height > UINT16_MAX || width > UINT16_MAX;
  if (!whole) {
    uint16_t *cells = md_arena_alloc_zero(arena, (size_t)height * (size_t)width * sizeof *cells);
    if (!cells) return MD_ENOMEM;
    fill(m, cells, width);
    walk(m, cells, width);
    return 0;
  }
  for (int i = m->begin; i < m->was_end; i++)
    add(m->out, '-', m->was.all[i]);
  for (int i = m->begin; i < m->is_end; i++)
    add(m->out, '+', m->is.all[i]);
  return 0;
}

// Whether a line that is the same stands near one that is not.
static bool near_change(const md_diff *diff, int at) {
  for (int i = at - CONTEXT; i <= at + CONTEXT; i++)
    if (i >= 0 && i < diff->count && diff->lines[i].sign != ' ') return true;
  return false;
}

// Keeps the context only. What is kept never stands before where it is written: in place.
static void leave_out(md_diff *diff, const bool *near) {
  int kept = 0;
  for (int i = 0; i < diff->count; i++) {
    if (near[i])
      diff->lines[kept++] = diff->lines[i];
    else if (kept == 0 || diff->lines[kept - 1].sign != '~')
      diff->lines[kept++] = (md_diff_line){'~', ""};
  }
  diff->count = kept;
}

int md_diff_lines(const char *was, const char *is, md_arena *arena, md_diff *out) {
  middle m = {.out = out};
  *out = (md_diff){0};
  if (split(was, arena, &m.was) || split(is, arena, &m.is)) return MD_ENOMEM;
  int total = m.was.count + m.is.count;
  out->lines = md_arena_alloc(arena, (size_t)(total + 1) * sizeof *out->lines);
  bool *near = md_arena_alloc_zero(arena, (size_t)(total + 1) * sizeof *near);
  if (!out->lines || !near) return MD_ENOMEM;
  while (m.begin < m.was.count && m.begin < m.is.count && same(&m, m.begin, m.begin))
    m.begin++;
  m.was_end = m.was.count;
  m.is_end = m.is.count;
  while (m.was_end > m.begin && m.is_end > m.begin && same(&m, m.was_end - 1, m.is_end - 1)) {
    m.was_end--;
    m.is_end--;
  }
  for (int i = 0; i < m.begin; i++)
    add(out, ' ', m.was.all[i]);
  if (compare_middle(&m, arena)) return MD_ENOMEM;
  for (int i = m.was_end; i < m.was.count; i++)
    add(out, ' ', m.was.all[i]);
  for (int i = 0; i < out->count; i++)
    near[i] = near_change(out, i);
  leave_out(out, near);
  return 0;
}
