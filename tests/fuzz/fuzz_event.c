// SPDX-License-Identifier: Apache-2.0
// The decoder of CloudEvents: structured, batch and binary. The first byte chooses; in the binary mode lines "name:
// value" up to an empty one are headers, and the rest is the body.
#include "base/json.h"
#include "intake/event_decode.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADERS_MAX = 16 };

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  md_json_init();
  return 0;
}

static void require(int holds) {
  if (!holds) abort();
}

// What was canonical must be read again as the same event.
static void check(md_arena *arena, const md_event *event) {
  md_error err = {0};
  require(event->id && *event->id && event->source && *event->source && event->type && *event->type);
  require(!event->data == !event->data_text);
  if (!event->data_text) return;
  md_arena *before = md_json_scope(arena);
  json_t *again = md_json_parse(event->data_text, strlen(event->data_text), true, &err);
  md_buffer text;
  md_buffer_init(&text);
  require(again != NULL);
  md_json_write(&text, again);
  require(md_buffer_ok(&text) && text.len == strlen(event->data_text) &&
          memcmp(text.data, event->data_text, text.len) == 0);
  md_buffer_deinit(&text);
  md_json_scope(before);
}

static void check_code(int code, const md_error *err) {
  require(code == MD_EINVAL || code == MD_ESYNTAX);
  require(*err->text && err->code == code);
}

static void structured(md_arena *arena, const char *text, size_t len, const char *source) {
  md_event event;
  md_error err = {0};
  int code = md_event_decode(arena, text, len, source, &event, &err);
  if (code)
    check_code(code, &err);
  else
    check(arena, &event);
}

static void batch(md_arena *arena, const char *text, size_t len) {
  md_batch_item *items;
  size_t count = 0;
  md_error err = {0};
  int code = md_event_decode_batch(arena, text, len, NULL, &items, &count, &err);
  if (code) check_code(code, &err);
  for (size_t i = 0; i < count && !code; i++) {
    require(!items[i].event != !items[i].error);
    if (items[i].event) check(arena, items[i].event);
  }
}

static size_t read_headers(md_arena *arena, const char **text, size_t *len, md_event_header *headers,
                           const char **content_type) {
  size_t count = 0;
  while (*len > 0 && count < HEADERS_MAX) {
    const char *end = memchr(*text, '\n', *len);
    size_t line = end ? (size_t)(end - *text) : *len;
    char *copy = md_arena_strndup(arena, *text, line);
    *text += line + (end != NULL);
    *len -= line + (end != NULL);
    char *colon = strchr(copy, ':');
    if (!colon) break;
    *colon = '\0';
    headers[count++] = (md_event_header){copy, colon + 1, strlen(colon + 1)};
    if (strcmp(copy, "type") == 0) *content_type = colon + 1;
  }
  return count;
}

static void binary(md_arena *arena, const char *text, size_t len) {
  md_event_header headers[HEADERS_MAX];
  md_event event;
  md_error err = {0};
  const char *content_type = NULL;
  size_t count = read_headers(arena, &text, &len, headers, &content_type);
  int code = md_event_decode_binary(arena, headers, count, content_type, text, len, NULL, &event, &err);
  if (code)
    check_code(code, &err);
  else
    check(arena, &event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  const char *text = (const char *)data + 1;
  md_arena *arena = md_arena_new(0);
  if (data[0] % 4 == 0)
    structured(arena, text, size - 1, NULL);
  else if (data[0] % 4 == 1)
    batch(arena, text, size - 1);
  else if (data[0] % 4 == 2)
    binary(arena, text, size - 1);
  else
    structured(arena, text, size - 1, "/forced");
  md_arena_free(arena);
  return 0;
}
