// SPDX-License-Identifier: Apache-2.0
// The canonical text of an event and its digest (T5). Pure.
#include "intake/event_seal.h"
#include "base/digest.h"
#include "base/timestamp.h"
#include <string.h>

// Appends canonical JSON of `value` and returns a copy of it in the arena; NULL for NULL.
static const char *canonical(md_buffer *text, const json_t *value, md_arena *arena) {
  if (!value) return NULL;
  size_t from = text->len;
  md_json_write(text, value);
  const char *copy = md_buffer_ok(text) ? md_arena_strndup(arena, text->data + from, text->len - from) : NULL;
  if (!copy) text->failed = true;
  return copy;
}

static void append_attribute(md_buffer *text, const char *value) {
  md_buffer_putc(text, ',');
  if (value)
    md_json_write_string(text, value, strlen(value));
  else
    md_buffer_puts(text, "null");
}

// The text that is digested: data, extensions, then the attributes in a fixed order. Each part is one JSON text, so
// that no two events have the same.
static void write_event(md_buffer *text, md_event *event, const json_t *extensions, md_arena *arena) {
  char time[32] = "";
  event->data_text = canonical(text, event->data, arena);
  md_buffer_putc(text, '\n');
  event->extensions = canonical(text, extensions, arena);
  if (event->flags & MD_EVENT_HAS_TIME) md_timestamp_format(event->time, time);
  md_buffer_puts(text, "\n[\"1.0\"");
  append_attribute(text, event->id);
  append_attribute(text, event->source);
  append_attribute(text, event->type);
  append_attribute(text, event->subject);
  append_attribute(text, *time ? time : NULL);
  md_buffer_putc(text, ']');
}

int md_event_seal(md_event *event, const json_t *extensions, md_arena *arena, md_error *err) {
  uint8_t digest[MD_SHA256_SIZE];
  md_buffer text;
  md_buffer_init(&text);
  md_buffer_reserve(&text, 1024);
  write_event(&text, event, extensions, arena);
  int code = 0;
  if (md_buffer_ok(&text) && event->source) {
    md_sha256(text.data, text.len, digest);
    memcpy(event->digest, digest, sizeof event->digest);
  } else {
    code = md_error_set(err, MD_ENOMEM, "out of memory while reading an event");
  }
  md_buffer_deinit(&text);
  return code;
}
