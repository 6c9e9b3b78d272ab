// SPDX-License-Identifier: Apache-2.0
// A growable run of bytes. A failed allocation is remembered (`failed`), later appends do nothing: check once at the
// end with md_buffer_ok. `data` is always NUL-terminated one byte past `len` once something was appended. Any thread,
// one at a time.
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct md_buffer {
  char *data;
  size_t len;
  size_t capacity;
  bool failed;
} md_buffer;

void md_buffer_init(md_buffer *buffer);
void md_buffer_deinit(md_buffer *buffer);
void md_buffer_clear(md_buffer *buffer); // len = 0, memory kept, failed reset
bool md_buffer_ok(const md_buffer *buffer);
// Makes room for `extra` more bytes and a NUL and returns where they go, or NULL. The caller writes them, then raises
// `len`.
char *md_buffer_reserve(md_buffer *buffer, size_t extra);
void md_buffer_append(md_buffer *buffer, const void *bytes, size_t len);
void md_buffer_puts(md_buffer *buffer, const char *text);
void md_buffer_putc(md_buffer *buffer, char byte);
void md_buffer_printf(md_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void md_buffer_vprintf(md_buffer *buffer, const char *format, va_list args);
// Returns owned: the bytes (never NULL unless failed; free with md_free); the buffer is empty afterwards.
char *md_buffer_take(md_buffer *buffer, size_t *len);
