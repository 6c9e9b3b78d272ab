// SPDX-License-Identifier: Apache-2.0
// What commands print: aligned tables for people, JSON objects one a line for programs. One thread.
#pragma once
#include "base/buffer.h"
#include "base/clock.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { MD_TABLE_COLUMNS = 12, MD_TIME_TEXT = 32 };

// Rows are kept until they are printed, so that columns align. What is longer than the screen is cut in the widest
// columns, or goes on on the next line; cells are escaped as base/shown.h says.
typedef struct md_table {
  const char *const *headers; // NULL-terminated
  int columns;
  unsigned whole; // bits of columns that are cut last
  unsigned wraps; // of those that are never cut
  char **cells;   // row by row
  int cell_count, cell_room;
  bool failed;
} md_table;

void md_table_init(md_table *table, const char *const *headers);
// Adds the next cell; a NULL text is an empty cell.
void md_table_cell(md_table *table, const char *text);
void md_table_number(md_table *table, int64_t number);
void md_table_time(md_table *table, md_micros at); // 0: empty
// Appends with headers (`empty` instead, when there is no row), at most `width` columns wide, and frees.
void md_table_write(md_table *table, md_buffer *out, int width, const char *empty);
// How many columns standard output has: the terminal's, COLUMNS where it does not tell, else 80. What is no terminal
// (a file, a pipe) has no end: INT_MAX.
int md_screen_width(void);
// md_table_write on standard output, as wide as it is.
void md_table_print(md_table *table, const char *empty);

// One JSON object on a line of standard output, fields in the order in which they are added.
typedef struct md_line {
  md_buffer text;
  bool any;
} md_line;

void md_line_begin(md_line *line);
void md_line_text(md_line *line, const char *name, const char *text); // NULL: null
void md_line_number(md_line *line, const char *name, int64_t number);
void md_line_bool(md_line *line, const char *name, bool yes);
void md_line_time(md_line *line, const char *name, md_micros at);        // 0: null
void md_line_raw(md_line *line, const char *name, const char *json);     // NULL: null
void md_line_json(md_line *line, const char *name, const json_t *value); // NULL: null
void md_line_end(md_line *line);                                         // prints and frees

// "2026-11-23 09:30:00" in UTC, for people; "" for 0. Answers `buf`.
const char *md_time_text(md_micros at, char buf[static MD_TIME_TEXT]);
// Prints what a buffer holds and frees it.
void md_print_buffer(md_buffer *text);
// Prints a text escaped as base/shown.h says; and one of several lines.
void md_print_escaped(const char *text);
void md_print_lines(const char *text);
// md_shown_printf on standard output, and on standard error.
void md_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void md_print_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
