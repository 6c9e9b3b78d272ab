// SPDX-License-Identifier: Apache-2.0
// Finds the line of a plan's field in the text of events.lua. Pure.
#include "script/plan_read.h"
#include "script/words.h"
#include <string.h>

// Where the table of plan.define opens, or 0.
static int find_table(const md_words *words) {
  for (int i = 1; i < words->count; i++) {
    int next = i + 1 + md_words_is(words, i + 1, "(");
    if (md_words_is(words, i, "define") && md_words_is(words, i - 1, ".") && md_words_is(words, next, "{")) return next;
  }
  return 0;
}

// The bytes of `path` that the field's name takes: itself, and the dot behind it.
static size_t taken(const md_token *name, const char *path) {
  if (strncmp(path, name->text, name->len) != 0) return 0;
  return path[name->len] == '.' ? name->len + 1 : path[name->len] == '\0' ? name->len : 0;
}

// Event types and paths have dots of their own: the longest name that fits is the one. Goes on in its value.
static bool descend(const md_words *words, int *table, const char **path, int *line) {
  md_words_table fields = md_words_table_at(words, *table);
  size_t longest = 0;
  while (md_words_field(&fields)) {
    size_t len = taken(fields.name, *path);
    if (len <= longest) continue;
    longest = len;
    *line = fields.name->line;
    *table = fields.value;
  }
  *path += longest;
  return longest > 0;
}

int md_plan_line(const char *text, size_t len, const md_plan_field *where, md_arena *arena) {
  md_words words;
  if (md_words_read(text, len, arena, &words)) return 0;
  int table = find_table(&words), line = table ? md_words_at(&words, table)->line : 0;
  const char *path = where->text + (strncmp(where->text, "plan.define.", 12) == 0 ? 12 : 0);
  while (table && *path && descend(&words, &table, &path, &line))
    continue;
  return line;
}
