// SPDX-License-Identifier: Apache-2.0
// Tables and JSON lines on standard output.
#include "cli/output.h"
#include "base/alloc.h"
#include "base/json.h"
#include "base/shown.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { GAP = 2, NARROWEST = 8, TERMINAL_WIDTH = 80 };

void md_table_init(md_table *table, const char *const *headers) {
  *table = (md_table){.headers = headers};
  while (headers[table->columns])
    table->columns++;
}

static char *escaped(const char *text) {
  md_buffer out;
  md_buffer_init(&out);
  md_shown_append(&out, text, strlen(text));
  return md_buffer_take(&out, NULL);
}

void md_table_cell(md_table *table, const char *text) {
  if (table->cell_count == table->cell_room) {
    int room = table->cell_room ? table->cell_room * 2 : 64;
    char **cells = md_realloc(table->cells, (size_t)room * sizeof *cells);
    if (!cells) {
      table->failed = true;
      return;
    }
    table->cells = cells;
    table->cell_room = room;
  }
  char *cell = escaped(text ? text : "");
  if (!cell) table->failed = true;
  table->cells[table->cell_count++] = cell;
}

void md_table_number(md_table *table, int64_t number) {
  char text[24];
  snprintf(text, sizeof text, "%" PRId64, number);
  md_table_cell(table, text);
}

void md_table_time(md_table *table, md_micros at) {
  char text[MD_TIME_TEXT];
  md_table_cell(table, md_time_text(at, text));
}

int md_screen_width(void) {
  struct winsize size;
  if (!isatty(STDOUT_FILENO)) return INT_MAX;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char *columns = getenv("COLUMNS");
  long width = columns ? strtol(columns, NULL, 10) : 0;
  return width > 0 && width < INT_MAX ? (int)width : TERMINAL_WIDTH;
}

static int width_of(const char *text) {
  return text ? (int)md_utf8_length(text, strlen(text)) : 0;
}

static void measure(const md_table *table, int widths[static MD_TABLE_COLUMNS]) {
  for (int c = 0; c < table->columns; c++)
    widths[c] = width_of(table->headers[c]);
  for (int i = 0; i < table->cell_count; i++) {
    int width = width_of(table->cells[i]);
    if (width > widths[i % table->columns]) widths[i % table->columns] = width;
  }
}

// The widest column that may be cut, or -1.
static int widest_of(int columns, const int widths[static MD_TABLE_COLUMNS], unsigned whole) {
  int widest = -1;
  for (int c = 0; c < columns; c++)
    if (!(whole >> c & 1) && widths[c] > NARROWEST && (widest < 0 || widths[c] >= widths[widest])) widest = c;
  return widest;
}

// Takes from the widest columns until all fit.
static void fit(const md_table *table, int widths[static MD_TABLE_COLUMNS], int screen) {
  int total = GAP * (table->columns - 1);
  for (int c = 0; c < table->columns; c++)
    total += widths[c];
  for (; total > screen; total--) {
    int widest = widest_of(table->columns, widths, table->whole);
    if (widest < 0) widest = widest_of(table->columns, widths, 0);
    if (widest < 0) return;
    widths[widest]--;
  }
}

static const char *after(const char *text, int characters) {
  for (; characters > 0 && *text; characters--) {
    text++;
    while (((unsigned char)*text & 0xC0) == 0x80)
      text++;
  }
  return text;
}

// Where a line of at most `width` characters ends: at its last blank, or within a word that is longer than a line.
static const char *line_end(const char *text, int width) {
  const char *end = after(text, width);
  if (!*end) return end;
  for (const char *at = end; at > text; at--)
    if (*at == ' ') return at;
  return end;
}

// Writes at most `width` characters, then blanks up to there unless it is the last; answers what is for the next line.
static const char *write_cell(md_buffer *out, const char *text, int width, bool wraps, bool last) {
  bool whole = width_of(text) <= width;
  const char *end = wraps ? line_end(text, width) : after(text, whole ? width : width - 1);
  md_buffer_append(out, text, (size_t)(end - text));
  int shown = (int)md_utf8_length(text, (size_t)(end - text));
  if (!whole && !wraps) md_buffer_puts(out, "…"), shown = width;
  if (!last) md_buffer_printf(out, "%*s", width - shown + GAP, "");
  if (!wraps) return "";
  while (*end == ' ')
    end++;
  return end;
}

static void write_line(md_buffer *out, const md_table *table, const char **rest, const int *widths) {
  int last = MD_TABLE_COLUMNS - 1; // what is past the table's columns is empty
  while (last > 0 && !rest[last][0])
    last--;
  for (int c = 0; c <= last; c++)
    rest[c] = write_cell(out, rest[c], widths[c], table->wraps >> c & 1, c == last);
  md_buffer_putc(out, '\n');
}

static bool any_left(const md_table *table, const char *const *rest) {
  for (int c = 0; c < table->columns; c++)
    if (rest[c][0]) return true;
  return false;
}

