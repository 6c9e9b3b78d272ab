// SPDX-License-Identifier: Apache-2.0
// Keeps what the checks of a script tree find. One thread.
#include "cli/inspection.h"
#include <stdarg.h>
#include <stdio.h>

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
