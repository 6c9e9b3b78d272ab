// SPDX-License-Identifier: Apache-2.0
// Keeps what the checks of a script tree find. One thread.
#include "cli/inspection.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void md_inspect_found(md_inspection *at, const char *file, int line, const char *format, ...) {
  char text[600];
  va_list args;
  va_start(args, format);
  int len = file ? snprintf(text, sizeof text, "%s:%d: ", file, line) : 0;
  vsnprintf(text + len, sizeof text - (size_t)len, format, args);
  va_end(args);
  md_problems_add(&at->problems, at->moment, text);
}

int md_inspect_line_of(const md_source_file *file, const char *name) {
  return file ? md_lint_line_of(file->data, file->len, name) : 1;
}

void md_inspect_stray(md_inspection *at, const char *path) {
  const char *folder = md_tree_folder(path, at->arena);
  if (!folder || !folder[0] || strcmp(folder, "shared") == 0 || strcmp(folder, "experiments") == 0) return;
  const char *main = md_arena_printf(at->arena, "%s/moment.lua", folder);
  if (!main || md_source_find(&at->tree.source, main)) return;
  at->moment = folder;
  for (int i = 0; i < at->problems.count; i++)
    if (strcmp(at->problems.items[i].moment, folder) == 0) return;
  md_inspect_found(at, NULL, 0, "the folder %s has no moment.lua", folder);
}
