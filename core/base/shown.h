// SPDX-License-Identifier: Apache-2.0
// Text that a stranger may have written, made safe to show: on a terminal, in a line of a log, in an error. What could
// move the cursor, begin a new line, turn the direction of writing or hide is written as an escape, everything else
// stays as it is. Every writer of tables, timelines, log lines and error lines goes through here. Pure; any
// thread.
#pragma once
#include "base/buffer.h"
#include <stdarg.h>
#include <stdint.h>

// The code point of the next character of `text` (len > 0) and its length; -1 and 1 for a byte that is no UTF-8.
int32_t md_shown_next(const char *text, size_t len, size_t *step);
// Whether a character is escaped: controls (C0, DEL, C1), the separators of lines and paragraphs (U+2028, U+2029), and
// what is not seen but acts (Unicode's category Cf: marks, embeddings, overrides and isolates of direction, zero-width
// characters, tags), but for the signs of it that have a shape of their own.
bool md_shown_escapes(int32_t code_point);
// Appends `text` with \xNN for a byte or a control, \uNNNN or \UNNNNNNNN for the others.
void md_shown_append(md_buffer *out, const char *text, size_t len);
// The same, but that tabs and the ends of lines stay (CRLF as LF): a text of several lines, shown as one block.
void md_shown_append_lines(md_buffer *out, const char *text, size_t len);
// JSON text, which stays the same JSON: what is escaped elsewhere is written in JSON's own way.
void md_shown_append_json(md_buffer *out, const char *json, size_t len);
// printf, in which the format is trusted and what %s stands for is not. No conversions but s, c, d, u, x, f, g and
// their sizes (l, ll, j, z); a precision of %s counts bytes of the argument, a width bytes of what is shown.
void md_shown_printf(md_buffer *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void md_shown_vprintf(md_buffer *out, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
