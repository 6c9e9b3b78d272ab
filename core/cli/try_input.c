// SPDX-License-Identifier: Apache-2.0
// Reads the files of `momentd try`.
#include "cli/try_input.h"
#include "base/file.h"
#include "cli/shop_calls.h"
#include "intake/event_decode.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *name_of(const char *file) {
  return strcmp(file, "-") == 0 ? "standard input" : file;
}

static int read_all(const char *file, md_buffer *text, md_error *err) {
  char block[16 * 1024];
  size_t got;
  if (strcmp(file, "-") != 0) return md_file_read(file, MD_BATCH_BODY_MAX, text, err);
  while ((got = fread(block, 1, sizeof block, stdin)) > 0) {
    md_buffer_append(text, block, got);
    if (text->len > MD_BATCH_BODY_MAX) return md_error_set(err, MD_ETOOBIG, "standard input is larger than 4 MiB");
  }
  if (ferror(stdin)) return md_error_set(err, MD_EIO, "standard input: %s", strerror(errno));
  return md_buffer_ok(text) ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
}

// Whether the first line is an object of its own: then each line is.
static bool is_lines(const char *text, size_t len) {
  const char *end = memchr(text, '\n', len);
  json_t *first = end ? md_json_parse(text, (size_t)(end - text), false, NULL) : NULL;
  return json_is_object(first);
}

static int parse_lines(const char *file, const char *text, size_t len, json_t *list, md_error *err) {
  int number = 1;
  for (const char *at = text, *end = text + len; at < end; number++) {
    md_error why = {0};
    const char *line = memchr(at, '\n', (size_t)(end - at));
    size_t size = (size_t)((line ? line : end) - at);
    json_t *value = strspn(at, " \t\r") >= size ? NULL : md_json_parse(at, size, false, &why);
    if (!value && why.code) return md_error_set(err, why.code, "%s:%d: %s", file, number, why.text);
    if (value) json_array_append_new(list, value);
    at = line ? line + 1 : end;
  }
  return 0;
}

static int parse(const char *file, const char *text, size_t len, json_t **list, md_error *err) {
  md_error why = {0};
  *list = json_array();
  if (!*list) return md_error_set(err, MD_ENOMEM, "out of memory");
  if (is_lines(text, len)) return parse_lines(file, text, len, *list, err);
  json_t *value = md_json_parse(text, len, false, &why);
  if (!value) return md_error_set(err, why.code, "%s: %s", file, why.text);
  if (json_is_array(value))
    *list = value;
  else
    json_array_append_new(*list, value);
  return 0;
}

static int read_objects(const char *file, json_t **list, md_error *err) {
  md_buffer text;
  md_buffer_init(&text);
  int code = read_all(file, &text, err);
  // The tree's texts are copies: the buffer may go.
  if (!code) code = parse(name_of(file), text.data ? text.data : "", text.len, list, err);
  md_buffer_deinit(&text);
  size_t i;
  const json_t *item;
  if (!code && json_array_size(*list) == 0) code = md_error_set(err, MD_EINVAL, "%s holds nothing", name_of(file));
  if (!code)
    json_array_foreach(*list, i, item) if (!json_is_object(item) && !code) code =
        md_error_set(err, MD_EINVAL, "%s: entry %zu is no JSON object", name_of(file), i + 1);
  return code;
}

static void add_default(json_t *event, const char *name, const char *value) {
  if (!json_object_get(event, name)) json_object_set_new(event, name, json_string(value));
}

static int decode(json_t *event, int number, md_arena *arena, md_event *out, md_error *err) {
  char id[24];
  md_buffer text;
  snprintf(id, sizeof id, "try-%d", number);
  add_default(event, "specversion", "1.0");
  add_default(event, "source", "/try");
  add_default(event, "id", id);
  md_buffer_init(&text);
  md_json_write(&text, event);
  int code = md_buffer_ok(&text) ? md_event_decode(arena, text.data, text.len, NULL, out, err)
                                 : md_error_set(err, MD_ENOMEM, "out of memory");
  md_buffer_deinit(&text);
  return code;
}

int md_try_events(const char *file, md_arena *arena, md_event **events, int *count, md_error *err) {
  json_t *list = NULL;
  int code = read_objects(file, &list, err);
  if (code) return code;
  *count = (int)json_array_size(list);
  *events = md_arena_alloc_zero(arena, (size_t)*count * sizeof **events);
  if (!*events) return md_error_set(err, MD_ENOMEM, "out of memory");
  for (int i = 0; i < *count; i++) {
    md_error why = {0};
    code = decode(json_array_get(list, (size_t)i), i + 1, arena, &(*events)[i], &why);
    if (code) return md_error_set(err, code, "%s: event %d: %s", name_of(file), i + 1, why.text);
  }
  return 0;
}

int md_try_answers(const char *file, md_shop *shop, md_error *err) {
  json_t *list = NULL;
  size_t i;
  json_t *item;
  int code = read_objects(file, &list, err);
  if (code) return code;
  // The newest that fits counts, so the file's first is added last.
  for (i = json_array_size(list); i-- > 0 && !code;) {
    md_error why = {0};
    item = json_array_get(list, i);
    const char *connection = md_json_text(item, "connection");
    if (!connection) return md_error_set(err, MD_EINVAL, "%s: answer %zu names no connection", name_of(file), i + 1);
    connection = md_arena_strdup(shop->arena, connection);
    json_object_del(item, "connection");
    code = connection ? md_shop_add_answer(shop, connection, item, &why) : MD_ENOMEM;
    if (code) md_error_set(err, code, "%s: answer %zu: %s", name_of(file), i + 1, why.text);
  }
  return code;
}
