// SPDX-License-Identifier: Apache-2.0
// A growable run of bytes that remembers a failed allocation. Any thread, one at a time.
#include "base/buffer.h"
#include "base/alloc.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

void md_buffer_init(md_buffer *buffer) {
  *buffer = (md_buffer){0};
}

void md_buffer_deinit(md_buffer *buffer) {
  md_free(buffer->data);
  md_buffer_init(buffer);
}

void md_buffer_clear(md_buffer *buffer) {
  buffer->len = 0;
  buffer->failed = false;
  if (buffer->data) buffer->data[0] = '\0';
}

bool md_buffer_ok(const md_buffer *buffer) {
  return !buffer->failed;
}

static bool grow(md_buffer *buffer, size_t needed) {
  size_t capacity = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;
  while (capacity < needed)
    capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
  char *data = md_realloc(buffer->data, capacity);
  if (!data) return false;
  buffer->data = data;
  buffer->capacity = capacity;
  return true;
}

char *md_buffer_reserve(md_buffer *buffer, size_t extra) {
  if (buffer->failed) return NULL;
  // One byte more than asked for: the NUL.
  if (extra >= SIZE_MAX - buffer->len) {
    buffer->failed = true;
    return NULL;
  }
  size_t needed = buffer->len + extra + 1;
  if (needed > buffer->capacity && !grow(buffer, needed)) {
    buffer->failed = true;
    return NULL;
  }
  return buffer->data + buffer->len;
}

void md_buffer_append(md_buffer *buffer, const void *bytes, size_t len) {
  char *to = md_buffer_reserve(buffer, len);
  if (!to) return;
  if (len) memcpy(to, bytes, len);
  to[len] = '\0';
  buffer->len += len;
}

void md_buffer_puts(md_buffer *buffer, const char *text) {
  md_buffer_append(buffer, text, strlen(text));
}

void md_buffer_putc(md_buffer *buffer, char byte) {
  md_buffer_append(buffer, &byte, 1);
}

void md_buffer_printf(md_buffer *buffer, const char *format, ...) {
  va_list args;
  va_start(args, format);
  md_buffer_vprintf(buffer, format, args);
  va_end(args);
}

void md_buffer_vprintf(md_buffer *buffer, const char *format, va_list args) {
  char *to = md_buffer_reserve(buffer, FIRST_CAPACITY);
  if (!to) return;
  size_t room = buffer->capacity - buffer->len;
  va_list again;
  va_copy(again, args);
  int written = vsnprintf(to, room, format, args);
  if (written >= 0 && (size_t)written >= room) {
    *to = '\0'; // what was cut is no content should the next step fail
    to = md_buffer_reserve(buffer, (size_t)written);
    if (to) written = vsnprintf(to, (size_t)written + 1, format, again);
  }
  va_end(again);
  if (!to) return;
  if (written < 0) {
    *to = '\0';
    buffer->failed = true;
    return;
  }
  buffer->len += (size_t)written;
}

char *md_buffer_take(md_buffer *buffer, size_t *len) {
  char *end = md_buffer_reserve(buffer, 0);
  if (!end) {
    md_buffer_deinit(buffer);
    if (len) *len = 0;
    return NULL;
  }
  *end = '\0';
  char *data = buffer->data;
  if (len) *len = buffer->len;
  md_buffer_init(buffer);
  return data;
}