static void write_row(md_buffer *out, const md_table *table, const char *const *cells, const int *widths) {
  const char *rest[MD_TABLE_COLUMNS];
  for (int c = 0; c < MD_TABLE_COLUMNS; c++)
    rest[c] = c < table->columns && cells[c] ? cells[c] : "";
  do
    write_line(out, table, rest, widths);
  while (any_left(table, rest));
}

static void free_cells(md_table *table) {
  for (int i = 0; i < table->cell_count; i++)
    md_free(table->cells[i]);
  md_free(table->cells);
  table->cells = NULL;
  table->cell_count = table->cell_room = 0;
}

void md_table_write(md_table *table, md_buffer *out, int width, const char *empty) {
  int widths[MD_TABLE_COLUMNS] = {0};
  if (table->failed) out->failed = true;
  if (table->cell_count == 0) {
    md_buffer_printf(out, "%s\n", empty);
  } else if (!table->failed) {
    measure(table, widths);
    fit(table, widths, width);
    write_row(out, table, table->headers, widths);
    for (int i = 0; i + table->columns <= table->cell_count; i += table->columns)
      write_row(out, table, (const char *const *)table->cells + i, widths);
  }
  free_cells(table);
}

void md_table_print(md_table *table, const char *empty) {
  md_buffer text;
  md_buffer_init(&text);
  md_table_write(table, &text, md_screen_width(), empty);
  md_print_buffer(&text);
}

void md_print_buffer(md_buffer *text) {
  if (md_buffer_ok(text))
    fwrite(text->data ? text->data : "", 1, text->len, stdout);
  else
    fputs("momentd: out of memory\n", stderr);
  md_buffer_deinit(text);
}

void md_line_begin(md_line *line) {
  md_buffer_init(&line->text);
  md_buffer_putc(&line->text, '{');
  line->any = false;
}

static void name_field(md_line *line, const char *name) {
  md_buffer_puts(&line->text, line->any ? ",\"" : "\"");
  md_buffer_puts(&line->text, name);
  md_buffer_puts(&line->text, "\":");
  line->any = true;
}

void md_line_text(md_line *line, const char *name, const char *text) {
  name_field(line, name);
  if (text)
    md_json_write_string(&line->text, text, strlen(text));
  else
    md_buffer_puts(&line->text, "null");
}

void md_line_number(md_line *line, const char *name, int64_t number) {
  name_field(line, name);
  md_buffer_printf(&line->text, "%" PRId64, number);
}

void md_line_bool(md_line *line, const char *name, bool yes) {
  md_line_raw(line, name, yes ? "true" : "false");
}

void md_line_time(md_line *line, const char *name, md_micros at) {
  char text[32];
  if (at) md_timestamp_format(at, text);
  md_line_text(line, name, at ? text : NULL);
}

void md_line_raw(md_line *line, const char *name, const char *json) {
  name_field(line, name);
  md_buffer_puts(&line->text, json ? json : "null");
}

void md_line_json(md_line *line, const char *name, const json_t *value) {
  name_field(line, name);
  if (value)
    md_json_write(&line->text, value);
  else
    md_buffer_puts(&line->text, "null");
}

void md_line_end(md_line *line) {
  md_buffer shown;
  md_buffer_init(&shown);
  md_buffer_puts(&line->text, "}\n");
  if (md_buffer_ok(&line->text))
    md_shown_append_json(&shown, line->text.data, line->text.len);
  else
    shown.failed = true;
  md_buffer_deinit(&line->text);
  md_print_buffer(&shown);
}

const char *md_time_text(md_micros at, char buf[static MD_TIME_TEXT]) {
  buf[0] = '\0';
  if (!at) return buf;
  md_timestamp_format(at - ((at % MD_SECOND) + MD_SECOND) % MD_SECOND, buf);
  size_t len = strlen(buf);
  buf[10] = ' ';
  buf[len - 1] = '\0';
  return buf;
}

void md_print_escaped(const char *text) {
  char *safe = escaped(text ? text : "");
  fputs(safe ? safe : "", stdout);
  md_free(safe);
}

void md_print_lines(const char *text) {
  md_buffer shown;
  md_buffer_init(&shown);
  md_shown_append_lines(&shown, text, strlen(text));
  md_print_buffer(&shown);
}

static void print_on(FILE *stream, const char *format, va_list args) {
  md_buffer text;
  md_buffer_init(&text);
  md_shown_vprintf(&text, format, args);
  fputs(md_buffer_ok(&text) && text.data ? text.data : "momentd: out of memory\n", stream);
  md_buffer_deinit(&text);
}

void md_print(const char *format, ...) {
  va_list args;
  va_start(args, format);
  print_on(stdout, format, args);
  va_end(args);
}

void md_print_error(const char *format, ...) {
  va_list args;
  va_start(args, format);
  print_on(stderr, format, args);
  va_end(args);
}
